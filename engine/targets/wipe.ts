/**
 * Over the content of a volume that has no room for both: the old content is removed first, then the new one is
 * extracted in its place. Only for archives that were found whole a moment ago. From the first removal to the end a
 * journal says that what is there is incomplete; whoever restores next starts over.
 */
import { dirname } from 'node:path/posix';
import { namesOf, writeJournal } from './journal';
import { below, entriesOf, type Replacement } from './swap';
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
