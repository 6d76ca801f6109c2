import fc from 'fast-check';
import {
	decodeFrames,
	encodeFrame,
	frameTypes,
	maxControlLength,
	maxDataLength,
	type Frame,
	type FrameType,
} from '../../../protocol/frames';

const types = Object.keys(frameTypes) as FrameType[];

async function decode(chunks: readonly Buffer[]): Promise<Frame[]> {
	const frames: Frame[] = [];
	const source = (async function* () {
		for (const chunk of chunks) yield await Promise.resolve(chunk);
	})();
	for await (const frame of decodeFrames(source))
		frames.push({ type: frame.type, body: Buffer.from(frame.body) });
	return frames;
}

const cut = (bytes: Buffer, size: number) =>
	Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
		bytes.subarray(index * size, (index + 1) * size),
	);

test('frames come back however the stream is cut', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 300 })), { maxLength: 8 }),
			fc.integer({ min: 1, max: 64 }),
			async (frames, size) => {
				const stream = Buffer.concat(frames.map(([type, body]) => encodeFrame(type, Buffer.from(body))));
				const decoded = await decode(cut(stream, size));
				expect(decoded.map((frame) => [frame.type, [...frame.body]])).toEqual(
					frames.map(([type, body]) => [type, [...body]]),
				);
			},
		),
	);
});

test.each([
	['data', maxDataLength],
	['job', maxControlLength],
] as const)('a %s frame holds %d bytes and not one more', async (type, most) => {
	const [frame] = await decode(cut(encodeFrame(type, Buffer.alloc(most, 1)), 1 << 20));
	expect(frame?.body.length).toBe(most);
	expect(() => encodeFrame(type, Buffer.alloc(most + 1))).toThrow(/too long/);
	const oversized = Buffer.from([frameTypes[type], 0xff, 0xff, 0xff, 0xff]);
	await expect(decode([oversized])).rejects.toMatchObject({ code: 'protocol_violation' });
});

test.each([1, 4, 5, 9])('a stream that ends after %d bytes of a frame is refused', async (length) => {
	const frame = encodeFrame('go', Buffer.from('hello'));
	await expect(decode([frame.subarray(0, length)])).rejects.toMatchObject({ code: 'protocol_violation' });
});

test('an unknown type is refused', async () => {
	await expect(decode([Buffer.from([200, 0, 0, 0, 0])])).rejects.toThrow('unknown frame type 200');
});
