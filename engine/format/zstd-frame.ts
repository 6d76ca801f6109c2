/**
 * Finds the zstd frames in a byte stream without decompressing them (RFC 8878, section 3.1).
 *
 * `createFrameSplitter` takes chunks of any size and gives back whole frames, in order, copied into buffers that
 * are used again once a frame is released. It holds at most one frame, whatever the stream claims: a data frame
 * must state its content size, need no dictionary, and stay within `blockBytes` of content and of window; a
 * skippable frame may be as long as a seek table of the frames seen, or 64 KiB. Everything else is
 * `archive_malformed`. A stream that ends inside a frame is `archive_truncated`.
 */
import { BackupError } from '../../protocol/errors';
import { createBufferPool } from './buffer-pool';

/** Content bytes of one frame, at most: every frame but the last of an archive holds exactly so many. */
export const blockBytes = 4 * 1024 * 1024;

/** Compressed bytes of one frame, at most: zstd's own bound (ZSTD_compressBound) for `blockBytes`. */
export const frameBytesMax = blockBytes + (blockBytes >> 8);

export const skippableMagic = 0x184d2a50;
const dataMagic = 0xfd2fb528;
const zstdBlockBytesMax = 128 * 1024;
const skippableBytesMin = 64 * 1024;
const seekTableEntryBytesMax = 12;
const blockTypes = { rle: 1, compressed: 2 } as const;

export interface DataFrame {
	readonly kind: 'data';
	readonly bytes: Buffer;
	/** Bytes it will decompress to, as its header states. */
	readonly contentSize: number;
	/** Hands the buffer back; the bytes may change from then on. */
	release(): void;
}

export interface SkippableFrame {
	readonly kind: 'skippable';
	/** Never used again. */
	readonly bytes: Buffer;
	/** The low four bits of the magic number. */
	readonly variant: number;
}

export type Frame = DataFrame | SkippableFrame;

export interface FrameSplitter {
	/** The frames that end in this chunk. */
	push(chunk: Buffer): Frame[];
	/** Throws `archive_truncated` unless the stream ended between frames. */
	end(): void;
}

const malformed = (what: string) => new BackupError('archive_malformed', `zstd frame: ${what}`);

interface FrameHeader {
	readonly contentSize: number;
	readonly checksum: boolean;
}

const magicSize = 4;
const descriptorEnd = 5;
const skippableHeaderSize = 8;
const blockHeaderSize = 3;
const checksumSize = 4;

/** Bytes of a frame header with this descriptor, the magic number included. */
function headerSizeOf(descriptor: number): number {
	const contentSizeFlag = descriptor >> 6;
	const singleSegment = (descriptor & 0x20) !== 0;
	if ((descriptor & 0x08) !== 0) throw malformed('a reserved bit is set');
	if ((descriptor & 0x03) !== 0) throw malformed('it needs a dictionary');
	if (contentSizeFlag === 0 && !singleSegment) throw malformed('it does not state its content size');
	return descriptorEnd + (singleSegment ? 0 : 1) + (1 << contentSizeFlag);
}

function parseHeader(bytes: Buffer): FrameHeader {
	const descriptor = bytes.readUInt8(magicSize);
	if ((descriptor & 0x20) === 0) {
		const window = bytes.readUInt8(descriptorEnd);
		const base = 2 ** (10 + (window >> 3));
		if (base + (base / 8) * (window & 7) > blockBytes) throw malformed('its window is too large');
	}
	const contentSize = contentSizeOf(bytes, descriptor >> 6);
	if (contentSize > blockBytes) throw malformed(`it claims ${contentSize} bytes of content`);
	return { contentSize, checksum: (descriptor & 0x04) !== 0 };
}

/** The content size is the header's last field. */
function contentSizeOf(header: Buffer, flag: number): number {
	if (flag === 0) return header.readUInt8(header.length - 1);
	if (flag === 1) return header.readUInt16LE(header.length - 2) + 256;
	if (flag === 2) return header.readUInt32LE(header.length - 4);
	return Number(header.readBigUInt64LE(header.length - 8));
}

/** What the bytes up to `wanted` complete. */
type Part = 'magic' | 'descriptor' | 'header' | 'skippable header' | 'block header' | 'block' | 'last block';

export function createFrameSplitter(): FrameSplitter {
	const pool = createBufferPool(frameBytesMax);
	/** The frame so far: `size` bytes, of which the next part is complete at `wanted`. */
	let frame: Buffer | undefined;
	let size = 0;
	let part: Part = 'magic';
	let wanted = magicSize;
	/** Undefined before a frame's header is complete and for skippable frames. */
	let header: FrameHeader | undefined;
	let framesSeen = 0;

	function next(following: Part, length: number): void {
		part = following;
		wanted = size + length;
		if (header !== undefined && wanted > frameBytesMax) {
			throw malformed(`it is longer than ${frameBytesMax} bytes`);
		}
	}

	/** Acts on a complete part; gives the frame when that was its last. */
	function advance(bytes: Buffer): Frame | undefined {
		switch (part) {
			case 'magic': {
				const magic = bytes.readUInt32LE(0);
				if (magic === dataMagic) next('descriptor', 1);
				else if ((magic & 0xfffffff0) >>> 0 === skippableMagic) next('skippable header', 4);
				else throw malformed('there is none where one must begin');
				return undefined;
			}
			case 'descriptor':
				next('header', headerSizeOf(bytes.readUInt8(magicSize)) - descriptorEnd);
				return undefined;
			case 'header':
				header = parseHeader(bytes.subarray(0, size));
				next('block header', blockHeaderSize);
				return undefined;
			case 'skippable header':
				beginSkippable(bytes.readUInt32LE(magicSize));
				return undefined;
			case 'block header':
				beginBlock(bytes.readUIntLE(size - blockHeaderSize, blockHeaderSize));
				return undefined;
			case 'block':
				next('block header', blockHeaderSize);
				return undefined;
			case 'last block':
				return complete(bytes);
		}
	}

	function beginSkippable(length: number): void {
		const limit = skippableBytesMin + framesSeen * seekTableEntryBytesMax;
		if (length > limit) throw malformed(`a skippable one claims ${length} bytes`);
		if (skippableHeaderSize + length > frameBytesMax) {
			const larger = Buffer.allocUnsafeSlow(skippableHeaderSize + length);
			frame?.copy(larger, 0, 0, skippableHeaderSize);
			frame = larger;
		}
		next('last block', length);
	}

	function beginBlock(word: number): void {
		const last = (word & 1) === 1;
		const type = (word >> 1) & 3;
		const length = word >> 3;
		if (type > blockTypes.compressed) throw malformed('a block is of the reserved type');
		if (length > zstdBlockBytesMax) throw malformed(`a block is of ${length} bytes`);
		const stored = type === blockTypes.rle ? 1 : length;
		if (last) next('last block', stored + (header?.checksum === true ? checksumSize : 0));
		else next('block', stored);
	}

	function complete(buffer: Buffer): Frame {
		const bytes = buffer.subarray(0, size);
		const known = header;
		header = undefined;
		frame = undefined;
		size = 0;
		framesSeen++;
		next('magic', magicSize);
		if (known === undefined) return { kind: 'skippable', bytes, variant: bytes.readUInt8(0) & 0x0f };
		return { kind: 'data', bytes, contentSize: known.contentSize, release: () => pool.give(buffer) };
	}

	return {
		push(chunk) {
			const frames: Frame[] = [];
			let position = 0;
			// A part without bytes (an empty block) is complete even at the chunk's end.
			while (position < chunk.length || size === wanted) {
				frame ??= pool.take();
				const copied = chunk.copy(frame, size, position, position + wanted - size);
				position += copied;
				size += copied;
				if (size < wanted) break;
				const whole = advance(frame);
				if (whole !== undefined) frames.push(whole);
			}
			return frames;
		},
		end() {
			if (size > 0) throw new BackupError('archive_truncated', 'the archive ends inside a zstd frame');
		},
	};
}
