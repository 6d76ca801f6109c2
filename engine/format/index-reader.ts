/**
 * Reads an index (docs/FORMAT.md, "Index"): from its start to its end, or at random by path.
 *
 * Neither trusts it: entries out of order, lines of another form, a trailer or seek table that disagrees with what
 * is there are `archive_malformed` (a cut is `archive_truncated`, another version `archive_version_unsupported`).
 * Reading in sequence holds a frame or two, at random the trailer (16 MiB at most) and one frame.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import { decompressEach, type DecompressOptions } from './frames';
import { readFrame, readSeekTable, type ReadAt } from './frame-reader';
import { entryPath, parseIndexEntry, type IndexEntry } from './index-entry';
import {
	encodeIndexFrame,
	parseIndexFrame,
	parseIndexSummary,
	parseObject,
	trailerBytesMax,
	type IndexFrame,
	type IndexSummary,
} from './index-trailer';
import { comparePaths, isWithin } from './path-order';
import type { SeekTable } from './seek-table';

const malformed = (what: string) => new BackupError('archive_malformed', `index: ${what}`);
const lineFeed = 0x0a;

/** The lines of a frame without their line feeds. */
function* linesOf(content: Buffer): Generator<string> {
	if (content.at(-1) !== lineFeed) throw malformed('a frame does not end with a line feed');
	if (!isUtf8(content)) throw malformed('a line is not UTF-8');
	for (let start = 0; start < content.length; ) {
		const end = content.indexOf(lineFeed, start);
		yield content.toString('utf8', start, end);
		start = end + 1;
	}
}

/** The entries of a frame, which must follow `previous` in order. */
function* entriesOf(content: Buffer, previous?: Buffer): Generator<{ entry: IndexEntry; path: Buffer }> {
	let last = previous;
	for (const line of linesOf(content)) {
		const entry = parseIndexEntry(parseObject(line));
		const path = entryPath(entry);
		if (last !== undefined && comparePaths(last, path) >= 0) throw malformed('entries are out of order');
		last = path;
		yield { entry, path };
	}
}

/** A frame of entries begins with a path, one of the trailer doesn't. */
const entriesBegin = Buffer.from('{"path');
const isOfEntries = (content: Buffer) => content.subarray(0, entriesBegin.length).equals(entriesBegin);

/**
 * Every entry, in order. What was yielded before an error was checked by itself, but not yet against the trailer:
 * only an index that was read to its end is known to be whole.
 */
export async function* readIndex(
	source: AsyncIterable<Buffer>,
	options: DecompressOptions = {},
): AsyncGenerator<IndexEntry> {
	const trailer = createTrailerCheck();
	let previous: Buffer | undefined;
	let inTrailer = false;
	for await (const { content, offset } of decompressEach(source, { threads: 1, ...options })) {
		inTrailer ||= !isOfEntries(content);
		if (inTrailer) {
			trailer.read(content);
			continue;
		}
		let first: Buffer | undefined;
		let count = 0;
		for (const { entry, path } of entriesOf(content, previous)) {
			first ??= path;
			count++;
			previous = path;
			yield entry;
		}
		if (first !== undefined) trailer.expect({ first, offset, count });
	}
	trailer.end();
}

interface TrailerCheck {
	/** A frame of entries that was read. */
	expect(frame: IndexFrame): void;
	/** A frame of the trailer. */
	read(content: Buffer): void;
	/** Throws unless the trailer described just what was expected. */
	end(): void;
}

/** Compares hashes of lines: an index may have many frames, and their paths are as long as its writer likes. */
function createTrailerCheck(): TrailerCheck {
	const expected = createHash('sha256');
	const found = createHash('sha256');
	let entries = 0;
	let frames = 0;
	let trailerFrames = 0;
	let lastLine: string | undefined;
	return {
		expect(frame) {
			expected.update(`${encodeIndexFrame(frame)}\n`);
			entries += frame.count;
			frames++;
		},
		read(content) {
			trailerFrames++;
			for (const line of linesOf(content)) {
				if (lastLine !== undefined) found.update(`${lastLine}\n`);
				lastLine = line;
			}
		},
		end() {
			if (lastLine === undefined) throw malformed('it has no trailer');
			const summary = parseIndexSummary(lastLine);
			const sums =
				summary.entries === entries && summary.frames === frames && summary.trailerFrames === trailerFrames;
			if (!sums || !expected.digest().equals(found.digest())) {
				throw malformed('its trailer disagrees with its entries');
			}
		},
	};
}

export interface Index {
	/** Number of entries, as the trailer says. */
	readonly entries: number;
	/** The entry of exactly this path (bytes, or text in UTF-8), undefined when there is none. Reads one frame. */
	find(path: string | Buffer): Promise<IndexEntry | undefined>;
	/** The entry of this path and everything below it, in order; everything for ''. Reads only their frames. */
	entriesUnder(folder: string | Buffer, signal?: AbortSignal): AsyncGenerator<IndexEntry>;
}

/** Opens an index file of `size` bytes for random access: reads its seek table and its trailer. */
export async function openIndex(readAt: ReadAt, size: number): Promise<Index> {
	const table = await readSeekTable(readAt, size);
	const { frames, summary } = await readTrailer(readAt, table);

	/** Position of the frame that holds a path if any does: the last one that begins at or before it. */
	function frameFor(path: Buffer): number {
		let low = 0;
		let high = frames.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			const frame = frames[middle];
			if (frame !== undefined && comparePaths(frame.first, path) <= 0) low = middle + 1;
			else high = middle;
		}
		return Math.max(0, low - 1);
	}

	/** The entries of one frame, checked against the trailer as they come. */
	async function* entriesIn(index: number): AsyncGenerator<{ entry: IndexEntry; path: Buffer }> {
		const frame = frames[index];
		if (frame === undefined) return;
		let count = 0;
		let last = frame.first;
		for (const found of entriesOf(await readFrame(readAt, table.frame(index)))) {
			if (count++ === 0 && !frame.first.equals(found.path)) throw disagrees();
			last = found.path;
			yield found;
		}
		const following = frames[index + 1]?.first;
		if (count !== frame.count || (following !== undefined && comparePaths(last, following) >= 0))
			throw disagrees();
	}

	return {
		entries: summary.entries,
		async find(path) {
			const wanted = Buffer.from(path);
			for await (const found of entriesIn(frameFor(wanted))) {
				if (found.path.equals(wanted)) return found.entry;
			}
			return undefined;
		},
		async *entriesUnder(folder, signal) {
			const wanted = Buffer.from(folder);
			let index = frameFor(wanted);
			do {
				signal?.throwIfAborted();
				for await (const { entry, path } of entriesIn(index)) if (isWithin(wanted, path)) yield entry;
				index++;
			} while (index < frames.length && isWithin(wanted, frames[index]?.first ?? wanted));
		},
	};
}

function disagrees(): BackupError {
	return malformed('its trailer disagrees with its entries');
}

async function readTrailer(
	readAt: ReadAt,
	table: SeekTable,
): Promise<{ readonly frames: readonly IndexFrame[]; readonly summary: IndexSummary }> {
	if (table.frames === 0) throw malformed('it has no trailer');
	const closing = table.frame(table.frames - 1);
	const lines = [...linesOf(await readFrame(readAt, closing))];
	const summary = parseIndexSummary(lines.pop() ?? '');
	if (summary.trailerFrames === 0 || summary.frames + summary.trailerFrames !== table.frames) {
		throw malformed('its trailer disagrees with its seek table');
	}
	const start = table.frame(summary.frames).contentOffset;
	if (table.contentSize - start > trailerBytesMax) throw malformed('its trailer is too large');
	const earlier: string[] = [];
	for (let index = summary.frames; index < closing.index; index++) {
		earlier.push(...linesOf(await readFrame(readAt, table.frame(index))));
	}
	const frames = [...earlier, ...lines].map(parseIndexFrame);
	checkFrames(frames, summary, table);
	return { frames, summary };
}

function checkFrames(frames: readonly IndexFrame[], summary: IndexSummary, table: SeekTable): void {
	if (frames.length !== summary.frames) throw malformed('its trailer names another number of frames');
	let entries = 0;
	let previous: Buffer | undefined;
	for (const [index, { first, offset, count }] of frames.entries()) {
		if (offset !== table.frame(index).offset) throw malformed('its trailer disagrees with its seek table');
		if (previous !== undefined && comparePaths(previous, first) >= 0)
			throw malformed('its frames are out of order');
		previous = first;
		entries += count;
	}
	if (entries !== summary.entries) throw malformed('its trailer counts its entries wrongly');
}
