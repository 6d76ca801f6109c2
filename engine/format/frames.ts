/**
 * A stream as independent zstd frames of 4 MiB, closed by a seek table; and back (docs/FORMAT.md, "Frames and
 * seek table"). Any zstd decompresses the result; empty input gives a file that holds only the seek table.
 *
 * Both ways frames are worked on side by side in libuv's thread pool and come out in order, whatever the sizes of
 * the chunks; the chunks must not be overwritten by their source. What is yielded belongs to the consumer, who may
 * `reclaim` it. Memory is bounded by `threads`, not by the input. `signal` ends the work with its reason.
 */
import { availableParallelism } from 'node:os';
import { BackupError } from '../../protocol/errors';
import { cutBlocks } from './blocks';
import { mapInOrder } from './in-order';
import {
	createSeekTable,
	encodeSeekTable,
	parseSeekTable,
	seekTableVariant,
	type SeekTable,
} from './seek-table';
import { compressFrame, decompressFrame, levels } from './zstd';
import { createFrameSplitter, type DataFrame, type Frame } from './zstd-frame';

const MiB = 1024 * 1024;

/** libuv's thread pool has four threads; more frames in flight would only wait. */
const poolThreads = 4;

/** Two already decompress faster than anything reads the result; more would only take memory. */
const decompressThreads = 2;

/**
 * MiB that one more frame in flight adds to the process at a level, up to and including the level named: zstd's
 * working memory (measured as growth of peak RSS with 1, 2 and 4 frames, zstd 1.5.7: 8, 12, 27, 47 and 71 MiB),
 * the block (4 MiB), a waiting result (4 MiB), and what malloc and garbage add to that in a running engine.
 */
const memoryByLevel = [
	{ upTo: 5, MiB: 28 },
	{ upTo: 8, MiB: 40 },
	{ upTo: 9, MiB: 56 },
	{ upTo: 12, MiB: 72 },
] as const;
const memoryAbove = { MiB: 96 } as const;

/**
 * What compression may take of the engine's 256 MiB by default. Measured with tar, scanner and index on 3.9 GB:
 * peak RSS 182 MiB at level 1 with 4 threads, 201 at 5 with 4, 218 at 8 with 3, 218 at 9 with 2.
 */
export const defaultMemoryBytes = 128 * MiB;

/** Frames to compress side by side: as many as processors and memory allow, from 1 to 4. */
export function threadsFor(level: number, cpus: number, memoryBytes = defaultMemoryBytes): number {
	const memory = memoryByLevel.find(({ upTo }) => level <= upTo) ?? memoryAbove;
	return Math.max(1, Math.min(cpus, poolThreads, Math.floor(memoryBytes / (memory.MiB * MiB))));
}

export interface CompressOptions {
	/** 1 (default) to 19. */
	readonly level?: number;
	/** Default: `threadsFor` this level and this machine. */
	readonly threads?: number;
	readonly signal?: AbortSignal;
}

/** The compressed file; the source's own errors pass through. Throws `invalid_parameter` for an unknown level. */
export async function* compressFrames(
	source: AsyncIterable<Buffer>,
	{ level = levels.min, threads = threadsFor(level, availableParallelism()), signal }: CompressOptions = {},
): AsyncGenerator<Buffer> {
	if (!Number.isInteger(level) || level < levels.min || level > levels.max) {
		throw new BackupError('invalid_parameter', `there is no compression level ${level}`, {
			hint: `Choose a level from ${levels.min} to ${levels.max}.`,
		});
	}
	const table = createSeekTable();
	const frames = mapInOrder(
		cutBlocks(source),
		async ({ bytes, release }) => {
			const frame = await compressFrame(bytes, level);
			const contentSize = bytes.length;
			release();
			return { frame, contentSize };
		},
		{ concurrency: threads, signal },
	);
	for await (const { frame, contentSize } of frames) {
		table.add(frame.length, contentSize);
		yield frame;
	}
	yield encodeSeekTable(table);
}

export interface DecompressOptions {
	readonly threads?: number;
	readonly signal?: AbortSignal;
}

export interface DecompressedFrame {
	/** Never empty. */
	readonly content: Buffer;
	/** Where the frame lies in the compressed file. */
	readonly offset: number;
	readonly size: number;
}

/**
 * The content, one buffer per frame. A stream that is cut is `archive_truncated` (also between frames, where only
 * the seek table is missing); a damaged frame, one of more than 4 MiB, anything that is not a frame, and a seek
 * table that disagrees with the frames before it are `archive_malformed`.
 * What was yielded before an error was not yet checked against the seek table.
 */
export async function* decompressFrames(
	source: AsyncIterable<Buffer>,
	options: DecompressOptions = {},
): AsyncGenerator<Buffer> {
	for await (const { content } of decompressEach(source, options)) yield content;
}

/** As `decompressFrames`, with the place of each frame. */
export async function* decompressEach(
	source: AsyncIterable<Buffer>,
	{ threads = Math.min(availableParallelism(), decompressThreads), signal }: DecompressOptions = {},
): AsyncGenerator<DecompressedFrame> {
	const seen = createSeekTable();
	let closing: Buffer | undefined;
	const frames = mapInOrder(
		splitFrames(source),
		async (frame) => ({
			size: frame.bytes.length,
			content: frame.kind === 'data' ? await releasing(frame) : undefined,
			table: frame.kind === 'skippable' && frame.variant === seekTableVariant ? frame.bytes : undefined,
		}),
		{ concurrency: threads, signal },
	);
	for await (const { size, content, table } of frames) {
		if (closing !== undefined) throw malformed('something follows its seek table');
		if (table !== undefined) {
			closing = table;
			continue;
		}
		const offset = seen.size;
		seen.add(size, content?.length ?? 0);
		if (content !== undefined && content.length > 0) yield { content, offset, size };
	}
	if (closing === undefined) {
		throw new BackupError('archive_truncated', 'the archive ends without its seek table');
	}
	checkAgrees(parseSeekTable(closing), seen);
}

const malformed = (what: string) => new BackupError('archive_malformed', `compressed stream: ${what}`);

async function releasing(frame: DataFrame): Promise<Buffer> {
	const content = await decompressFrame(frame);
	frame.release();
	return content;
}

async function* splitFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
	const splitter = createFrameSplitter();
	for await (const chunk of source) yield* splitter.push(chunk);
	splitter.end();
}

function checkAgrees(table: SeekTable, seen: SeekTable): void {
	if (table.frames !== seen.frames) {
		throw malformed(`its seek table names ${table.frames} frames, there are ${seen.frames}`);
	}
	for (let index = 0; index < seen.frames; index++) {
		const claimed = table.frame(index);
		const actual = seen.frame(index);
		if (claimed.size !== actual.size || claimed.contentSize !== actual.contentSize) {
			throw malformed(`its seek table disagrees about frame ${index}`);
		}
	}
}
