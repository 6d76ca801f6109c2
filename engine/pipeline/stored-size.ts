/**
 * How large an archive's objects can get, from the size of its content: what a storage that must plan is told.
 */
import type { BackupJob } from '../../protocol/job';
import { seekTableBytes } from '../format/seek-table';
import { sealedSize } from '../format/segments';
import { blockBytes, frameBytesMax } from '../format/zstd-frame';

/** Most bytes of the stored archive: of content that does not compress at all. */
export function storedBytesMax(
	contentBytes: number,
	{ compression, encrypt }: Pick<BackupJob, 'compression' | 'encrypt'>,
): number {
	const frames = Math.ceil(contentBytes / blockBytes);
	const framing = frames * (frameBytesMax - blockBytes) + seekTableBytes(frames);
	const bytes = contentBytes + (compression.level === null ? 0 : framing);
	return encrypt ? sealedSize(bytes) : bytes;
}

/**
 * Most bytes of the stored index. An entry takes 1,536 bytes of tar at least, a name that is long takes more, and
 * its line, compressed, is a fraction of either.
 */
export function storedIndexBytesMax(contentBytes: number): number {
	return Math.min(Math.ceil(contentBytes / 4), mostIndexBytes);
}

/** About 80 million entries. Volumes of few large files would else plan for an index that never comes. */
const mostIndexBytes = 8e9;
