import * as fc from 'fast-check';
import { createByteQueue } from '../../../../engine/format/byte-queue';

/** Chunk sizes around what is copied (below 16 KiB) and the block it is copied into (64 KiB). */
const sizes = fc.oneof(
	fc.integer({ min: 0, max: 40 }),
	fc.constantFrom(16_383, 16_384, 16_385, 65_535, 65_536, 65_537),
);
const steps = fc.array(fc.record({ push: sizes, take: fc.double({ min: 0, max: 1, noNaN: true }) }), {
	maxLength: 60,
});

test('gives back what was pushed, in order, whatever the sizes', () => {
	fc.assert(
		fc.property(steps, (script) => {
			const queue = createByteQueue();
			const pushed: Buffer[] = [];
			const taken: Buffer[] = [];
			let value = 0;
			let length = 0;
			for (const step of script) {
				const chunk = Buffer.alloc(step.push).map(() => (value = (value * 31 + 7) & 255));
				pushed.push(Buffer.from(chunk));
				queue.push(Buffer.from(chunk));
				const wanted = Math.floor((length + chunk.length) * step.take);
				const got = Buffer.concat(queue.take(wanted));
				expect(got).toHaveLength(wanted);
				length += chunk.length - wanted;
				expect(queue.length).toBe(length);
				taken.push(got);
			}
			taken.push(...queue.take(length));
			expect(Buffer.concat(taken).equals(Buffer.concat(pushed))).toBe(true);
		}),
	);
});

test('small chunks may change after the push, since they were copied', () => {
	const queue = createByteQueue();
	const chunk = Buffer.from('abc');
	queue.push(chunk);
	chunk.fill(0);
	expect(Buffer.concat(queue.take(3)).toString()).toBe('abc');
});

test('a million single bytes become few pieces', () => {
	const queue = createByteQueue();
	const byte = Buffer.from([1]);
	for (let i = 0; i < 1_000_000; i += 1) queue.push(byte);
	expect(queue.take(1_000_000).length).toBeLessThan(20);
});

test('refuses to give more than there is', () => {
	const queue = createByteQueue();
	queue.push(Buffer.alloc(5));
	expect(() => queue.take(6)).toThrow(RangeError);
	expect(queue.take(5)).toHaveLength(1);
});
