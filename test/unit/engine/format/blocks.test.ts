import * as fc from 'fast-check';
import { cutBlocks } from '../../../../engine/format/blocks';
import { reclaim } from '../../../../engine/format/reclaim';
import { blockBytes } from '../../../../engine/format/zstd-frame';
import { noise } from '../../../trees/odd-tree';
import { chunked } from './chunks';

describe('cutBlocks', () => {
	it('keeps the bytes, in full blocks, whatever the chunks', async () => {
		const bytes = noise(2 * blockBytes + 999, 1);
		const size = fc.oneof(
			fc.integer({ min: 5000, max: 100_000 }),
			fc.integer({ min: blockBytes - 2, max: 2 * blockBytes + 2 }),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 5 }), async (sizes) => {
				const seen: Buffer[] = [];
				for await (const block of cutBlocks(chunked(bytes, sizes))) {
					seen.push(Buffer.from(block.bytes));
					block.release();
				}
				expect(seen.map(({ length }) => length)).toEqual([blockBytes, blockBytes, 999]);
				expect(Buffer.concat(seen).equals(bytes)).toBe(true);
			}),
			{ numRuns: 20 },
		);
	});

	it('gives a chunk of a whole block away as it is', async () => {
		const chunk = noise(blockBytes + 10, 2);
		async function* source(): AsyncGenerator<Buffer> {
			yield chunk;
		}
		const first = await cutBlocks(source()).next();
		expect(first.value?.bytes.buffer).toBe(chunk.buffer);
	});

	it('uses a released buffer again and no other', async () => {
		const blocks = cutBlocks(chunked(noise(4 * blockBytes, 3), [100_000]));
		const take = async () => (await blocks.next()).value;
		const [one, two] = [await take(), await take()];
		expect(two?.bytes.buffer).not.toBe(one?.bytes.buffer);
		one?.release();
		const three = await take();
		expect(three?.bytes.buffer).toBe(one?.bytes.buffer);
		expect((await take())?.bytes.buffer).not.toBe(two?.bytes.buffer);
	});
});

describe('reclaim', () => {
	it('frees a large buffer and leaves a small one alone', () => {
		const large = Buffer.alloc(256 * 1024, 1);
		reclaim(large);
		expect(large).toHaveLength(0);
		const small = Buffer.from('shares its memory with others');
		reclaim(small);
		expect(small.toString()).toBe('shares its memory with others');
	});
});
