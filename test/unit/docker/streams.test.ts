import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { demultiplex } from '../../../docker/streams';

const stdout = 1;
const stderr = 2;

function frame(stream: number, payload: Buffer | string): Buffer {
	const bytes = Buffer.from(payload);
	const header = Buffer.alloc(8);
	header.writeUInt8(stream, 0);
	header.writeUInt32BE(bytes.length, 4);
	return Buffer.concat([header, bytes]);
}

/** The bytes cut into chunks of these lengths, over and over. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
	const chunks: Buffer[] = [];
	for (let at = 0, turnOf = 0; at < bytes.length; turnOf++) {
		const length = lengths[turnOf % lengths.length]!;
		chunks.push(bytes.subarray(at, at + length));
		at += length;
	}
	return chunks;
}

async function collect(stream: Readable): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) chunks.push(chunk);
	return Buffer.concat(chunks);
}

async function takeApart(chunks: readonly Buffer[]): Promise<[Buffer, Buffer]> {
	const both = demultiplex(Readable.from(chunks, { objectMode: false }));
	return await Promise.all([collect(both.stdout), collect(both.stderr)]);
}

test('any frames, cut anywhere, come out whole and in order', async () => {
	const frames = fc.array(fc.tuple(fc.constantFrom(0, stdout, stderr), fc.uint8Array({ maxLength: 300 })));
	const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
	await fc.assert(
		fc.asyncProperty(frames, lengths, async (written, chunkLengths) => {
			const bytes = Buffer.concat(written.map(([stream, payload]) => frame(stream, Buffer.from(payload))));
			const of = (wanted: (stream: number) => boolean) =>
				Buffer.concat(written.filter(([stream]) => wanted(stream)).map(([, payload]) => payload));
			const [out, err] = await takeApart(cut(bytes, chunkLengths));
			expect(out).toEqual(of((stream) => stream !== stderr));
			expect(err).toEqual(of((stream) => stream === stderr));
		}),
	);
});

test.each([1, 2, 7, 8, 9, 15, 16, 17])('headers split after every %d bytes', async (length) => {
	const bytes = Buffer.concat([
		frame(stdout, 'first'),
		frame(stderr, ''),
		frame(stderr, 'second'),
		frame(stdout, 'third'),
	]);
	const [out, err] = await takeApart(cut(bytes, [length]));
	expect([out.toString(), err.toString()]).toEqual(['firstthird', 'second']);
});

test.each([
	['inside a header', frame(stdout, 'lost').subarray(0, 5)],
	['between a header and its payload', frame(stdout, 'lost').subarray(0, 8)],
	['inside a payload', frame(stdout, 'lost').subarray(0, 10)],
])('a source that ends %s fails both streams', async (_where, rest) => {
	const both = demultiplex(Readable.from([frame(stderr, 'whole'), rest], { objectMode: false }));
	const ends = await Promise.allSettled([collect(both.stdout), collect(both.stderr)]);
	expect(ends).toMatchObject([
		{ status: 'rejected', reason: { code: 'protocol_violation' } },
		{ status: 'rejected', reason: { code: 'protocol_violation' } },
	]);
});

test.each([
	['an unknown stream', Buffer.from([4, 0, 0, 0, 0, 0, 0, 1, 65])],
	['a header that is text', Buffer.from('plain output of a terminal')],
])('%s is no frame', async (_what, bytes) => {
	await expect(takeApart([bytes])).rejects.toMatchObject({ code: 'protocol_violation' });
});

test("the daemon's own error ends the output in its words", async () => {
	const bytes = Buffer.concat([frame(stdout, 'some'), frame(3, 'log driver went away')]);
	const failure = expect(takeApart(cut(bytes, [3]))).rejects;
	await failure.toMatchObject({
		code: 'docker_failed',
		message: expect.stringContaining('log driver went away'),
	});
});

test('an error of the source reaches both streams, and nobody has to listen', async () => {
	const source = new PassThrough();
	const both = demultiplex(source);
	source.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
	await expect(collect(both.stdout)).rejects.toMatchObject({ code: 'ECONNRESET' });
	expect(both.stderr.errored).toMatchObject({ code: 'ECONNRESET' });
});

test('a full sink stops the source, and reading it lets the source go on', async () => {
	const highWaterMark = 1000;
	const chunk = frame(stdout, Buffer.alloc(500, 'x'));
	let given = 0;
	const source = Readable.from(
		(function* () {
			for (; given < 1000; given++) yield chunk;
		})(),
		{ objectMode: false, highWaterMark: 1 },
	);
	const both = demultiplex(source, { highWaterMark });
	for (let i = 0; i < 200; i++) await turn();
	// What fits into the sink, one piece in flight, and what the source reads ahead.
	expect(given).toBeGreaterThanOrEqual(2);
	expect(given).toBeLessThanOrEqual(6);
	expect(both.stdout.readableLength).toBe(highWaterMark);
	const out = await collect(both.stdout);
	expect(out.length).toBe(500 * 1000);
});

test('a slow reader of one stream never sees the bytes of the other out of order', async () => {
	const written = Array.from({ length: 400 }, (_, i) => frame(i % 3 === 0 ? stderr : stdout, `${i} `));
	const both = demultiplex(Readable.from(written, { objectMode: false }), { highWaterMark: 4 });
	const slow = async () => {
		let text = '';
		for await (const chunk of both.stdout) {
			await turn();
			text += String(chunk);
		}
		return text;
	};
	const [out, err] = await Promise.all([slow(), collect(both.stderr)]);
	const numbers = (wanted: (i: number) => boolean) =>
		Array.from({ length: 400 }, (_, i) => i)
			.filter(wanted)
			.map((i) => `${i} `)
			.join('');
	expect(out).toBe(numbers((i) => i % 3 !== 0));
	expect(err.toString()).toBe(numbers((i) => i % 3 === 0));
});

test('a sink that was given up drops its bytes while the other goes on', async () => {
	const written = Array.from({ length: 100 }, (_, i) => [
		frame(stdout, Buffer.alloc(1000)),
		frame(stderr, `${i} `),
	]);
	const both = demultiplex(Readable.from(written.flat(), { objectMode: false }), { highWaterMark: 10 });
	both.stdout.once('readable', () => both.stdout.destroy());
	const err = await collect(both.stderr);
	expect(err.toString()).toBe(Array.from({ length: 100 }, (_, i) => `${i} `).join(''));
});
