/** What becomes of a save when the daemon does as it should not; the real one saves in test/integration/images. */
import type { RequestListener } from 'node:http';
import { saveImages } from '../../../docker/image-save';
import { cannedDaemon, closeDaemons } from './fake-daemon';

afterEach(closeDaemons);

async function save(answer: RequestListener, limits: object = {}, signal = new AbortController().signal) {
	let asked: string | undefined;
	const host = await cannedDaemon({
		'GET /images/get': (request, response) => {
			asked = request.url;
			answer(request, response);
		},
	});
	const chunks: Buffer[] = [];
	const write = (chunk: Buffer) => {
		chunks.push(chunk);
		return Promise.resolve();
	};
	const saved = await saveImages(host, { names: ['app:1', 'b/app:2'], write, ...limits }, signal).then(
		() => undefined,
		(error: unknown) => error,
	);
	return { saved, asked, text: Buffer.concat(chunks).toString() };
}

test('every name is asked for, and what comes is handed on', async () => {
	const { saved, asked, text } = await save((_request, response) => response.end('a tar'));
	expect(saved).toBeUndefined();
	expect(asked).toBe('/images/get?names=app%3A1&names=b%2Fapp%3A2');
	expect(text).toBe('a tar');
});

test.each([
	['short', '{"errorDetail":{"message":"no layer"},"error":"no layer"}\r\n'],
	['behind much else', `${'x'.repeat(200_000)}{"errorDetail":{"message":"no layer"},"error":"no layer"}\n`],
])("the daemon's words at the end of a good answer, %s", async (_what, body) => {
	const { saved } = await save((_request, response) => response.end(body));
	expect(saved).toMatchObject({
		code: 'source_failed',
		message: 'docker broke off saving app:1, b/app:2: no layer',
		hint: expect.stringMatching(/\w/) as string,
	});
});

test('what only looks like such words is content', async () => {
	for (const body of ['{"errorDetail" is a text', `{"errorDetail":1}${'\0'.repeat(1024)}`]) {
		const { saved, text } = await save((_request, response) => response.end(body));
		expect([saved, text]).toEqual([undefined, body]);
	}
});

test('an image that went away meanwhile', async () => {
	for (const status of [404, 500]) {
		const { saved } = await save((_request, response) => {
			response.statusCode = status;
			response.end('{"message":"reference does not exist"}');
		});
		expect(saved).toMatchObject({ code: 'image_missing' });
	}
});

test('an answer that breaks off in the middle', async () => {
	const { saved } = await save((_request, response) => {
		response.write('a piece of');
		setImmediate(() => response.destroy());
	});
	expect(saved).toMatchObject({ code: 'source_failed' });
});

test.each([
	['before its first byte', { startLimitMs: 50 }, ''],
	['later', { stallLimitMs: 50 }, 'a piece of'],
])('a daemon that is silent %s is given up', async (_when, limits, first) => {
	let closed = () => {};
	const gone = new Promise<void>((resolve) => (closed = resolve));
	const { saved } = await save((_request, response) => {
		response.on('close', () => closed());
		if (first !== '') response.write(first);
	}, limits);
	expect(saved).toMatchObject({ code: 'timed_out', message: expect.stringContaining('0.05 s') as string });
	await gone;
});

test('an abort ends it with its reason, and the connection with it', async () => {
	const controller = new AbortController();
	const reason = new Error('enough');
	let closed = () => {};
	const gone = new Promise<void>((resolve) => (closed = resolve));
	const { saved } = await save(
		(_request, response) => {
			response.on('close', () => closed());
			response.write('a piece of');
			controller.abort(reason);
		},
		{},
		controller.signal,
	);
	expect(saved).toBe(reason);
	await gone;
});

test('what takes no more ends it', async () => {
	const full = new Error('full');
	const { saved } = await save((_request, response) => response.write('a piece of'), {
		write: () => Promise.reject(full),
	});
	expect((saved as Error).message).toContain('full');
});
