/**
 * The seek table of the zstd seekable format, version 0.1.0 (zstd's contrib/seekable_format): where each frame
 * of a file lies, compressed and decompressed. It is a skippable frame (0x184D2A5E) at the end of the file; ours
 * carries no checksums, since every frame has its own.
 *
 * Parsing takes tables from anyone: wrong sizes, reserved bits and tables of more than `framesMax` frames are
 * `archive_malformed`. A table costs 16 bytes of memory per frame; positions are exact (below 2^53).
 */
import { BackupError } from '../../protocol/errors';
import { blockBytes, frameBytesMax, skippableMagic } from './zstd-frame';

/** 16 TiB of content in frames of 4 MiB. */
export const framesMax = 4 * 1024 * 1024;
export const seekTableVariant = 0x0e;
export const seekTableFooterSize = 9;

const magic = skippableMagic + seekTableVariant;
const footerMagic = 0x8f92eab1;
const skippableHeaderSize = 8;
const checksumFlag = 0x80;
const reservedBits = 0x7c;
const entrySizes = { plain: 8, withChecksum: 12 } as const;

/** Where a frame lies. Offsets count from the start of the compressed file and of its content. */
export interface FrameLocation {
	readonly index: number;
	readonly offset: number;
	readonly size: number;
	readonly contentOffset: number;
	readonly contentSize: number;
}

export interface SeekTable {
	/** Number of frames, the table's own not counted. */
	readonly frames: number;
	/** Bytes of all frames: the table's own frame begins here. */
	readonly size: number;
	readonly contentSize: number;
	/** Throws RangeError when there is no such frame. */
	frame(index: number): FrameLocation;
}

export interface SeekTableBuilder extends SeekTable {
	/** Appends a frame; throws `archive_malformed` past `framesMax`. */
	add(size: number, contentSize: number): void;
}

const malformed = (what: string) => new BackupError('archive_malformed', `seek table: ${what}`);

export function createSeekTable(expectedFrames = 0): SeekTableBuilder {
	/** Ends of the frames, so that frame i begins where i − 1 ends. */
	let ends = new Float64Array(Math.max(16, expectedFrames));
	let contentEnds = new Float64Array(ends.length);
	let frames = 0;
	const endOf = (table: Float64Array, index: number) => (index < 0 ? 0 : (table[index] ?? 0));

	return {
		get frames() {
			return frames;
		},
		get size() {
			return endOf(ends, frames - 1);
		},
		get contentSize() {
			return endOf(contentEnds, frames - 1);
		},
		frame(index) {
			if (!Number.isInteger(index) || index < 0 || index >= frames) throw new RangeError(`no frame ${index}`);
			const offset = endOf(ends, index - 1);
			const contentOffset = endOf(contentEnds, index - 1);
			const size = endOf(ends, index) - offset;
			return { index, offset, size, contentOffset, contentSize: endOf(contentEnds, index) - contentOffset };
		},
		add(size, contentSize) {
			if (frames === framesMax) throw malformed(`more than ${framesMax} frames`);
			if (frames === ends.length) {
				ends = grown(ends);
				contentEnds = grown(contentEnds);
			}
			ends[frames] = endOf(ends, frames - 1) + size;
			contentEnds[frames] = endOf(contentEnds, frames - 1) + contentSize;
			frames++;
		},
	};
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
	const larger = new Float64Array(array.length * 2);
	larger.set(array);
	return larger;
}

/** Bytes of the skippable frame that closes a file of so many frames. */
export function seekTableBytes(frames: number): number {
	return skippableHeaderSize + frames * entrySizes.plain + seekTableFooterSize;
}

/** The skippable frame that closes a file of these frames. */
export function encodeSeekTable(table: SeekTable): Buffer {
	const bytes = Buffer.alloc(seekTableBytes(table.frames));
	bytes.writeUInt32LE(magic, 0);
	bytes.writeUInt32LE(bytes.length - skippableHeaderSize, 4);
	let position = skippableHeaderSize;
	for (let index = 0; index < table.frames; index++) {
		const { size, contentSize } = table.frame(index);
		position = bytes.writeUInt32LE(size, position);
		position = bytes.writeUInt32LE(contentSize, position);
	}
	position = bytes.writeUInt32LE(table.frames, position);
	position = bytes.writeUInt8(0, position);
	bytes.writeUInt32LE(footerMagic, position);
	return bytes;
}

interface Footer {
	readonly frames: number;
	readonly entrySize: number;
	/** Bytes of the whole skippable frame. */
	readonly size: number;
}

/** Reads the last `seekTableFooterSize` bytes of a file. */
export function parseSeekTableFooter(bytes: Buffer): Footer {
	if (bytes.length !== seekTableFooterSize) throw malformed('its footer is not of 9 bytes');
	if (bytes.readUInt32LE(5) !== footerMagic) throw malformed('there is none at the end');
	const descriptor = bytes.readUInt8(4);
	if ((descriptor & reservedBits) !== 0) throw malformed('a reserved bit is set');
	const frames = bytes.readUInt32LE(0);
	if (frames > framesMax) throw malformed(`it claims ${frames} frames`);
	const entrySize = (descriptor & checksumFlag) !== 0 ? entrySizes.withChecksum : entrySizes.plain;
	return { frames, entrySize, size: skippableHeaderSize + frames * entrySize + seekTableFooterSize };
}

/** Parses the whole skippable frame. */
export function parseSeekTable(bytes: Buffer): SeekTable {
	if (bytes.length < skippableHeaderSize + seekTableFooterSize) throw malformed('it is too short');
	const footer = parseSeekTableFooter(bytes.subarray(bytes.length - seekTableFooterSize));
	if (footer.size !== bytes.length) throw malformed(`${footer.frames} frames do not fit its size`);
	if (bytes.readUInt32LE(0) !== magic) throw malformed('it does not begin with its magic number');
	if (bytes.readUInt32LE(4) !== bytes.length - skippableHeaderSize)
		throw malformed('its frame size is wrong');
	const table = createSeekTable(footer.frames);
	for (let index = 0; index < footer.frames; index++) {
		const at = skippableHeaderSize + index * footer.entrySize;
		const size = bytes.readUInt32LE(at);
		const contentSize = bytes.readUInt32LE(at + 4);
		if (size > frameBytesMax || contentSize > blockBytes) throw malformed(`frame ${index} is too large`);
		table.add(size, contentSize);
	}
	return table;
}

/** The frames holding content bytes [offset, offset + length); throws `archive_malformed` when they are not all there. */
export function locate(table: SeekTable, offset: number, length: number): FrameLocation[] {
	if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
		throw malformed(`no range of ${length} bytes at ${offset}`);
	}
	if (offset + length > table.contentSize) {
		throw malformed(`bytes ${offset} to ${offset + length} lie past the end of the content`);
	}
	const found: FrameLocation[] = [];
	if (length === 0) return found;
	for (let index = frameAt(table, offset); index < table.frames; index++) {
		const frame = table.frame(index);
		if (frame.contentOffset >= offset + length) break;
		if (frame.contentSize > 0) found.push(frame);
	}
	return found;
}

/** Index of the first frame that ends after this content position. */
function frameAt(table: SeekTable, position: number): number {
	let low = 0;
	let high = table.frames;
	while (low < high) {
		const middle = (low + high) >>> 1;
		const { contentOffset, contentSize } = table.frame(middle);
		if (contentOffset + contentSize <= position) low = middle + 1;
		else high = middle;
	}
	return low;
}
