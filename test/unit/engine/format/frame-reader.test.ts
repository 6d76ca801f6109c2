import { compressFrames } from '../../../../engine/format/frames';
import { readRange, readSeekTable } from '../../../../engine/format/frame-reader';
import { createSeekTable, encodeSeekTable } from '../../../../engine/format/seek-table';
import { blockBytes } from '../../../../engine/format/zstd-frame';
import { noise } from '../../../trees/odd-tree';
import { chunked, codeOf, collect, readerOf } from './chunks';

const concurrency = 2;

describe('random access', () => {
	const content = noise(3 * blockBytes + 1000, 4);
	let file: Buffer;
	beforeAll(async () => {
		file = await collect(compressFrames(chunked(content, [1 << 20]), { level: 1 }));
	});

	it.each([
		[0, 0],
		[0, 1],
		[blockBytes - 1, 2],
		[blockBytes, blockBytes],
		[100, 3 * blockBytes],
		[3 * blockBytes, 1000],
		[0, 3 * blockBytes + 1000],
	])('reads [%i, +%i)', async (offset, length) => {
		const { readAt } = readerOf(file);
		const table = await readSeekTable(readAt, file.length);
		const bytes = await collect(readRange(readAt, table, offset, length, { concurrency }));
		expect(bytes.equals(content.subarray(offset, offset + length))).toBe(true);
	});

	it('reads no frame it does not need', async () => {
		const { readAt, bytesRead } = readerOf(file);
		const table = await readSeekTable(readAt, file.length);
		expect(bytesRead()).toBe(9 + 17 + 4 * 8);
		await collect(readRange(readAt, table, 2 * blockBytes + 5, 10, { concurrency }));
		expect(bytesRead()).toBe(9 + 17 + 4 * 8 + table.frame(2).size);
	});

	it.each<[string, () => Buffer, string]>([
		['an empty file', () => Buffer.alloc(0), 'archive_truncated'],
		['8 bytes', () => file.subarray(-8), 'archive_truncated'],
		['a cut file', () => file.subarray(0, -1), 'archive_malformed'],
		['a file cut at the front', () => file.subarray(1), 'archive_malformed'],
		[
			'the seek table of a smaller file',
			() => Buffer.concat([Buffer.alloc(1), encodeSeekTable(createSeekTable())]),
			'archive_malformed',
		],
		[
			'a seek table larger than the file',
			() => Buffer.from('05000000' + '00' + 'b1ea928f', 'hex'),
			'archive_malformed',
		],
	])('refuses %s', async (_, make, code) => {
		const bytes = make();
		expect(await codeOf(() => readSeekTable(readerOf(bytes).readAt, bytes.length))).toBe(code);
	});

	it('refuses a frame that is not what the table says', async () => {
		const table = await readSeekTable(readerOf(file).readAt, file.length);
		const { size } = table.frame(0);
		const lying = createSeekTable();
		lying.add(size, blockBytes - 1);
		const joined = createSeekTable();
		joined.add(size + 10, blockBytes);
		const cut = createSeekTable();
		cut.add(size - 1, blockBytes);
		for (const [wrong, code] of [
			[lying, 'archive_malformed'],
			[joined, 'archive_truncated'],
			[cut, 'archive_truncated'],
		] as const) {
			const reading = () => collect(readRange(readerOf(file).readAt, wrong, 0, 1, { concurrency }));
			expect(await codeOf(reading)).toBe(code);
		}
	});

	it('refuses a reader that gives too little', async () => {
		const { readAt } = readerOf(file);
		const short = async (offset: number, length: number) => (await readAt(offset, length)).subarray(1);
		expect(await codeOf(() => readSeekTable(short, file.length))).toBe('archive_truncated');
	});
});
