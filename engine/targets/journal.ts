/**
 * The journal of a volume whose content is being replaced: `<root>/.restore-<archive>.json`, there from the moment
 * when the new content is whole until nothing of the old is left. Whoever finds one goes on from where it stands:
 *
 *   out      the old entries are moved into `.outgoing-<archive>/`; the new content is whole in `.incoming-<archive>/`
 *   in       all the old ones are there; the new entries are moved up from `.incoming-<archive>/<source>/`
 *   done     the new content is whole and in its place; the rest is only to be removed
 *   wiping   (wiping first) the old content is being removed or the new one written: what is there is incomplete
 *
 * A journal may be written by whoever writes to the volume, so nothing in it is a path.
 */
import { isArchiveId } from '../../protocol/names';
import { toBackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import type { VolumeFiles } from './volume-files';

export type Phase = 'out' | 'in' | 'done' | 'wiping';

export interface Journal {
	readonly version: 1;
	readonly archive: string;
	/** Name of the volume in the archive. */
	readonly source: string;
	readonly phase: Phase;
	/** When the restore began, ms since 1970: of several journals the newest is finished first. */
	readonly startedAt: number;
	/** When the volume's root was modified, in ns: by the archive, and before the restore. */
	readonly modified: string;
	readonly previouslyModified: string;
}

/** The names that a restore of this archive takes in a volume's root. */
export interface Names {
	readonly incoming: Buffer;
	readonly outgoing: Buffer;
	readonly journal: Buffer;
	/** The journal while it is written. */
	readonly draft: Buffer;
}

export function namesOf(root: string, archive: string): Names {
	const at = (name: string) => Buffer.from(`${root}/${name}`);
	return {
		incoming: at(`.incoming-${archive}`),
		outgoing: at(`.outgoing-${archive}`),
		journal: at(`.restore-${archive}.json`),
		draft: at(`.restore-${archive}.json.new`),
	};
}

export async function writeJournal(files: VolumeFiles, root: string, journal: Journal): Promise<void> {
	const names = namesOf(root, journal.archive);
	await files.remove(names.draft);
	await files.write(names.draft, Buffer.from(`${JSON.stringify(journal)}\n`));
	await files.rename(names.draft, names.journal);
	await files.settle(Buffer.from(root));
}

export interface Leftovers {
	/** Newest first. */
	readonly journals: readonly Journal[];
	/** Paths of extractions that never became whole, and of journals that were never written to their end. */
	readonly unfinished: readonly Buffer[];
}

/** What earlier restores left in a volume's root. */
export async function findLeftovers(files: VolumeFiles, root: string): Promise<Leftovers> {
	const journals: Journal[] = [];
	const unfinished: Buffer[] = [];
	const found = new Set(
		((await files.names(Buffer.from(root))) ?? []).map((name) => name.toString('latin1')),
	);
	for (const name of found) {
		const archive = /^\.restore-(.+)\.json$/.exec(name)?.[1];
		if (archive === undefined || !isArchiveId(archive)) continue;
		const journal = parseJournal(await files.read(Buffer.from(`${root}/${name}`)));
		if (journal?.archive === archive) journals.push(journal);
	}
	const begun = new Set(journals.filter(({ phase }) => phase !== 'wiping').map(({ archive }) => archive));
	for (const name of found) {
		const archive = /^\.incoming-(.+)$/.exec(name)?.[1] ?? /^\.restore-(.+)\.json\.new$/.exec(name)?.[1];
		if (archive === undefined || !isArchiveId(archive) || begun.has(archive)) continue;
		unfinished.push(Buffer.from(`${root}/${name}`));
	}
	return { journals: journals.sort((a, b) => b.startedAt - a.startedAt), unfinished };
}

const reader = new Reader('target_failed', 'journal');
const volumeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const time = /^-?\d{1,20}$/;

/** Undefined for what is not one: then it is the volume's own. */
function parseJournal(bytes: Buffer | null): Journal | undefined {
	if (bytes === null) return undefined;
	try {
		const f = reader.fields(reader.json(bytes.toString()));
		if (f['version'] !== 1) return undefined;
		return {
			version: 1,
			archive: reader.string(f, 'archive'),
			source: reader.string(f, 'source', volumeName),
			phase: reader.oneOf(f, 'phase', ['out', 'in', 'done', 'wiping']),
			startedAt: reader.integer(f, 'startedAt'),
			modified: reader.string(f, 'modified', time),
			previouslyModified: reader.string(f, 'previouslyModified', time),
		};
	} catch (error) {
		if (toBackupError(error).code === 'target_failed') return undefined;
		throw error;
	}
}
