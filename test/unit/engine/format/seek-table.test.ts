import * as fc from 'fast-check';
import {
	createSeekTable,
	encodeSeekTable,
	framesMax,
	locate,
	parseSeekTable,
	parseSeekTableFooter,
	type SeekTable,
} from '../../../../engine/format/seek-table';
import { blockBytes, frameBytesMax } from '../../../../engine/format/zstd-frame';
import { codeOf } from './chunks';

function tableOf(...frames: (readonly [size: number, contentSize: number])[]): SeekTable {
	const table = createSeekTable();
	for (const [size, contentSize] of frames) table.add(size, contentSize);
	return table;
}

const sizes = fc.tuple(fc.integer({ min: 0, max: frameBytesMax }), fc.integer({ min: 0, max: blockBytes }));
const all = (table: SeekTable) => Array.from({ length: table.frames }, (_, index) => table.frame(index));

describe('seek table', () => {
	it('is the seekable format, byte for byte', () => {
		expect(encodeSeekTable(tableOf([0x1234, 0x400000], [7, 1])).toString('hex')).toBe(
			[
				'5e2a4d18',
				'19000000',
				'34120000',
				'00004000',
				'07000000',
				'01000000',
				'02000000',
				'00',
				'b1ea928f',
			].join(''),
		);
		expect(encodeSeekTable(tableOf()).toString('hex')).toBe(
			'5e2a4d18' + '09000000' + '00000000' + '00' + 'b1ea928f',
		);
	});

	it('comes back as it was', () => {
		fc.assert(
			fc.property(fc.array(sizes, { maxLength: 50 }), (frames) => {
				const table = tableOf(...frames);
				expect(all(parseSeekTable(encodeSeekTable(table)))).toEqual(all(table));
			}),
		);
	});

	it('takes tables with checksums from other writers', () => {
		const bytes = Buffer.from(
			'5e2a4d18' + '15000000' + '0a000000' + '14000000' + 'deadbeef' + '01000000' + '80' + 'b1ea928f',
			'hex',
		);
		expect(all(parseSeekTable(bytes))).toEqual([
			{ index: 0, offset: 0, size: 10, contentOffset: 0, contentSize: 20 },
		]);
	});

	it('counts past 4 GiB exactly', () => {
		const table = tableOf(...Array.from({ length: 3000 }, () => [frameBytesMax, blockBytes] as const));
		expect(table.contentSize).toBe(3000 * blockBytes);
		expect(parseSeekTable(encodeSeekTable(table)).frame(2999).offset).toBe(2999 * frameBytesMax);
	});

	const valid = encodeSeekTable(tableOf([10, 20], [30, 40]));
	const edited = (edit: (bytes: Buffer) => unknown) => {
		const bytes = Buffer.from(valid);
		edit(bytes);
		return bytes;
	};
	it.each<[string, Buffer]>([
		['nothing', Buffer.alloc(0)],
		['16 bytes', valid.subarray(-16)],
		['a cut table', valid.subarray(1)],
		['another magic number', edited((bytes) => bytes.writeUInt8(0x50, 0))],
		['a wrong frame size', edited((bytes) => bytes.writeUInt32LE(26, 4))],
		['a frame size of 4 GiB', edited((bytes) => bytes.writeUInt32LE(0xffffffff, 4))],
		['fewer frames', edited((bytes) => bytes.writeUInt32LE(1, valid.length - 9))],
		['more frames', edited((bytes) => bytes.writeUInt32LE(3, valid.length - 9))],
		['2^32 − 1 frames', edited((bytes) => bytes.writeUInt32LE(0xffffffff, valid.length - 9))],
		['a checksum flag without checksums', edited((bytes) => bytes.writeUInt8(0x80, valid.length - 5))],
		['a reserved bit', edited((bytes) => bytes.writeUInt8(0x04, valid.length - 5))],
		['another footer magic', edited((bytes) => bytes.writeUInt8(0, valid.length - 1))],
		['a frame of 4 GiB', edited((bytes) => bytes.writeUInt32LE(0xffffffff, 8))],
		['a frame of 4 GiB of content', edited((bytes) => bytes.writeUInt32LE(0xffffffff, 12))],
		['a frame one byte too large', edited((bytes) => bytes.writeUInt32LE(frameBytesMax + 1, 8))],
		['a content one byte too large', edited((bytes) => bytes.writeUInt32LE(blockBytes + 1, 12))],
	])('refuses %s', async (_, bytes) => {
		expect(await codeOf(() => parseSeekTable(bytes))).toBe('archive_malformed');
	});

	it('refuses a footer that claims too many frames before anything is read', async () => {
		const footer = Buffer.from(valid.subarray(-9));
		footer.writeUInt32LE(framesMax + 1, 0);
		expect(await codeOf(() => parseSeekTableFooter(footer))).toBe('archive_malformed');
		footer.writeUInt32LE(framesMax, 0);
		expect(parseSeekTableFooter(footer).size).toBe(17 + 8 * framesMax);
	});

	it('throws nothing but BackupErrors', async () => {
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
			fc
				.tuple(fc.nat(valid.length - 1), fc.nat(255))
				.map(([at, value]) => edited((copy) => copy.writeUInt8(value, at))),
		);
		await fc.assert(
			fc.asyncProperty(bytes, async (input) => {
				expect(await codeOf(() => parseSeekTable(input))).toMatch(/^(none|archive_malformed)$/);
			}),
			{ numRuns: 1000 },
		);
	});
});

describe('locate', () => {
	const table = tableOf([5, 10], [6, 0], [7, 10], [8, 3]);
	it.each<[number, number, number[]]>([
		[0, 0, []],
		[0, 1, [0]],
		[9, 1, [0]],
		[9, 2, [0, 2]],
		[10, 1, [2]],
		[19, 1, [2]],
		[19, 2, [2, 3]],
		[22, 1, [3]],
		[0, 23, [0, 2, 3]],
		[23, 0, []],
	])('finds [%i, +%i) in frames %j', (offset, length, frames) => {
		expect(locate(table, offset, length).map(({ index }) => index)).toEqual(frames);
	});

	it.each([
		[23, 1],
		[0, 24],
		[-1, 1],
		[0, -1],
		[0.5, 1],
		[NaN, 1],
		[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
		[2 ** 60, 1],
	])('refuses [%d, +%d)', async (offset, length) => {
		expect(await codeOf(() => locate(table, offset, length))).toBe('archive_malformed');
	});

	it('finds exactly the frames that overlap', () => {
		fc.assert(
			fc.property(
				fc.array(sizes, { minLength: 1, maxLength: 30 }),
				fc.double({ min: 0, max: 1, noNaN: true }),
				fc.double({ min: 0, max: 1, noNaN: true }),
				(frames, a, b) => {
					const random = tableOf(...frames);
					const offset = Math.floor(random.contentSize * a);
					const length = Math.floor((random.contentSize - offset) * b);
					const overlapping = all(random).filter(
						(frame) =>
							length > 0 &&
							frame.contentSize > 0 &&
							frame.contentOffset < offset + length &&
							frame.contentOffset + frame.contentSize > offset,
					);
					expect(locate(random, offset, length)).toEqual(overlapping);
				},
			),
		);
	});

	it('knows no frame outside the table', () => {
		for (const index of [-1, 4, 0.5]) expect(() => table.frame(index)).toThrow(RangeError);
	});
});
