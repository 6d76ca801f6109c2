import * as fc from 'fast-check';
import {
	capacity,
	firstCapacity,
	fullSegmentSize,
	locate,
	maxSegments,
	plaintextSize,
	prologueLength,
	sealedSize,
	segmentCount,
	segmentRange,
	segmentSize,
} from '../../../../engine/format/segments';
import { archiveVectors } from './fixtures';

const code = (expected: string) => expect.objectContaining({ code: expected });

test('the constants of AES256_GCM_HKDF_1MB', () => {
	expect({ segmentSize, prologueLength, firstCapacity, capacity }).toEqual({
		segmentSize: 1_048_576,
		prologueLength: 124,
		firstCapacity: 1_048_520,
		capacity: 1_048_560,
	});
});

test.each(archiveVectors)('sizes of vector $name', ({ plaintextLength, storedSize }) => {
	expect(sealedSize(plaintextLength)).toBe(storedSize);
	expect(plaintextSize(storedSize)).toBe(plaintextLength);
});

test.each([
	[0, 1],
	[1, 1],
	[firstCapacity, 1],
	[firstCapacity + 1, 2],
	[firstCapacity + capacity, 2],
	[firstCapacity + capacity + 1, 3],
	[firstCapacity + 9 * capacity, 10],
])('%d bytes make %d segments', (length, count) => {
	expect(segmentCount(sealedSize(length))).toBe(count);
});

const large = fc.oneof(
	fc.nat(5 * segmentSize),
	fc.maxSafeInteger().map((n) => Math.abs(n) % 2 ** 51),
);

test('sizes go there and back', () => {
	fc.assert(fc.property(large, (length) => expect(plaintextSize(sealedSize(length))).toBe(length)));
});

test('ranges tile the file and the plaintext', () => {
	fc.assert(
		fc.property(fc.nat(8 * segmentSize), (length) => {
			const size = sealedSize(length);
			let stored = prologueLength;
			let plain = 0;
			for (let index = 0; index < segmentCount(size); index += 1) {
				const range = segmentRange(index, size);
				expect(range).toMatchObject({ index, start: stored, plaintextStart: plain });
				expect(range.isLast).toBe(index === segmentCount(size) - 1);
				if (!range.isLast) expect(range.end - range.start).toBe(fullSegmentSize(index));
				stored = range.end;
				plain = range.plaintextEnd;
			}
			expect([stored, plain]).toEqual([size, length]);
		}),
	);
});

test('locate gives exactly the segments that overlap', () => {
	fc.assert(
		fc.property(fc.nat(8 * segmentSize), fc.nat(), fc.nat(), (total, a, b) => {
			const [from, to] = [a % (total + 1), b % (total + 1)].sort((x, y) => x - y) as [number, number];
			const size = sealedSize(total);
			const all = Array.from({ length: segmentCount(size) }, (_, i) => segmentRange(i, size));
			const overlapping = all.filter((s) => from < to && s.plaintextStart < to && from < s.plaintextEnd);
			expect(locate(from, to - from, size)).toEqual(overlapping);
		}),
	);
});

describe('refusals', () => {
	test.each([0, 83, 84, 123, 124, 139])('no archive is %d bytes', (size) => {
		expect(() => segmentCount(size)).toThrow(code('archive_truncated'));
	});
	test.each([1, 15])('nor ends %d bytes into a segment', (bytes) => {
		expect(() => segmentCount(84 + segmentSize + bytes)).toThrow(code('archive_truncated'));
	});
	test('the smallest is 140 bytes', () => expect(plaintextSize(140)).toBe(0));
	test('2^32 − 1 segments are the most', () => {
		const most = 84 + maxSegments * segmentSize;
		expect(segmentCount(most)).toBe(maxSegments);
		expect(segmentRange(maxSegments - 1, most)).toMatchObject({ isLast: true, end: most });
		expect(() => segmentCount(most + tag)).toThrow(code('archive_malformed'));
	});
	const tag = 16;
	test.each([-1, 2, 0.5, NaN])('no segment %d of 2', (index) => {
		expect(() => segmentRange(index, sealedSize(firstCapacity + 1))).toThrow(RangeError);
	});
	test.each([
		[-1, 1],
		[0, -1],
		[0, 101],
		[100, 1],
		[0.5, 1],
		[NaN, 1],
		[0, NaN],
		[Infinity, 0],
	])('no range %d+%d of 100 bytes', (offset, length) => {
		expect(() => locate(offset, length, sealedSize(100))).toThrow(RangeError);
	});
	test('an empty range needs no segment', () => expect(locate(100, 0, sealedSize(100))).toEqual([]));
});
