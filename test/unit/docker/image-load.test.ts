/** What becomes of a load when the daemon does as it should not; the real one loads in test/integration/images. */
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { loadImages } from '../../../docker/image-load';
import { cannedDaemon, closeDaemons } from './fake-daemon';

afterEach(closeDaemons);

const tar = Buffer.alloc(3 << 20, 'a tar');
const pieces = (): Readable =>
	Readable.from(
		[0, 1, 2].map((mib) => tar.subarray(mib << 20, (mib + 1) << 20)),
		{ objectMode: false },
	);

async function load(
	answer: RequestListener,
	{
		content = pieces(),
		signal = new AbortController().signal,
		...limits
	}: {
		content?: Readable;
		signal?: AbortSignal;
		stallLimitMs?: number;
		unpackLimitMs?: number;
	} = {},
): Promise<unknown> {
	const host = await cannedDaemon({ 'POST /images/load': answer });
	return await loadImages(host, { content, ...limits }, signal).catch((error: unknown) => error);
}

test('all of it goes there, as a tar, and is counted', async () => {
	let came: Buffer | undefined;
	const loaded = await load((request, response) => {
		expect(request.url).toBe('/images/load?quiet=true');
		expect(request.headers['content-type']).toBe('application/tar');
		void buffer(request).then((bytes) => {
			came = bytes;
			response.end('{"stream":"Loaded image: app:1\\n"}\n');
		});
	});
	expect(loaded).toBe(tar.length);
	expect(came?.equals(tar)).toBe(true);
});

test.each([
	['no space left on device', 'target_full'],
	['invalid diffID for layer 0', 'target_failed'],
])('words in a good answer: %s', async (said, code) => {
	const failed = await load((request, response) => {
		request.resume().on('end', () => {
			response.end(`{"stream":"x"}\n{"errorDetail":{"message":"${said}"},"error":"${said}"}\n`);
		});
	});
	expect(failed).toMatchObject({ code, message: expect.stringContaining(said) as string });
});

test('a bad answer, also in the middle of what is sent', async () => {
	const failed = await load((_request, response) => {
		response.statusCode = 500;
		response.end('{"message":"no space left on device"}');
	});
	expect(failed).toMatchObject({ code: expect.stringMatching(/target_full|docker_unreachable/) as string });
});

test('content that fails ends the request in its middle, so that the daemon takes it for broken', async () => {
	const broken = new Error('the archive is broken');
	const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
	const content = Readable.from(
		(async function* () {
			yield tar;
			await begun;
			throw broken;
		})(),
		{ objectMode: false },
	);
	const { promise: whole, resolve } = Promise.withResolvers<boolean>();
	const failed = await load(
		(request) => {
			request.on('error', () => resolve(false));
			request.on('end', () => resolve(true));
			request.once('data', () => begin());
		},
		{ content },
	);
	expect(failed).toBe(broken);
	expect(await whole).toBe(false);
});

test('a daemon that takes no more is given up, and one that does not end', async () => {
	// More than waits in the buffers between the two.
	const content = Readable.from(
		(function* () {
			for (let sent = 0; sent < 64; sent++) yield tar;
		})(),
		{ objectMode: false },
	);
	expect(await load(() => undefined, { content, stallLimitMs: 200 })).toMatchObject({ code: 'timed_out' });
	expect(await load((request) => request.resume(), { unpackLimitMs: 50 })).toMatchObject({
		code: 'timed_out',
	});
});

test('an abort ends it with its reason', async () => {
	const controller = new AbortController();
	const reason = new Error('enough');
	expect(await load(() => controller.abort(reason), { signal: controller.signal })).toBe(reason);
});
