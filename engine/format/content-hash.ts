/**
 * The content hash of a sparse file from its stored form, GNU sparse format 1.0: a map of decimal lines (number of
 * extents, then offset and size of each), padded to 512 bytes, then the extents' data. Holes count as zeros.
 *
 * Files with more than 1 GiB of holes or 65,536 extents are hashed as stored instead: work and memory then stay
 * in proportion to the tar (at most 1 MiB per file, 1 GiB of zeros), whatever the map claims. A map that doesn't
 * fit its data is `archive_malformed`.
 */
import { createHash, type Hash } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import type { IndexEntry } from './index-entry';
import { tarBlockSize } from './tar-header';

export const holesMax = 1024 * 1024 * 1024;
export const extentsMax = 65_536;

/** The hash fields of an entry from its stored data. */
export interface ContentHash {
	/** The next stored bytes; together exactly as many as the entry has. */
	update(bytes: Buffer): void;
	/** Throws `archive_malformed` when a sparse map and its data don't match. */
	digest(): Pick<IndexEntry, 'sha256' | 'sha256Stored'>;
}

/** Of a file that is not sparse. */
export function createContentHash(): ContentHash {
	const hash = createHash('sha256');
	return {
		update: (bytes) => hash.update(bytes),
		digest: () => ({ sha256: hash.digest('hex') }),
	};
}

const malformed = (what: string) => new BackupError('archive_malformed', `tar: sparse file: ${what}`);

/** `storedSize` bytes, map included, will stand for `size` bytes of content. */
export function createSparseContentHash(storedSize: number, size: number): ContentHash {
	if (size - storedSize > holesMax) return hashStored(createHash('sha256'));
	const map = createMapParser();
	let content: ContentHash | undefined;
	return {
		update(bytes) {
			if (content !== undefined) {
				content.update(bytes);
				return;
			}
			const taken = map.push(bytes);
			if (map.extents > extentsMax) content = hashStored(createHash('sha256').update(map.start()));
			else if (map.complete) content = hashContent(map.numbers(), storedSize - map.size, size);
			content?.update(bytes.subarray(taken));
		},
		digest() {
			if (content === undefined) throw malformed('its map is cut');
			return content.digest();
		},
	};
}

function hashStored(hash: Hash): ContentHash {
	return {
		update: (bytes) => hash.update(bytes),
		digest: () => ({ sha256Stored: hash.digest('hex') }),
	};
}

/** `numbers` are offset and size of each extent. */
function hashContent(numbers: readonly number[], dataSize: number, size: number): ContentHash {
	let expected = 0;
	let end = 0;
	for (let index = 0; index < numbers.length; index += 2) {
		const [offset = 0, length = 0] = numbers.slice(index, index + 2);
		if (offset < end || !Number.isSafeInteger(offset + length)) throw malformed('its extents overlap');
		end = offset + length;
		expected += length;
	}
	if (end > size) throw malformed('its extents pass its end');
	if (expected !== dataSize) throw malformed('its map does not match its data');

	const hash = createHash('sha256');
	/** Position in the content, and the extent that begins at or after it. */
	let position = 0;
	let index = 0;
	let left = 0;

	function holeUpTo(offset: number): void {
		updateZeros(hash, offset - position);
		position = offset;
	}

	return {
		update(bytes) {
			for (let taken = 0; taken < bytes.length; ) {
				if (left === 0) {
					holeUpTo(numbers[index] ?? 0);
					left = numbers[index + 1] ?? 0;
					index += 2;
					continue;
				}
				const step = Math.min(left, bytes.length - taken);
				hash.update(bytes.subarray(taken, taken + step));
				taken += step;
				left -= step;
				position += step;
			}
		},
		digest() {
			holeUpTo(size);
			return { sha256: hash.digest('hex') };
		},
	};
}

const zeros = Buffer.alloc(256 * 1024);

function updateZeros(hash: Hash, count: number): void {
	for (let left = count; left > 0; left -= zeros.length) {
		hash.update(left >= zeros.length ? zeros : zeros.subarray(0, left));
	}
}

interface MapParser {
	/** Takes bytes up to the end of the padded map, or of its first line when that claims too many extents. */
	push(bytes: Buffer): number;
	/** Number of extents as the first line says; 0 before. */
	readonly extents: number;
	/** Whether the map, its padding included, has been taken. */
	readonly complete: boolean;
	/** Bytes taken. */
	readonly size: number;
	numbers(): readonly number[];
	/** The first line as it stood in the map. */
	start(): string;
}

const lineFeed = 0x0a;
const zero = 0x30;

function createMapParser(): MapParser {
	/** The count, then offset and size of each extent. */
	const numbers: number[] = [];
	let value = 0;
	let digits = 0;
	let size = 0;
	const extents = () => numbers[0] ?? 0;
	const wanted = () => (numbers.length === 0 ? 1 : 1 + 2 * extents());

	function digit(byte: number): void {
		const number = byte - zero;
		// A leading zero would let one map be written in several ways.
		if (number < 0 || number > 9 || (digits > 0 && value === 0))
			throw malformed('its map is no list of numbers');
		value = value * 10 + number;
		digits++;
		if (!Number.isSafeInteger(value)) throw malformed('its map has a number too large');
	}

	return {
		push(bytes) {
			let position = 0;
			while (position < bytes.length && numbers.length < wanted()) {
				const byte = bytes[position++] ?? 0;
				size++;
				if (byte !== lineFeed) {
					digit(byte);
					continue;
				}
				if (digits === 0) throw malformed('its map has an empty line');
				numbers.push(value);
				value = 0;
				digits = 0;
				if (extents() > extentsMax) return position;
			}
			if (numbers.length < wanted()) return position;
			const padding = Math.min(
				bytes.length - position,
				(tarBlockSize - (size % tarBlockSize)) % tarBlockSize,
			);
			size += padding;
			return position + padding;
		},
		get extents() {
			return extents();
		},
		get complete() {
			return numbers.length === wanted() && size % tarBlockSize === 0;
		},
		get size() {
			return size;
		},
		numbers: () => numbers.slice(1),
		start: () => `${extents()}\n`,
	};
}
