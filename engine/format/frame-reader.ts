/**
 * Random access to a file of zstd frames: reads the seek table at its end, then only the frames that a range of
 * the content touches. `readAt` gives exact ranges of the compressed file (from a disk, from S3, through
 * decryption) and throws its own errors; when it gives fewer bytes, that is `archive_truncated`.
 */
import { BackupError } from '../../protocol/errors';
import { mapInOrder, type InOrderOptions } from './in-order';
import {
	locate,
	parseSeekTable,
	parseSeekTableFooter,
	seekTableFooterSize,
	type FrameLocation,
	type SeekTable,
} from './seek-table';
import { decompressFrame } from './zstd';
import { createFrameSplitter } from './zstd-frame';

/** Exactly `length` bytes from `offset`. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

const malformed = (what: string) => new BackupError('archive_malformed', `compressed file: ${what}`);

/** The seek table of a compressed file of `size` bytes; it must describe the whole file. Two reads. */
export async function readSeekTable(readAt: ReadAt, size: number): Promise<SeekTable> {
	if (size < seekTableFooterSize) throw new BackupError('archive_truncated', 'no seek table fits the file');
	const footer = parseSeekTableFooter(await exactly(readAt, size - seekTableFooterSize, seekTableFooterSize));
	if (footer.size > size) throw malformed('its seek table is larger than itself');
	const table = parseSeekTable(await exactly(readAt, size - footer.size, footer.size));
	if (table.size + footer.size !== size) throw malformed('its seek table describes a file of another size');
	return table;
}

/** The content of one frame; `archive_malformed` when the frame is not what the seek table says. */
export async function readFrame(readAt: ReadAt, location: FrameLocation): Promise<Buffer> {
	const splitter = createFrameSplitter();
	const frames = splitter.push(await exactly(readAt, location.offset, location.size));
	splitter.end();
	const [frame] = frames;
	if (frames.length !== 1 || frame?.kind !== 'data' || frame.contentSize !== location.contentSize) {
		throw malformed(`frame ${location.index} is not what the seek table says`);
	}
	return await decompressFrame(frame);
}

/** Content bytes [offset, offset + length), in pieces; reads and decompresses `concurrency` frames ahead. */
export async function* readRange(
	readAt: ReadAt,
	table: SeekTable,
	offset: number,
	length: number,
	options: InOrderOptions,
): AsyncGenerator<Buffer> {
	const read = async (location: FrameLocation) => ({ location, content: await readFrame(readAt, location) });
	for await (const { location, content } of mapInOrder(each(locate(table, offset, length)), read, options)) {
		const start = Math.max(0, offset - location.contentOffset);
		yield content.subarray(start, Math.min(content.length, offset + length - location.contentOffset));
	}
}

/** `mapInOrder` takes async sources only. */
async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
	yield* items;
}

async function exactly(readAt: ReadAt, offset: number, length: number): Promise<Buffer> {
	const bytes = await readAt(offset, length);
	if (bytes.length === length) return bytes;
	throw new BackupError(
		'archive_truncated',
		`${bytes.length} bytes instead of ${length} at offset ${offset}`,
	);
}
