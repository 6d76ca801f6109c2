import { execFileSync } from 'node:child_process';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import {
	compressFrames,
	decompressEach,
	decompressFrames,
	threadsFor,
} from '../../../../engine/format/frames';
import { createSeekTable, encodeSeekTable, parseSeekTable } from '../../../../engine/format/seek-table';
import { blockBytes } from '../../../../engine/format/zstd-frame';
import { noise } from '../../../trees/odd-tree';
import { chunked, codeOf, collect, gather } from './chunks';

const MiB = 1024 * 1024;

/** Half noise, half text, so that frames differ in size. */
function content(length: number): Buffer {
	const bytes = noise(length, length + 1);
	for (let at = 0; at + MiB <= length; at += 2 * MiB) bytes.fill('some text that repeats ', at, at + MiB);
	return bytes;
}

const compress = async (bytes: Buffer, level = 1, sizes?: readonly number[]) =>
	await collect(compressFrames(chunked(bytes, sizes), { level, threads: 2 }));
const decompress = async (bytes: Buffer, sizes?: readonly number[]) =>
	await collect(decompressFrames(chunked(bytes, sizes), { threads: 2 }));

/** Data frames by themselves, closed by their seek table. */
function fileOf(frames: readonly { bytes: Buffer; contentSize: number }[]): Buffer {
	const table = createSeekTable();
	for (const { bytes, contentSize } of frames) table.add(bytes.length, contentSize);
	return Buffer.concat([...frames.map(({ bytes }) => bytes), encodeSeekTable(table)]);
}
const frameOf = (bytes: Buffer) => ({
	bytes: zstdCompressSync(bytes, { pledgedSrcSize: bytes.length }),
	contentSize: bytes.length,
});

const boundaries = [
	0,
	1,
	blockBytes - 1,
	blockBytes,
	blockBytes + 1,
	2 * blockBytes - 1,
	2 * blockBytes,
	2 * blockBytes + 1,
];

describe('compressFrames', () => {
	it.each(boundaries)('gives %i bytes back, to us and to zstd', async (length) => {
		const bytes = content(length);
		const file = await compress(bytes);
		expect((await decompress(file)).equals(bytes)).toBe(true);
		expect(execFileSync('zstd', ['-dcq'], { input: file, maxBuffer: 64 * MiB }).equals(bytes)).toBe(true);
		execFileSync('zstd', ['-tq'], { input: file });
	});

	it.each(boundaries)('cuts %i bytes into frames of 4 MiB and tells where they are', async (length) => {
		const pieces = await gather(compressFrames(chunked(content(length), [MiB]), { level: 1, threads: 2 }));
		const table = parseSeekTable(pieces.at(-1)!);
		expect(table.frames).toBe(Math.ceil(length / blockBytes));
		expect(table.frames).toBe(pieces.length - 1);
		expect(table.contentSize).toBe(length);
		let offset = 0;
		for (const [index, piece] of pieces.slice(0, -1).entries()) {
			const contentSize = Math.min(blockBytes, length - index * blockBytes);
			const contentOffset = index * blockBytes;
			expect(table.frame(index)).toEqual({ index, offset, size: piece.length, contentOffset, contentSize });
			expect(zstdDecompressSync(piece)).toHaveLength(contentSize);
			offset += piece.length;
		}
	});

	it('gives the same file whatever the chunks', async () => {
		const bytes = content(2 * blockBytes + 12345);
		const file = await compress(bytes);
		for (const sizes of [[1_000_003], [4 * blockBytes], [blockBytes, 1], [7, 5 * MiB, 65_536]]) {
			expect((await compress(bytes, 1, sizes)).equals(file)).toBe(true);
		}
	});

	it('carries a checksum of its content in every frame', async () => {
		const bytes = noise(100_000, 5);
		const file = await compress(bytes);
		// Noise is stored raw, so that a flipped byte would go unnoticed without the checksum.
		file[50_000]! ^= 1;
		expect(await codeOf(() => decompress(file))).toBe('archive_malformed');
	});

	it.each([1, 3, 9, 19])('compresses at level %i', async (level) => {
		const bytes = content(blockBytes + 5);
		const file = await compress(bytes, level);
		expect(file.length).toBeLessThan(bytes.length * 0.51);
		expect((await decompress(file)).equals(bytes)).toBe(true);
	});

	it.each([0, 20, -1, 1.5, NaN])('refuses level %d', async (level) => {
		expect(await codeOf(() => compress(Buffer.alloc(1), level))).toBe('invalid_parameter');
	});

	it('passes the error of its source on, after the frames before it', async () => {
		const failure = new Error('source died');
		async function* source(): AsyncGenerator<Buffer> {
			yield* chunked(content(blockBytes + 100));
			throw failure;
		}
		const pieces: Buffer[] = [];
		const reading = (async () => {
			for await (const piece of compressFrames(source(), { level: 1, threads: 2 })) pieces.push(piece);
		})();
		await expect(reading).rejects.toBe(failure);
		expect(pieces).toHaveLength(1);
	});

	it('ends with the reason of its signal, also while its source stands still', async () => {
		const abort = new AbortController();
		const reason = new Error('no longer wanted');
		let standing: () => void;
		const standsStill = new Promise<void>((resolve) => (standing = resolve));
		async function* source(): AsyncGenerator<Buffer> {
			yield Buffer.alloc(100);
			standing();
			await new Promise(() => undefined);
		}
		const reading = collect(compressFrames(source(), { signal: abort.signal }));
		await standsStill;
		abort.abort(reason);
		await expect(reading).rejects.toBe(reason);
	});
});

describe('threadsFor', () => {
	it.each([
		[1, 1, 1],
		[1, 2, 2],
		[1, 64, 4],
		[5, 64, 4],
		[8, 64, 3],
		[9, 2, 2],
		[9, 64, 2],
		[12, 64, 1],
		[19, 64, 1],
	])('level %i on %i processors: %i', (level, cpus, threads) =>
		expect(threadsFor(level, cpus)).toBe(threads),
	);

	it('takes more when given more memory, and always one', () => {
		expect(threadsFor(19, 64, 1024 * MiB)).toBe(4);
		expect(threadsFor(19, 64, 1)).toBe(1);
	});
});

describe('decompressFrames', () => {
	it('yields a buffer per frame with its place', async () => {
		const frames = [noise(10, 1), Buffer.alloc(0), noise(300, 2)].map(frameOf);
		const file = fileOf(frames);
		const seen = await gather(decompressEach(chunked(file, [3])));
		expect(seen.map(({ offset, size, content: { length } }) => ({ offset, size, length }))).toEqual([
			{ offset: 0, size: frames[0]!.bytes.length, length: 10 },
			{
				offset: frames[0]!.bytes.length + frames[1]!.bytes.length,
				size: frames[2]!.bytes.length,
				length: 300,
			},
		]);
	});

	it('passes over skippable frames that the seek table counts', async () => {
		const skippable = Buffer.from('502a4d1803000000616263', 'hex');
		const data = frameOf(noise(1000, 3));
		const file = fileOf([data, { bytes: skippable, contentSize: 0 }, data]);
		expect(await decompress(file)).toHaveLength(2000);
	});

	it('takes any chunking', async () => {
		const large = content(blockBytes + 70_000);
		const small = noise(200_000, 9);
		for (const [bytes, sizes] of [
			[small, [1]],
			[small, [2, 3]],
			[large, [511]],
			[large, [MiB, 17]],
			[large, [8 * MiB]],
		] as const) {
			expect((await decompress(await compress(bytes), sizes)).equals(bytes)).toBe(true);
		}
	});

	it('calls every cut truncated', async () => {
		const file = fileOf([frameOf(noise(40, 1)), frameOf(noise(50, 2))]);
		for (let length = 0; length < file.length; length++) {
			expect([length, await codeOf(() => decompress(file.subarray(0, length)))]).toEqual([
				length,
				'archive_truncated',
			]);
		}
	});

	it('notices every flipped byte of content and structure', async () => {
		const bytes = noise(60, 1);
		const file = await compress(bytes);
		for (let at = 0; at < file.length; at++) {
			for (const bit of [1, 0x80]) {
				const damaged = Buffer.from(file);
				damaged[at]! ^= bit;
				let out: Buffer | undefined;
				const code = await codeOf(async () => (out = await decompress(damaged)));
				// A bit the format leaves unused may flip without a change of content.
				if (code === 'none') expect(out?.equals(bytes)).toBe(true);
				else expect(['archive_malformed', 'archive_truncated']).toContain(code);
			}
		}
	});

	it.each([
		['garbage', () => Buffer.from('this is no zstd file at all')],
		[
			'garbage after the seek table',
			() => Buffer.concat([fileOf([frameOf(noise(5, 1))]), Buffer.from('more')]),
		],
		['a frame after the seek table', () => Buffer.concat([fileOf([]), frameOf(noise(5, 1)).bytes])],
		['two seek tables', () => Buffer.concat([fileOf([]), fileOf([])])],
		['a seek table of fewer frames', () => Buffer.concat([frameOf(noise(5, 1)).bytes, fileOf([])])],
		['a seek table of other sizes', () => fileOf([{ ...frameOf(noise(5, 1)), contentSize: 6 }])],
		['a frame of more than 4 MiB', () => fileOf([frameOf(Buffer.alloc(blockBytes + 1))])],
		['a frame that hides its size', () => fileOf([{ bytes: hidingItsSize(), contentSize: 100 }])],
		['a frame with a dictionary id', () => fileOf([{ bytes: withDescriptor(0x21), contentSize: 0 }])],
		['a frame with a reserved bit', () => fileOf([{ bytes: withDescriptor(0x28), contentSize: 0 }])],
		['a frame with a huge window', () => fileOf([{ bytes: hugeWindow(), contentSize: 0 }])],
		['a frame that claims 2^60 bytes', () => fileOf([{ bytes: claiming(1n << 60n), contentSize: 0 }])],
		['a frame of endless empty blocks', () => Buffer.concat([header(0), Buffer.alloc(6 * MiB)])],
		['a frame that holds more than it claims', () => fileOf([{ bytes: rleBomb(7, 100), contentSize: 7 }])],
		['a frame that holds less than it claims', () => fileOf([{ bytes: rleBomb(7, 0), contentSize: 7 }])],
		['a block of the reserved type', () => Buffer.concat([header(0), Buffer.from([0x07, 0, 0])])],
		[
			'a block of more than 128 KiB',
			() => Buffer.concat([header(0), word((131_073 << 3) | 1), Buffer.alloc(MiB)]),
		],
		['a skippable frame of 4 GiB', () => Buffer.from('502a4d18ffffffff', 'hex')],
	])('refuses %s', async (_, make) => {
		expect(await codeOf(() => decompress(make()))).toBe('archive_malformed');
	});

	it('refuses a bomb without unpacking it', async () => {
		// 30,000 RLE blocks of 128 KiB: 3.9 GB in a frame of 120 KB.
		const bomb = fileOf([{ bytes: rleBomb(7, 131_072, 30_000), contentSize: 7 }]);
		const before = process.memoryUsage().external;
		expect(await codeOf(() => decompress(bomb))).toBe('archive_malformed');
		expect(process.memoryUsage().external - before).toBeLessThan(32 * MiB);
	});

	it('throws nothing but BackupErrors, whatever it is given', async () => {
		const valid = fileOf([frameOf(noise(300, 1)), frameOf(Buffer.alloc(5000)), frameOf(noise(10, 3))]);
		const edits = fc.array(fc.record({ at: fc.nat(valid.length - 1), byte: fc.nat(255) }), {
			minLength: 1,
			maxLength: 6,
		});
		const mutated = edits.map((list) => {
			const bytes = Buffer.from(valid);
			for (const { at, byte } of list) bytes[at] = byte;
			return bytes;
		});
		const input = fc.oneof(
			mutated,
			fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
			fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([header(50), bytes])),
		);
		await fc.assert(
			fc.asyncProperty(input, fc.integer({ min: 1, max: 400 }), async (bytes, size) => {
				expect(await codeOf(() => decompress(bytes, [size]))).toMatch(
					/^(none|archive_(malformed|truncated))$/,
				);
			}),
			{ numRuns: 400 },
		);
	});
});

const word = (value: number) => Buffer.from([value & 0xff, (value >> 8) & 0xff, value >> 16]);
/** Magic, descriptor for a single segment with a content size of one byte, that size. */
const header = (contentSize: number) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, contentSize]);
const lastEmptyBlock = word(1);

function withDescriptor(descriptor: number): Buffer {
	return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, 0, 0]), lastEmptyBlock]);
}

function hidingItsSize(): Buffer {
	const params = { [constants.ZSTD_c_contentSizeFlag]: 0 };
	return zstdCompressSync(Buffer.alloc(100, 'x'), { params });
}

/** Window of 2^41 bytes, content size of two bytes. */
function hugeWindow(): Buffer {
	return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x40, 31 << 3, 0, 0]), lastEmptyBlock]);
}

function claiming(size: bigint): Buffer {
	const bytes = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0]), Buffer.alloc(8), lastEmptyBlock]);
	bytes.writeBigUInt64LE(size, 5);
	return bytes;
}

/** A frame that claims `claimed` bytes and holds `blocks` RLE blocks of `size` bytes each. */
function rleBomb(claimed: number, size: number, blocks = 1): Buffer {
	const block = (last: boolean) =>
		Buffer.concat([word((size << 3) | (1 << 1) | (last ? 1 : 0)), Buffer.from('x')]);
	const list = Array.from({ length: blocks }, (_, index) => block(index === blocks - 1));
	return Buffer.concat([header(claimed), ...list]);
}
