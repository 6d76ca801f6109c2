/**
 * Where the bytes of a part wait until they are stored, so that they can be sent again: in a buffer that is
 * used again for later parts, or in a file of the scratch folder. Their CRC-32 grows with them.
 */
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { RandomSource } from '../../../protocol/environment';
import { createBufferPool } from '../../format/buffer-pool';
import type { PartPlan } from './parts';

export interface PartBuffer {
	readonly length: number;
	/** Base64, as S3 wants it. */
	readonly checksum: string;
	append(bytes: Buffer): Promise<void>;
	/** The bytes from the start; `moved` is called as they are taken. */
	read(moved: () => void): Readable;
	/** Nobody reads it any more. May be called again. */
	release(): Promise<void>;
}

export type OpenPart = () => Promise<PartBuffer>;

/** What is handed to the socket at once: more would be copied whole by TLS. */
const pieceLength = 512 * 1024;

export function partBuffers(plan: PartPlan, scratch: string | null, random: RandomSource): OpenPart {
	if (plan.kept === 'memory' || scratch === null) return inMemory(plan.partBytes);
	return inFiles(scratch, random);
}

function inMemory(partBytes: number): OpenPart {
	const pool = createBufferPool(partBytes);
	return async () => {
		let buffer: Buffer | undefined = pool.take();
		let length = 0;
		let sum = 0;
		const held = () => {
			if (!buffer) throw new Error('the part was released');
			return buffer;
		};
		return {
			get length() {
				return length;
			},
			get checksum() {
				return encodeSum(sum);
			},
			async append(bytes) {
				bytes.copy(held(), length);
				length += bytes.length;
				sum = crc32(bytes, sum);
			},
			read: (moved) => readPieces(held().subarray(0, length), moved),
			async release() {
				if (buffer) pool.give(buffer);
				buffer = undefined;
			},
		};
	};
}

function readPieces(bytes: Buffer, moved: () => void): Readable {
	let position = 0;
	return new Readable({
		highWaterMark: pieceLength,
		read() {
			moved();
			const piece = bytes.subarray(position, position + pieceLength);
			position += piece.length;
			this.push(piece.length === 0 ? null : piece);
		},
	});
}

function inFiles(scratch: string, random: RandomSource): OpenPart {
	return async () => {
		const path = join(scratch, `part-${random.bytes(8).toString('hex')}`);
		const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
		const handle = await open(path, flags, 0o600);
		// The file lives by its handle alone: a process that dies leaves none behind.
		await rm(path);
		let length = 0;
		let sum = 0;
		let released = false;
		return {
			get length() {
				return length;
			},
			get checksum() {
				return encodeSum(sum);
			},
			async append(bytes) {
				sum = crc32(bytes, sum);
				for (let written = 0; written < bytes.length; ) {
					const { bytesWritten } = await handle.write(
						bytes,
						written,
						bytes.length - written,
						length + written,
					);
					written += bytesWritten;
				}
				length += bytes.length;
			},
			read: (moved) =>
				Readable.from(
					(async function* () {
						for (let position = 0; position < length; ) {
							const piece = Buffer.allocUnsafe(Math.min(pieceLength, length - position));
							const { bytesRead } = await handle.read(piece, 0, piece.length, position);
							if (bytesRead === 0) throw new Error('the scratch file lost bytes');
							position += bytesRead;
							moved();
							yield piece.subarray(0, bytesRead);
						}
					})(),
					{ objectMode: false, highWaterMark: pieceLength },
				),
			async release() {
				if (released) return;
				released = true;
				await handle.close();
			},
		};
	};
}

function encodeSum(sum: number): string {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(sum);
	return bytes.toString('base64');
}
