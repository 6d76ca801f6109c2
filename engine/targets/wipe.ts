/**
 * Over the content of a volume that has no room for both: the old content is removed first, then the new one is
 * extracted in its place. Only for archives that were found whole and harmless a moment ago. From the first removal to the end a
 * journal says that what is there is incomplete; whoever restores next starts over.
 */
import { dirname } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import { entryLinkTarget, entryPath } from '../format/index-entry';
import type { Index } from '../format/index-reader';
import { guardEntries } from './entry-guard';
import { namesOf, writeJournal } from './journal';
import { below, entriesOf, takesOwnName, type Replacement } from './swap';
import type { Target, TargetStrategy } from './target';

export function wipedTarget({ source, path: root }: Target, replacement: Replacement): TargetStrategy {
	const { files, archive, now } = replacement;
	const at = Buffer.from(root);
	const names = namesOf(root, archive);
	return {
		onePlace: true,
		check: async () => void (await files.names(at)),
		async prepare() {
			const modified = String(await files.modified(at));
			await writeJournal(files, root, {
				version: 1,
				archive,
				source,
				phase: 'wiping',
				startedAt: now(),
				modified,
				previouslyModified: modified,
			});
			for (const name of await entriesOf(files, root, names)) await files.remove(below(at, name));
			await files.settle(at);
		},
		placeOf: () => ({ directory: dirname(dirname(root)), stripComponents: 0 }),
		async finish() {
			const modified = await files.modified(at);
			await files.settleAll(at);
			await files.remove(names.journal);
			await files.settle(at);
			await files.setModified(at, modified);
		},
		// There is nothing to go back to: the journal stays.
		abandon: async () => undefined,
	};
}

/**
 * Nothing that an extraction would refuse, which comes too late once the old content is gone; told by the index of an
 * archive that was found to hold just what its index says. Throws `archive_malformed`.
 */
export async function requireHarmless(
	index: Pick<Index, 'entriesUnder'>,
	volumes: readonly string[],
	archive: string,
	signal: AbortSignal,
): Promise<void> {
	const guard = guardEntries(volumes);
	const own = volumes.flatMap((volume) =>
		Object.values<Buffer>({ ...namesOf(`volumes/${volume}`, archive) }),
	);
	const links = new Map<string, Buffer>();
	for await (const entry of index.entriesUnder('', signal)) {
		guard.check(entry);
		if (own.some((path) => path.equals(entryPath(entry)))) throw takesOwnName(archive);
		const target = entry.type === 'hardlink' ? entryLinkTarget(entry) : undefined;
		if (target) links.set(target.toString('latin1'), entryPath(entry));
	}
	if (links.size === 0) return;
	// That there is something behind a link tar finds out itself, when it comes to it.
	for await (const entry of index.entriesUnder('', signal)) {
		if (entry.type !== 'directory') links.delete(entryPath(entry).toString('latin1'));
	}
	for (const [target, link] of links) {
		const [from, to] = [link, Buffer.from(target, 'latin1')].map((path) => JSON.stringify(path.toString()));
		throw new BackupError(
			'archive_malformed',
			`the hard link ${from} leads to ${to}, which is no file of it`,
		);
	}
}
