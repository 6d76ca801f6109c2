/**
 * Writes the index of an archive as its entries come (docs/FORMAT.md, "Index"): zstd frames of at most 1 MiB of
 * JSON lines, the trailer in frames of its own, the seek table.
 *
 * Entries must come in the order of paths, each once, as from `tar --sort=name`; anything else is `source_failed`,
 * since the index could not be searched. Memory is a few frames and one line per frame. A failure of the sink ends
 * everything: it is thrown by the next `add` or by `end`.
 */
import { BackupError } from '../../protocol/errors';
import { createBufferPool } from './buffer-pool';
import { encodeIndexEntry, entryPath, type IndexEntry } from './index-entry';
import {
	encodeIndexFrame,
	encodeIndexSummary,
	indexFrameBytes,
	trailerBytesMax,
	type IndexFrame,
} from './index-trailer';
import { comparePaths } from './path-order';
import { createSeekTable, encodeSeekTable } from './seek-table';
import { compressFrame } from './zstd';
import { blockBytes } from './zstd-frame';

export interface IndexWriterOptions {
	/** Frames compressed side by side, in the thread pool; more than these and `add` asks to be waited for. */
	readonly threads?: number;
}

export interface IndexWriter {
	/** Takes an entry; a promise is to be awaited before the next, nothing means there is room. */
	add(entry: IndexEntry): Promise<void> | void;
	/** Writes what is left, trailer and seek table; `bytes` is everything that the sink was given. */
	end(): Promise<{ readonly entries: number; readonly bytes: number }>;
}

/** Lines are compressed harder than archives by default: they are few, and half of each is a hash. */
const level = 3;

/** Gives the sink one piece at a time, in file order; each belongs to the sink from then on. */
export function createIndexWriter(
	sink: (bytes: Buffer) => Promise<void>,
	{ threads = 1 }: IndexWriterOptions = {},
): IndexWriter {
	const pool = createBufferPool(indexFrameBytes);
	const frames: IndexFrame[] = [];
	const table = createSeekTable();
	let block: Buffer | undefined;
	let filled = 0;
	let count = 0;
	let first: Buffer | undefined;
	let previous: Buffer | undefined;
	let entries = 0;
	let inFlight = 0;
	let failure: { readonly error: unknown } | undefined;
	/** Settles, without ever rejecting, when everything so far was written or something failed. */
	let written: Promise<void> = Promise.resolve();

	async function write(
		lines: Buffer,
		describe: (offset: number) => void,
		release: () => void,
	): Promise<void> {
		inFlight++;
		const before = written;
		try {
			const frame = await compressFrame(lines, level);
			release();
			await before;
			if (failure !== undefined) return;
			describe(table.size);
			table.add(frame.length, lines.length);
			await sink(frame);
		} catch (error) {
			failure ??= { error };
		} finally {
			inFlight--;
		}
	}

	/** Sends the lines gathered so far off. */
	function flush(): void {
		if (block === undefined || first === undefined) return;
		const buffer = block;
		const description = { first, count };
		written = write(
			buffer.subarray(0, filled),
			(offset) => frames.push({ ...description, offset }),
			() => buffer.length === indexFrameBytes && pool.give(buffer),
		);
		block = undefined;
		filled = 0;
		count = 0;
	}

	async function settled(): Promise<void> {
		await written;
		if (failure !== undefined) throw failure.error;
	}

	async function writeTrailer(): Promise<void> {
		const nothing = () => undefined;
		for (const lines of trailerFrames(frames, entries)) {
			written = write(lines, nothing, nothing);
			await settled();
		}
	}

	return {
		add(entry) {
			if (failure !== undefined) throw failure.error;
			const path = entryPath(entry);
			if (previous !== undefined && comparePaths(previous, path) >= 0) throw outOfOrder(previous, path);
			previous = path;
			const line = `${encodeIndexEntry(entry)}\n`;
			const length = Buffer.byteLength(line);
			if (length > blockBytes) throw new BackupError('source_failed', `index: a line of ${length} bytes`);
			if (filled + length > indexFrameBytes) flush();
			if (block === undefined) {
				block = length > indexFrameBytes ? Buffer.allocUnsafeSlow(length) : pool.take();
				first = path;
			}
			filled += block.write(line, filled);
			count++;
			entries++;
			return inFlight > threads ? settled() : undefined;
		},
		async end() {
			flush();
			await settled();
			await writeTrailer();
			const closing = encodeSeekTable(table);
			const bytes = table.size + closing.length;
			await sink(closing);
			return { entries, bytes };
		},
	};
}

/** The trailer's lines in pieces of at most 1 MiB, the summary in the last. */
function trailerFrames(frames: readonly IndexFrame[], entries: number): Buffer[] {
	/** Room for the summary in any piece. */
	const limit = indexFrameBytes - 256;
	const pieces: string[][] = [[]];
	let size = 0;
	let total = 0;
	for (const frame of frames) {
		const line = `${encodeIndexFrame(frame)}\n`;
		const length = Buffer.byteLength(line);
		if (size + length > limit && size > 0) {
			pieces.push([]);
			size = 0;
		}
		pieces.at(-1)?.push(line);
		size += length;
		total += length;
	}
	if (total > trailerBytesMax)
		throw new BackupError('source_failed', `index: ${entries} entries are too many`);
	const summary = { entries, frames: frames.length, trailerFrames: pieces.length };
	pieces.at(-1)?.push(`${encodeIndexSummary(summary)}\n`);
	return pieces.map((lines) => Buffer.from(lines.join('')));
}

function outOfOrder(previous: Buffer, path: Buffer): BackupError {
	const shown = [path, previous].map((bytes) => JSON.stringify(bytes.toString()));
	return new BackupError('source_failed', `index: ${shown.join(' came after ')}, which is out of order`, {
		hint: 'The source must be read with tar --sort=name, its members in the order of their paths.',
	});
}
