import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { createSparseContentHash, extentsMax, holesMax } from '../../../../engine/format/content-hash';
import { noise } from '../../../trees/odd-tree';
import { codeOf } from './chunks';
import { padded } from './tar-blocks';

const sha256 = (...parts: readonly Buffer[]) => {
	const hash = createHash('sha256');
	for (const part of parts) hash.update(part);
	return hash.digest('hex');
};

type Extent = readonly [offset: number, size: number];
const mapOf = (extents: readonly Extent[]) =>
	`${extents.length}\n${extents.map(([offset, size]) => `${offset}\n${size}\n`).join('')}`;

function hashOf(stored: Buffer, size: number, sizes: readonly number[] = [stored.length]) {
	const content = createSparseContentHash(stored.length, size);
	for (let position = 0, index = 0; position < stored.length; index++) {
		const end = position + (sizes[index % sizes.length] ?? 1);
		content.update(stored.subarray(position, end));
		position = end;
	}
	return content.digest();
}

describe('sparse content', () => {
	it('hashes holes as zeros, whatever the extents and chunks', () => {
		const gap = fc.integer({ min: 0, max: 3000 });
		fc.assert(
			fc.property(
				fc.array(fc.tuple(gap, gap), { maxLength: 90 }),
				gap,
				fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 }),
				(gaps, tail, sizes) => {
					const extents: Extent[] = [];
					const content: Buffer[] = [];
					const data: Buffer[] = [];
					let position = 0;
					for (const [hole, length] of gaps) {
						const bytes = noise(length, position + 1);
						content.push(Buffer.alloc(hole), bytes);
						data.push(bytes);
						extents.push([position + hole, length]);
						position += hole + length;
					}
					content.push(Buffer.alloc(tail));
					const stored = Buffer.concat([padded(mapOf(extents)), ...data]);
					expect(hashOf(stored, position + tail, sizes)).toEqual({ sha256: sha256(...content) });
				},
			),
			{ numRuns: 200 },
		);
	});

	it('hashes as stored past 1 GiB of holes', () => {
		const stored = Buffer.concat([padded(mapOf([[0, 3]])), Buffer.from('abc')]);
		expect(hashOf(stored, stored.length + holesMax + 1)).toEqual({ sha256Stored: sha256(stored) });
	});

	it('hashes as stored past 65,536 extents, whatever the chunks', () => {
		const extents = Array.from({ length: extentsMax + 1 }, (_, index): Extent => [index * 2, 1]);
		const stored = Buffer.concat([padded(mapOf(extents)), Buffer.alloc(extents.length, 'x')]);
		for (const sizes of [[stored.length], [1, 2, 3], [5, 100_000]]) {
			expect(hashOf(stored, extents.length * 2, sizes)).toEqual({ sha256Stored: sha256(stored) });
		}
		const allowed = extents.slice(1);
		const content = Buffer.alloc(2 * extentsMax + 2);
		for (const [offset] of allowed) content[offset] = 0x78;
		const within = Buffer.concat([padded(mapOf(allowed)), Buffer.alloc(extentsMax, 'x')]);
		expect(hashOf(within, content.length)).toEqual({ sha256: sha256(content) });
	});

	it.each<[string, string, string, number]>([
		['no map', '', '', 10],
		['a cut map', '2\n0\n1\n', 'a', 10],
		['letters', 'two\n', '', 10],
		['a negative offset', '1\n-1\n1\n', 'a', 10],
		['an empty line', '1\n\n1\n', 'a', 10],
		['a leading zero', '1\n00\n1\n', 'a', 10],
		['a number past 2^53', '1\n99999999999999999\n1\n', 'a', 10],
		['overlapping extents', '2\n0\n2\n1\n2\n', 'abcd', 10],
		['extents out of order', '2\n5\n1\n0\n1\n', 'ab', 10],
		['an extent past the end', '1\n9\n2\n', 'ab', 10],
		['more data than extents', '1\n0\n1\n', 'ab', 10],
		['less data than extents', '1\n0\n3\n', 'ab', 10],
		['an offset and size past 2^53', '1\n9007199254740991\n9007199254740991\n', 'ab', 10],
		['no extents and data', '0\n', 'ab', 10],
	])('refuses a map with %s', async (_, map, data, size) => {
		const stored = Buffer.concat([padded(map), Buffer.from(data)]);
		for (const sizes of [[stored.length], [1]]) {
			expect(await codeOf(() => hashOf(stored, size, sizes))).toBe('archive_malformed');
		}
	});

	it('takes a file that is one hole, with an empty extent at its end or without', () => {
		const expected = { sha256: sha256(Buffer.alloc(5000)) };
		expect(hashOf(padded('0\n'), 5000)).toEqual(expected);
		expect(hashOf(padded('1\n5000\n0\n'), 5000)).toEqual(expected);
	});
});
