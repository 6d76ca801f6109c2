import * as fc from 'fast-check';
import { createSegmentOpener } from '../../../../engine/format/segment-opening';
import {
	capacity,
	firstCapacity,
	locate,
	prologueLength,
	segmentRange,
} from '../../../../engine/format/segments';
import { archiveVectors, materialOf, named, sealVector, vectorPlaintext } from './fixtures';

const vector = named(archiveVectors, `raw-volume-${firstCapacity + 2 * capacity + 100}`);
const stored = sealVector(vector);
const plaintext = vectorPlaintext(vector.plaintextLength);
const { archiveKey } = materialOf(vector);
const opener = createSegmentOpener(stored.subarray(0, prologueLength), { archiveKey, name: 'a.enc' });
const bytesOf = (index: number) => {
	const { start, end } = segmentRange(index, stored.length);
	return stored.subarray(start, end);
};
const code = (expected: string) => expect.objectContaining({ code: expected });

test('any range of the plaintext comes from its segments alone', () => {
	const edges = [
		0,
		1,
		firstCapacity - 1,
		firstCapacity,
		firstCapacity + capacity,
		plaintext.length - 1,
		plaintext.length,
	];
	const offset = fc.oneof(fc.nat(plaintext.length), fc.constantFrom(...edges));
	fc.assert(
		fc.property(offset, offset, (a, b) => {
			const [from, to] = [Math.min(a, b), Math.max(a, b)];
			const segments = locate(from, to - from, stored.length);
			const opened = segments.map((s) =>
				opener.openSegment(s.index, s.isLast, stored.subarray(s.start, s.end)),
			);
			const skipped = from - (segments[0]?.plaintextStart ?? from);
			const range = Buffer.concat(opened).subarray(skipped, skipped + to - from);
			expect(range.equals(plaintext.subarray(from, to))).toBe(true);
		}),
		{ numRuns: 40 },
	);
});

test('a segment in another’s place is tampering', () => {
	expect(() => opener.openSegment(1, false, bytesOf(2))).toThrow(code('archive_tampered'));
	expect(() => opener.openSegment(2, false, bytesOf(1))).toThrow(code('archive_tampered'));
});

test('a segment of another archive is tampering', () => {
	const other = sealVector(named(archiveVectors, 'raw-volume-100')).subarray(prologueLength);
	expect(() => opener.openSegment(3, true, other)).toThrow(code('archive_tampered'));
});

test('a false end is truncation, an end that is none is tampering', () => {
	expect(() => opener.openSegment(1, true, bytesOf(1))).toThrow(code('archive_truncated'));
	const full = named(archiveVectors, `raw-volume-${firstCapacity}`);
	const bytes = sealVector(full);
	const one = createSegmentOpener(bytes, { archiveKey });
	expect(() => one.openSegment(0, false, bytes.subarray(prologueLength))).toThrow(code('archive_tampered'));
});

test('every flipped byte of a segment is found', () => {
	const segment = bytesOf(3);
	for (let offset = 0; offset < segment.length; offset += 1) {
		const bytes = Buffer.from(segment);
		bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset);
		expect(() => opener.openSegment(3, true, bytes)).toThrow(code('archive_tampered'));
	}
});

test('lengths that no segment has', () => {
	expect(() => opener.openSegment(1, false, bytesOf(1).subarray(1))).toThrow(code('archive_truncated'));
	expect(() => opener.openSegment(3, true, Buffer.alloc(15))).toThrow(code('archive_truncated'));
	expect(() => opener.openSegment(0, false, bytesOf(1))).toThrow(RangeError);
});

test('a prologue cut short is truncation, named', () => {
	for (const length of [0, 83, 84, 123]) {
		expect(() => createSegmentOpener(stored.subarray(0, length), { archiveKey, name: 'a.enc' })).toThrow(
			expect.objectContaining({ code: 'archive_truncated', message: expect.stringMatching(/^a\.enc /) }),
		);
	}
});
