/**
 * Where things lie in an encrypted archive: pure arithmetic between offsets of the plaintext, segments
 * and bytes of the stored file. Offsets and sizes in bytes; ranges are half-open.
 *
 *   outer header 84 | Tink header 40 | segment 0 | segment 1 | … | last segment
 *
 * Segments are cut at multiples of 1 MiB counted from the Tink header, so segment 0 is 40 bytes shorter.
 * Each ends in a 16-byte tag. Every segment but the last is full; the last is empty only when the whole
 * plaintext is. Source: tink-go `streamingaead/subtle/noncebased`, key type AES256_GCM_HKDF_1MB.
 */
import { BackupError } from '../../protocol/errors';
import { headerLength } from './header';

export const segmentSize = 1_048_576;
export const tagLength = 16;
export const tinkSaltLength = 32;
export const noncePrefixLength = 7;
export const tinkHeaderLength = 1 + tinkSaltLength + noncePrefixLength;
/** Everything ahead of segment 0: what a reader needs before it can open any segment. */
export const prologueLength = headerLength + tinkHeaderLength;
/** Tink keeps the counter below 2^32 − 1 (its check comes before the increment), and so do we. */
export const maxSegments = 2 ** 32 - 1;

/** Plaintext bytes in segment 0 and in every later full one. */
export const firstCapacity = segmentSize - tinkHeaderLength - tagLength;
export const capacity = segmentSize - tagLength;

export interface SegmentRange {
	readonly index: number;
	readonly isLast: boolean;
	/** In the stored file. */
	readonly start: number;
	readonly end: number;
	/** In the plaintext. */
	readonly plaintextStart: number;
	readonly plaintextEnd: number;
}

/** Size of segment `index` in the stored file when it is full. */
export function fullSegmentSize(index: number): number {
	return index === 0 ? segmentSize - tinkHeaderLength : segmentSize;
}

/** Size of the stored file for a plaintext of this size. */
export function sealedSize(plaintextSize: number): number {
	const rest = Math.max(0, plaintextSize - firstCapacity);
	return prologueLength + plaintextSize + tagLength * (1 + Math.ceil(rest / capacity));
}

/**
 * Number of segments in a stored file of this size. Throws `archive_truncated` where no archive can have
 * that size, `archive_malformed` past 2^32 − 1 segments.
 */
export function segmentCount(storedSize: number): number {
	const tinkSize = storedSize - headerLength;
	const count = Math.ceil(tinkSize / segmentSize);
	if (count > maxSegments)
		throw new BackupError('archive_malformed', 'the archive has more segments than can be');
	const last = tinkSize - (count - 1) * segmentSize - (count === 1 ? tinkHeaderLength : 0);
	if (count < 1 || last < tagLength) {
		throw new BackupError('archive_truncated', `no archive is ${storedSize} bytes: the end is missing`);
	}
	return count;
}

/** Size of the plaintext in a stored file of this size. Throws as `segmentCount`. */
export function plaintextSize(storedSize: number): number {
	return storedSize - prologueLength - tagLength * segmentCount(storedSize);
}

/** Where segment `index` lies. Throws as `segmentCount`; RangeError when there is no such segment. */
export function segmentRange(index: number, storedSize: number): SegmentRange {
	const count = segmentCount(storedSize);
	if (!Number.isInteger(index) || index < 0 || index >= count) {
		throw new RangeError(`segment ${index} is not one of ${count}`);
	}
	const start = headerLength + (index === 0 ? tinkHeaderLength : index * segmentSize);
	const isLast = index === count - 1;
	const end = isLast ? storedSize : start + fullSegmentSize(index);
	const plaintextStart = index === 0 ? 0 : firstCapacity + (index - 1) * capacity;
	return {
		index,
		isLast,
		start,
		end,
		plaintextStart,
		plaintextEnd: plaintextStart + (end - start - tagLength),
	};
}

/**
 * The segments that hold plaintext bytes [offset, offset + length), in order: adjacent in the file, so one
 * ranged read from the first's `start` to the last's `end` fetches them. Empty for length 0.
 * Throws as `segmentCount`; RangeError when the range is not within the plaintext.
 */
export function locate(offset: number, length: number, storedSize: number): SegmentRange[] {
	const total = plaintextSize(storedSize);
	if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0)) {
		throw new RangeError(`no range: offset ${offset}, length ${length}`);
	}
	if (offset + length > total)
		throw new RangeError(`bytes ${offset}+${length} are past the plaintext's ${total}`);
	if (length === 0) return [];
	const first = segmentOf(offset);
	const last = segmentOf(offset + length - 1);
	return Array.from({ length: last - first + 1 }, (_, i) => segmentRange(first + i, storedSize));
}

function segmentOf(offset: number): number {
	return offset < firstCapacity ? 0 : 1 + Math.floor((offset - firstCapacity) / capacity);
}
