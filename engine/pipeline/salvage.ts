/**
 * Restores what a damaged archive still gives: entries that lie wholly in good segments and frames, and whose content
 * has the hash that the index says. Everything is read and checked before anything is written, so the bytes are read
 * twice; nothing unauthenticated is ever used.
 *
 * Without a readable index entries are found in the tar itself, up to the first damage; without a readable seek table
 * frames are, up to the first damage.
 * Throws what no part of the archive can be read without (a missing file, a damaged header, a wrong key), and
 * `archive_tampered` when nothing can be saved.
 */
import { BackupError, errorCodes, toBackupError } from '../../protocol/errors';
import type { RestoreJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { decompressEach } from '../format/frames';
import { readSeekTable } from '../format/frame-reader';
import { entryLinkTarget, entryPath, type IndexEntry } from '../format/index-entry';
import { createIndexWriter } from '../format/index-file';
import { openIndex, type Index } from '../format/index-reader';
import { createSeekTable, type SeekTable } from '../format/seek-table';
import { createTarScanner } from '../format/tar-scanner';
import { openContent, readBytes, type ArchiveContent } from './archive-content';
import type { Archive } from './archive-parts';
import { checkRun } from './checked-run';
import { parseGlob } from './globs';
import { openRanged, type RangedFile } from './ranged-content';
import { selectEntries, type Entries, type SelectedEntry } from './select-entries';

export interface Lost {
	readonly path: string;
	readonly reason: string;
}

export interface Salvage {
	readonly index: Entries;
	readonly content: ArchiveContent;
	/** The chosen entries that can be saved. */
	entries(): AsyncIterable<SelectedEntry>;
	/** How many can't, and the first of them. */
	readonly lostEntries: number;
	readonly lost: readonly Lost[];
}

const mostLostTold = 10_000;

export async function examineDamage(
	job: RestoreJob,
	{ record, key }: Archive,
	{ storage, conversation }: Engine,
): Promise<Salvage> {
	const { signal } = conversation;
	const archiveKey = key === null ? null : Buffer.from(key, 'base64');
	const file = await openRanged(storage, record, 'archive', archiveKey, signal, true);
	const content = await openContent(
		file,
		record,
		await findFrames(file, record.compression.algorithm === 'zstd'),
	);
	const losses = gatherLosses();
	const index = await readableIndex(async () => {
		const { readAt, size } = await openRanged(storage, record, 'index', archiveKey, signal);
		return await openIndex(readAt, size);
	}, signal);
	if ('error' in index) {
		conversation.say({
			event: 'warning',
			code: index.error.code,
			message: `the index of ${record.id} can't be read (${index.error.message}): the archive is searched instead`,
			path: null,
		});
	}
	const entries = 'error' in index ? await searchEntries(content, losses, signal) : index;
	const selection = {
		volumes: job.targets.map(({ source }) => source),
		globs: job.paths.map(parseGlob),
	};
	const select = () => selectEntries(entries, selection, signal);
	const bad = new Set<number>();
	const badPaths = new Set<string>();
	let good = 0;
	for await (const selected of select()) {
		const reason = (await damageOf(content, selected)) ?? brokenLink(selected, badPaths);
		if (reason === undefined) {
			good += Number(selected.role === 'chosen');
			continue;
		}
		bad.add(selected.entry.offset);
		badPaths.add(entryPath(selected.entry).toString('latin1'));
		if (selected.role !== 'target') losses.add(entryPath(selected.entry).toString(), reason);
	}
	if (good === 0) {
		throw new BackupError('archive_tampered', `nothing of ${record.id} can be saved`, {
			hint: losses.told[0]
				? `First damage: ${losses.told[0].reason}.`
				: 'Look for another copy of the archive.',
		});
	}
	return {
		index: entries,
		content,
		async *entries() {
			for await (const selected of select()) if (!bad.has(selected.entry.offset)) yield selected;
		},
		lostEntries: losses.count,
		lost: losses.told,
	};
}

function gatherLosses() {
	const told: Lost[] = [];
	let count = 0;
	return {
		told,
		get count() {
			return count;
		},
		add(path: string, reason: string) {
			count += 1;
			if (told.length < mostLostTold) told.push({ path, reason });
		},
	};
}

type Losses = ReturnType<typeof gatherLosses>;

/** What is wrong with the archive itself; whatever else failed (the storage, a cancel) is thrown. */
function damage(thrown: unknown): BackupError {
	const error = toBackupError(thrown);
	if (errorCodes[error.code] === 'integrity' && error.code !== 'archive_version_unsupported') return error;
	throw thrown;
}

/** Undefined where the content has no frames, or its own seek table is sound. */
async function findFrames(file: RangedFile, compressed: boolean): Promise<SeekTable | undefined> {
	if (!compressed) return undefined;
	try {
		await readSeekTable(file.readAt, file.size);
		return undefined;
	} catch (thrown) {
		damage(thrown);
	}
	const found = createSeekTable();
	try {
		for await (const { content, size } of decompressEach(pieces(file))) found.add(size, content.length);
	} catch (thrown) {
		damage(thrown);
	}
	return found;
}

async function* pieces({ size, readAt }: RangedFile): AsyncGenerator<Buffer> {
	const step = 1 << 20;
	for (let at = 0; at < size; at += step) yield await readAt(at, Math.min(step, size - at));
}

/** An index of which every entry can be read. */
async function readableIndex(
	open: () => Promise<Index>,
	signal: AbortSignal,
): Promise<Index | { readonly error: BackupError }> {
	try {
		const index = await open();
		for await (const _entry of index.entriesUnder('', signal));
		return index;
	} catch (thrown) {
		return { error: damage(thrown) };
	}
}

/** The entries before the first damage, as an index in memory. */
async function searchEntries(content: ArchiveContent, losses: Losses, signal: AbortSignal): Promise<Index> {
	const written: Buffer[] = [];
	const writer = createIndexWriter(async (bytes) => void written.push(Buffer.from(bytes)));
	const waiting: IndexEntry[] = [];
	const scanner = createTarScanner({ baseOffset: 0, onEntry: (entry) => waiting.push(entry) });
	let last = 'its start';
	try {
		for (let at = 0; at < content.size; at += readBytes) {
			signal.throwIfAborted();
			const read = await content.read(at, Math.min(readBytes, content.size - at));
			for (const bytes of read) scanner.push(bytes);
			for (const entry of waiting.splice(0)) {
				await writer.add(entry);
				last = entryPath(entry).toString();
			}
		}
		scanner.end();
	} catch (thrown) {
		const error = thrown instanceof BackupError && thrown.code === 'source_failed' ? thrown : damage(thrown);
		losses.add('', `what comes after ${JSON.stringify(last)} is unknown without an index (${error.message})`);
	}
	await writer.end();
	const bytes = Buffer.concat(written);
	return await openIndex(async (offset, length) => bytes.subarray(offset, offset + length), bytes.length);
}

/** Why an entry can't be restored; undefined when all of it is as it was. */
async function damageOf(content: ArchiveContent, selected: SelectedEntry): Promise<string | undefined> {
	const { offset, length } = selected.entry;
	if (offset + length > content.size) return 'the archive can no longer be read that far';
	try {
		const check = checkRun({ offset, length, entries: [selected] }, () => undefined);
		for (let at = offset; at < offset + length; at += readBytes) {
			for (const bytes of await content.read(at, Math.min(readBytes, offset + length - at)))
				check.push(bytes);
		}
		check.end();
		return undefined;
	} catch (thrown) {
		return damage(thrown).message;
	}
}

function brokenLink({ entry }: SelectedEntry, lost: ReadonlySet<string>): string | undefined {
	if (entry.type !== 'hardlink') return undefined;
	const target = entryLinkTarget(entry) ?? Buffer.alloc(0);
	return lost.has(target.toString('latin1'))
		? `the file that it links to, ${JSON.stringify(target.toString())}, is lost`
		: undefined;
}
