/** The bad network itself: what the tests of faults rely on, seen with the plain SDK. */
import {
	CreateBucketCommand,
	GetObjectCommand,
	HeadObjectCommand,
	PutObjectCommand,
	S3Client,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { bytesOf } from '../../conformance/storage';
import { startFaultProxy, type FaultProxy, type NetworkFault } from '../../fakes/fault-proxy';

const Bucket = `faults-proxy-${randomBytes(4).toString('hex')}`;
const body = bytesOf(300_000);
let proxy: FaultProxy;
let client: S3Client;

beforeAll(async () => {
	proxy = await startFaultProxy(process.env['S3_ENDPOINT']!);
	client = new S3Client({
		endpoint: proxy.endpoint,
		region: 'us-east-1',
		forcePathStyle: true,
		maxAttempts: 1,
		credentials: {
			accessKeyId: process.env['S3_ACCESS_KEY_ID']!,
			secretAccessKey: process.env['S3_SECRET_ACCESS_KEY']!,
		},
	});
	await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
	client.destroy();
	await proxy.close();
});
beforeEach(() => proxy.script());

const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: body }));
const get = async (Key: string) => {
	const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
	return Buffer.from(await Body!.transformToByteArray());
};
const isThere = async (Key: string): Promise<boolean> => {
	try {
		await client.send(new HeadObjectCommand({ Bucket, Key }));
		return true;
	} catch (error) {
		expect((error as Error).name).toBe('NotFound');
		return false;
	}
};
const first = (fault: NetworkFault) => proxy.script(({ number }) => (number === 1 ? fault : undefined));

test('without a script all goes through, with its signature', async () => {
	await put('plain');
	expect((await get('plain')).equals(body)).toBe(true);
	expect(proxy.requests.map(({ what }) => what)).toEqual(['PUT object', 'GET object']);
});

test('slowly, too', async () => {
	proxy.script(() => ({ type: 'slow', pieces: 3, pauseMs: 10 }));
	await put('slow');
	expect((await get('slow')).equals(body)).toBe(true);
});

test.each<[NetworkFault, RegExp, boolean]>([
	[{ type: 'status', status: 503, code: 'SlowDown' }, /SlowDown/, false],
	[{ type: 'reset' }, /reset|hang up/i, false],
	[{ type: 'reset in request' }, /reset|EPIPE|hang up/i, false],
	[{ type: 'answer lost' }, /reset|hang up/i, true],
	[{ type: 'answer replaced', status: 500, code: 'InternalError' }, /InternalError/, true],
])('a put with %j fails with %s; that the object is there is %s', async (fault, message, there) => {
	const key = JSON.stringify(fault).replace(/\W+/g, '-');
	first(fault);
	await expect(put(key)).rejects.toThrow(message);
	expect(await isThere(key)).toBe(there);
	if (there) expect((await get(key)).equals(body)).toBe(true);
});

test.each<NetworkFault>([{ type: 'reset in answer' }, { type: 'cut answer' }])(
	'a get with %j fails in the middle',
	async (fault) => {
		await put('read');
		first(fault);
		const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'read' }));
		let length = 0;
		const reading = (async () => {
			for await (const chunk of Body as AsyncIterable<Buffer>) length += chunk.length;
		})();
		await expect(reading).rejects.toThrow();
		expect(length).toBe(body.length / 2);
		expect((await get('read')).equals(body)).toBe(true);
	},
);

test.each<NetworkFault>([{ type: 'hang' }, { type: 'hang in answer' }])(
	'%j ends by the client only',
	async (fault) => {
		await put('hang');
		first(fault);
		const abortSignal = AbortSignal.timeout(500);
		const reading = (async () => {
			const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'hang' }), { abortSignal });
			for await (const _ of Body as AsyncIterable<Buffer>) abortSignal.throwIfAborted();
		})();
		const aborted = new Promise<string>((resolve) =>
			abortSignal.addEventListener('abort', () => resolve('aborted')),
		);
		expect(
			await Promise.race([
				reading.then(
					() => 'ended',
					() => 'aborted',
				),
				aborted,
			]),
		).toBe('aborted');
		reading.catch(() => undefined);
		expect((await get('hang')).equals(body)).toBe(true);
	},
);
