/**
 * The content of an archive (its tar) at any place, decompressed a frame at a time; a few frames are kept.
 * Throws what the file throws, `archive_malformed`, and `index_mismatch` where the record says another size.
 */
import { BackupError } from '../../protocol/errors';
import type { BackupRecord } from '../../protocol/record';
import { readFrame, readSeekTable } from '../format/frame-reader';
import { locate, type SeekTable } from '../format/seek-table';
import type { RangedFile } from './ranged-content';
import { recent } from './recent';

export interface ArchiveContent {
	readonly size: number;
	/** Exactly these bytes, in pieces that must not be changed. Meant for a few megabytes at a time. */
	read(offset: number, length: number): Promise<Buffer[]>;
}

/** What is read at once of content without frames; a frame is as long. */
export const readBytes = 4 << 20;
const framesKept = 5;

/** `table`: where the archive's own seek table can't be read. */
export async function openContent(
	file: RangedFile,
	record: BackupRecord,
	table?: SeekTable,
): Promise<ArchiveContent> {
	if (record.compression.algorithm === 'none') {
		if (table === undefined) requireSize(record, file.size);
		return {
			size: file.size,
			read: async (offset, length) => [await file.readAt(offset, length)],
		};
	}
	const frames = table ?? (await readSeekTable(file.readAt, file.size));
	if (table === undefined) requireSize(record, frames.contentSize);
	const keep = recent<number, Buffer>(framesKept);
	return {
		size: frames.contentSize,
		async read(offset, length) {
			const touched = locate(frames, offset, length);
			const contents = await Promise.all(
				touched.map((frame) => keep(frame.index, () => readFrame(file.readAt, frame))),
			);
			return touched.flatMap(({ contentOffset }, position) => {
				const content = contents[position];
				if (content === undefined) return [];
				const from = Math.max(0, offset - contentOffset);
				return [content.subarray(from, Math.min(content.length, offset + length - contentOffset))];
			});
		},
	};
}

function requireSize({ id, contentBytes }: BackupRecord, size: number): void {
	if (size === contentBytes) return;
	throw new BackupError('index_mismatch', `${id} holds ${size} bytes, its record says ${contentBytes}`);
}
