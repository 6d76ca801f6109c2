/**
 * Over the content of a volume, which is replaced by renames once the new content is whole: extraction goes into
 * `<root>/.incoming-<archive>/`, and what happens then is written into a journal first (journal.ts). A death at any
 * point leaves the old or the new content whole somewhere in the volume, and `finishSwap` goes on from there; a
 * failure of a rename is undone.
 *
 * `lost+found` belongs to the file system: it stays, unless it is empty and the archive has one.
 */
import { BackupError, joinErrors } from '../../protocol/errors';
import { makeAnew, unusable } from './directories';
import { namesOf, writeJournal, type Journal, type Names } from './journal';
import type { Target, TargetStrategy } from './target';
import type { VolumeFiles } from './volume-files';

export interface Replacement {
	readonly files: VolumeFiles;
	/** Name of the archive. */
	readonly archive: string;
	/** ms since 1970. */
	readonly now: () => number;
	/** What is wrong, but fails nothing. */
	readonly onWarning: (message: string) => void;
}

export function swapTarget({ source, path: root }: Target, replacement: Replacement): TargetStrategy {
	const { files, archive, now, onWarning } = replacement;
	const names = namesOf(root, archive);
	const incoming = names.incoming.toString();
	const at = Buffer.from(root);
	let before: { readonly startedAt: number; readonly modified: bigint } | undefined;
	let whole = false;
	return {
		onePlace: true,
		check: async () => void (await files.names(at)),
		async prepare() {
			before = { startedAt: now(), modified: await files.modified(at) };
			await makeAnew(incoming);
		},
		placeOf: () => ({ directory: incoming, stripComponents: 1 }),
		async finish() {
			const extracted = Buffer.from(`${incoming}/${source}`);
			const own = ownNames(names);
			if ((await files.names(extracted))?.some((name) => own.some((taken) => taken.equals(name))))
				throw takesOwnName(archive);
			await files.settleAll(names.incoming);
			const journal: Journal = {
				version: 1,
				archive,
				source,
				phase: 'out',
				startedAt: before?.startedAt ?? now(),
				modified: String(await files.modified(extracted)),
				previouslyModified: String(before?.modified ?? (await files.modified(at))),
			};
			await writeJournal(files, root, journal);
			whole = true;
			await finishSwap(files, root, journal, onWarning);
		},
		async abandon() {
			// Once there is a journal, it says what is to be done. One that may have been written goes first: without
			// what it promises it would move the old content out for nothing.
			if (whole || before === undefined) return;
			for (const path of [names.journal, names.draft, names.incoming]) await files.remove(path);
			await files.setModified(at, before.modified);
		},
	};
}

/**
 * From where the journal stands to the end. When an entry can't be moved, all are moved back, and the target is as
 * it was. What can't be removed afterwards stays, with the journal, and is told.
 */
export async function finishSwap(
	files: VolumeFiles,
	root: string,
	journal: Journal,
	onWarning: (message: string) => void,
): Promise<void> {
	const names = namesOf(root, journal.archive);
	let { phase } = journal;
	const enter = async (next: Journal['phase']) => {
		await writeJournal(files, root, { ...journal, phase: next });
		phase = next;
	};
	try {
		if (phase !== 'done') await requireExtracted(files, names, journal);
		if (phase === 'out') {
			await moveOut(files, root, names, journal);
			await enter('in');
		}
		if (phase === 'in') {
			await moveIn(files, root, names, journal);
			await enter('done');
		}
	} catch (cause) {
		throw await undone(failureAt(root, cause), undo(files, root, names, { ...journal, phase }));
	}
	try {
		await files.remove(names.outgoing);
		await files.remove(names.incoming);
		await files.remove(names.journal);
		await files.settle(Buffer.from(root));
		await files.setModified(Buffer.from(root), BigInt(journal.modified));
	} catch (cause) {
		onWarning(`the previous content could not be removed wholly: ${failureAt(root, cause).message}`);
	}
}

/** Somebody took it away, or the journal is none of ours: there is nothing to put in the place of the old content. */
async function requireExtracted(files: VolumeFiles, names: Names, journal: Journal): Promise<void> {
	if ((await files.names(extractedOf(names, journal))) !== undefined) return;
	throw new BackupError('target_failed', `the new content of ${journal.source} is gone from the volume`, {
		hint: 'The old content was put back; restore again.',
	});
}

const failureAt = (path: string, cause: unknown): BackupError =>
	cause instanceof BackupError ? cause : unusable(path, cause);

async function moveOut(files: VolumeFiles, root: string, names: Names, journal: Journal): Promise<void> {
	const from = Buffer.from(root);
	await files.makeFolder(names.outgoing);
	for (const name of await entriesOf(files, root, names)) {
		await moveAway(files, below(from, name), below(names.outgoing, name));
	}
	// Should it be undone, the root's own attributes are here.
	await files.copyAttributes(from, names.outgoing, BigInt(journal.previouslyModified));
	await files.settle(names.outgoing);
	await files.settle(from);
}

async function moveIn(files: VolumeFiles, root: string, names: Names, journal: Journal): Promise<void> {
	const to = Buffer.from(root);
	const from = extractedOf(names, journal);
	for (const name of (await files.names(from)) ?? [])
		await replace(files, below(from, name), below(to, name));
	await files.copyAttributes(from, to, BigInt(journal.modified));
	await files.settle(to);
}

/** What has the name of an old entry that was moved already was put there since a restore was interrupted. */
async function moveAway(files: VolumeFiles, from: Buffer, to: Buffer): Promise<void> {
	try {
		await files.rename(from, to);
	} catch (error) {
		if (!inTheWay(error)) throw error;
		await files.remove(from);
	}
}

/** What was put in the way since a restore was interrupted is not what the volume is to hold. */
async function replace(files: VolumeFiles, from: Buffer, to: Buffer): Promise<void> {
	try {
		await files.rename(from, to);
	} catch (error) {
		if (!inTheWay(error)) throw error;
		if (to.subarray(to.lastIndexOf(0x2f) + 1).equals(fileSystemsOwn)) return;
		await files.remove(to);
		await files.rename(from, to);
	}
}

const inTheWay = (error: unknown): boolean =>
	['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Back through the states that a restore goes forward through, so that a death here is finished forward. */
async function undo(files: VolumeFiles, root: string, names: Names, journal: Journal): Promise<void> {
	const at = Buffer.from(root);
	if (journal.phase === 'in') {
		const extracted = extractedOf(names, journal);
		await files.makeFolder(names.incoming);
		await files.makeFolder(extracted);
		for (const name of await entriesOf(files, root, names))
			await files.rename(below(at, name), below(extracted, name));
		await files.settle(extracted);
		await writeJournal(files, root, { ...journal, phase: 'out' });
		await files.copyAttributes(names.outgoing, at, BigInt(journal.previouslyModified));
	}
	for (const name of (await files.names(names.outgoing)) ?? [])
		await replace(files, below(names.outgoing, name), below(at, name));
	await files.settle(at);
	await files.remove(names.outgoing);
	await files.remove(names.journal);
	await files.remove(names.incoming);
	await files.setModified(at, BigInt(journal.previouslyModified));
}

async function undone(failure: unknown, work: Promise<void>): Promise<unknown> {
	try {
		await work;
		return failure;
	} catch (error) {
		return joinErrors(failure, error);
	}
}

const extractedOf = (names: Names, { source }: Journal): Buffer =>
	Buffer.from(`${names.incoming.toString()}/${source}`);

const fileSystemsOwn = Buffer.from('lost+found');

/** What a volume's root holds, but for what a restore put there. */
export async function entriesOf(files: VolumeFiles, root: string, names: Names): Promise<Buffer[]> {
	const taken = ownNames(names);
	const all = (await files.names(Buffer.from(root))) ?? [];
	return all.filter((name) => !name.equals(fileSystemsOwn) && !taken.some((other) => other.equals(name)));
}

const ownNames = (names: Names): Buffer[] =>
	Object.values<Buffer>({ ...names }).map((path) => path.subarray(path.lastIndexOf(0x2f) + 1));

/** No backup can hold them by itself: its own id was not known yet when its volume was read. */
export function takesOwnName(archive: string): BackupError {
	return new BackupError(
		'archive_malformed',
		`the archive ${archive} holds a name that a restore of it takes for itself`,
		{ hint: 'It was made to be harmful, or renamed: look at it in a new volume.' },
	);
}

export const below = (directory: Buffer, name: Buffer): Buffer =>
	Buffer.concat([directory, Buffer.from('/'), name]);
