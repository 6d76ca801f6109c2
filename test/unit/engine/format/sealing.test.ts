import * as fc from 'fast-check';
import { createSealer, sealStream } from '../../../../engine/format/sealing';
import { capacity, firstCapacity, segmentSize } from '../../../../engine/format/segments';
import {
	archiveVectors,
	cutInto,
	materialOf,
	named,
	open,
	seal,
	sealVector,
	sha256,
	tinkVectors,
	vectorPlaintext,
} from './fixtures';

const small = named(archiveVectors, 'raw-volume-100');
const large = named(archiveVectors, `raw-volume-${firstCapacity + 2 * capacity + 100}`);

describe.each([
	['the second writer’s', archiveVectors],
	['Tink’s', tinkVectors],
])('reproduces %s vectors', (_, vectors) => {
	test.each(vectors)('$name', (vector) => {
		const stored = sealVector(vector);
		expect(sha256(vectorPlaintext(vector.plaintextLength))).toBe(vector.plaintextSha256);
		expect(stored).toHaveLength(vector.storedSize);
		expect(sha256(stored)).toBe(vector.storedSha256);
		if (vector.stored !== undefined) expect(stored.toString('base64')).toBe(vector.stored);
	});
});

describe('the bytes do not depend on how the plaintext is cut', () => {
	const whole = vectorPlaintext(large.plaintextLength);
	test.each([1, 7, 4096, 16_383, 16_384, 65_537, capacity - 1, capacity, capacity + 1, 2 * segmentSize + 1])(
		'into chunks of %d',
		(size) => {
			expect(sha256(seal(materialOf(large), cutInto(whole, size)))).toBe(large.storedSha256);
		},
	);

	test('into chunks of any sizes, empty ones too', () => {
		const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(40_000), fc.nat(segmentSize)), { maxLength: 30 });
		fc.assert(
			fc.property(sizes, (lengths) => {
				let at = 0;
				const chunks = lengths.map((length) => whole.subarray(at, (at += length)));
				expect(sha256(seal(materialOf(large), [...chunks, whole.subarray(at)]))).toBe(large.storedSha256);
			}),
			{ numRuns: 30 },
		);
	});
});

describe('what comes out when', () => {
	const lengthOf = (pieces: Buffer[]) => pieces.reduce((sum, piece) => sum + piece.length, 0);

	test('headers with the first call, a full segment only once more is there', () => {
		const sealer = createSealer(materialOf(large));
		expect(lengthOf(sealer.push(Buffer.alloc(0)))).toBe(124);
		expect(lengthOf(sealer.push(Buffer.alloc(firstCapacity)))).toBe(0);
		expect(lengthOf(sealer.push(Buffer.alloc(1)))).toBe(segmentSize - 40);
		expect(lengthOf(sealer.push(Buffer.alloc(capacity - 1)))).toBe(0);
		expect(lengthOf(sealer.push(Buffer.alloc(2 * capacity)))).toBe(2 * segmentSize);
		expect(lengthOf(sealer.end())).toBe(segmentSize);
	});

	test('an empty plaintext is one empty segment', () => {
		expect(lengthOf(createSealer(materialOf(large)).end())).toBe(140);
	});
});

test('two streams of the same plaintext under the same key share nothing behind the header', () => {
	const bytes = (fill: number) => ({ bytes: (length: number) => Buffer.alloc(length, fill) });
	const [a, b] = [1, 2].map((fill) =>
		seal({ ...materialOf(small), random: bytes(fill) }, [vectorPlaintext(100)]),
	);
	expect(a!.subarray(0, 84)).toEqual(b!.subarray(0, 84));
	expect(a!.subarray(124)).not.toEqual(b!.subarray(124));
});

test('refuses a header whose commitment is of another key', () => {
	expect(() => createSealer({ ...materialOf(small), archiveKey: Buffer.alloc(32) })).toThrow(RangeError);
});

test('an ended sealer seals no more', () => {
	const sealer = createSealer(materialOf(small));
	sealer.end();
	expect(() => sealer.push(Buffer.alloc(1))).toThrow('ended');
	expect(() => sealer.end()).toThrow('ended');
});

describe('sealStream', () => {
	test('seals a whole source', async () => {
		const pieces: Buffer[] = [];
		async function* source() {
			yield* cutInto(vectorPlaintext(large.plaintextLength), 100_003);
		}
		for await (const piece of sealStream(source(), materialOf(large))) pieces.push(piece);
		expect(sha256(Buffer.concat(pieces))).toBe(large.storedSha256);
	});

	test('an error of the source leaves an archive that nobody takes for whole', async () => {
		const pieces: Buffer[] = [];
		async function* source() {
			yield vectorPlaintext(firstCapacity + capacity + 1);
			throw new Error('disk on fire');
		}
		const run = async () => {
			for await (const piece of sealStream(source(), materialOf(small))) pieces.push(piece);
		};
		await expect(run()).rejects.toThrow('disk on fire');
		expect(open(pieces, materialOf(small)).error?.code).toBe('archive_truncated');
	});
});
