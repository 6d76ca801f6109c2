/**
 * Every call of the S3 storage, as the engine opens it, while any one of its requests goes wrong in any way
 * that a network knows: the result is right, no object is there without all its bytes, and no upload stays open.
 * A real server; the bad network is a proxy before it.
 */
import '../../fakes/native-errors';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { openStorage } from '../../../engine/repository/open-storage';
import { createRetryingStorage } from '../../../engine/repository/retrying-storage';
import { createS3Storage } from '../../../engine/repository/s3/storage';
import type { Storage } from '../../../engine/repository/storage';
import { systemRandom } from '../../../protocol/random';
import { bytesOf, collect, keysOf } from '../../conformance/storage';
import {
	startFaultProxy,
	type FaultProxy,
	type NetworkFault,
	type SeenRequest,
} from '../../fakes/fault-proxy';
import { hurriedClock } from '../../fakes/hurried-clock';
import { buckets, endpoint, locationIn } from './buckets';

const s3 = buckets();
const mib = 1 << 20;
/** A second of it is a quarter of a minute: the time-outs below are a second, so that a slow machine keeps them. */
const clock = hurriedClock(15);

const faults: NetworkFault[] = [
	{ type: 'status', status: 503, code: 'SlowDown' },
	{ type: 'reset' },
	{ type: 'reset in request' },
	{ type: 'answer lost' },
	{ type: 'answer replaced', status: 502, code: 'BadGateway' },
	{ type: 'reset in answer' },
	{ type: 'cut answer' },
	{ type: 'hang in answer' },
	{ type: 'hang' },
];

let proxy: FaultProxy;
let bucket: string;
beforeAll(async () => {
	proxy = await startFaultProxy(endpoint);
	bucket = await s3.create('faults');
});
afterAll(() => proxy.close());

interface Place {
	/** As the engine has it, through the bad network. */
	readonly storage: Storage;
	/** The same without faults. */
	readonly sound: Storage;
	/** Objects that show, and uploads that are open, below this place. */
	left(): Promise<{ keys: string[]; uploads: string[] }>;
}

/** A new empty repository. */
function newPlace(): Place {
	const prefix = randomBytes(6).toString('hex');
	const open = (through: string) =>
		createS3Storage(locationIn(bucket, prefix, { endpoint: through }), {
			clock,
			random: systemRandom,
			scratch: null,
			timeOuts: { connect: 5_000, idle: 15_000, complete: 30_000 },
		});
	return {
		storage: createRetryingStorage(open(proxy.endpoint), { clock, random: systemRandom }),
		sound: open(endpoint),
		async left() {
			const uploads = Object.keys(await s3.uploads(bucket)).filter((key) => key.startsWith(prefix));
			return { keys: await keysOf(open(endpoint), ''), uploads };
		},
	};
}

interface Call {
	/** Without faults, what the call finds. */
	prepare?(sound: Storage): Promise<void>;
	/** Expects the right result. */
	call(storage: Storage): Promise<void>;
	/** What has to be there afterwards, by key. */
	readonly objects: Readonly<Record<string, Buffer>>;
}

const small = bytesOf(3000);
const medium = bytesOf(2 * mib + 7, 2);
/** Two parts. */
const large = bytesOf(8 * mib + 5000, 1);

async function writeAll(storage: Storage, key: string, body: Buffer): Promise<void> {
	const writer = await storage.create(key, undefined, body.length);
	try {
		for (let start = 0; start < body.length; start += mib) {
			await writer.write(Buffer.from(body.subarray(start, start + mib)));
		}
		await writer.seal();
		await writer.publish();
	} catch (error) {
		await writer.abort();
		throw error;
	}
}

const calls: Record<string, Call> = {
	'put of a new object': {
		call: async (storage) => expect(await storage.put('a/k', Buffer.from(small))).toBe('created'),
		objects: { 'a/k': small },
	},
	'put of an object that is there': {
		prepare: async (sound) => void (await sound.put('a/k', Buffer.from('other'))),
		call: async (storage) => expect(await storage.put('a/k', Buffer.from(small))).toBe('exists'),
		objects: { 'a/k': Buffer.from('other') },
	},
	'create, write, seal and publish': {
		call: (storage) => writeAll(storage, 'a/k', large),
		objects: { 'a/k': large },
	},
	'create, write and abort': {
		async call(storage) {
			const writer = await storage.create('a/k', undefined, large.length);
			await writer.write(Buffer.from(large));
			await writer.abort();
		},
		objects: {},
	},
	'get of a whole object': {
		prepare: (sound) => writeAll(sound, 'a/k', medium),
		async call(storage) {
			expect((await collect(storage.get('a/k'))).equals(medium)).toBe(true);
		},
		objects: { 'a/k': medium },
	},
	'get of a range': {
		prepare: (sound) => writeAll(sound, 'a/k', medium),
		async call(storage) {
			const range = { offset: mib - 1, length: mib + 3 };
			const expected = medium.subarray(range.offset, range.offset + range.length);
			expect((await collect(storage.get('a/k', range))).equals(expected)).toBe(true);
		},
		objects: { 'a/k': medium },
	},
	'read and size': {
		prepare: async (sound) => void (await sound.put('a/k', Buffer.from(small))),
		async call(storage) {
			expect((await storage.read('a/k', 9999)).equals(small)).toBe(true);
			expect(await storage.size('a/k')).toBe(small.length);
			await expect(storage.read('a/none', 1)).rejects.toMatchObject({ code: 'object_not_found' });
		},
		objects: { 'a/k': small },
	},
	'delete of an object and of what a writer left': {
		async prepare(sound) {
			const dead = await sound.create('a/k');
			await dead.write(Buffer.from(small));
			await sound.put('a/k', Buffer.from(small));
			await sound.put('a/k2', Buffer.from(small));
		},
		call: (storage) => storage.delete('a/k'),
		objects: { 'a/k2': small },
	},
};

const always = (fault: NetworkFault, what: (request: SeenRequest) => boolean) =>
	proxy.script((request) => (what(request) ? fault : undefined));

describe.each(Object.entries(calls))('%s', (_name, made) => {
	test.each(faults)('with %j at any one of its requests', async (fault) => {
		for (let at = 1; ; at += 1) {
			const { storage, sound, left } = newPlace();
			await made.prepare?.(sound);
			always(fault, ({ number }) => number === at);
			await made.call(storage);
			expect(await left()).toEqual({ keys: Object.keys(made.objects), uploads: [] });
			for (const [key, body] of Object.entries(made.objects)) {
				expect((await collect(sound.get(key))).equals(body)).toBe(true);
			}
			// It had no such request any more, so all of them had their turn.
			if (proxy.requests.length < at) break;
			expect(at).toBeLessThan(30);
		}
		expect(proxy.requests.length).toBeGreaterThan(0);
	});
});

test.each<[number, string]>([
	[500, 'InternalError'],
	[503, 'ServiceUnavailable'],
	[504, 'GatewayTimeout'],
	[429, 'TooManyRequests'],
	[400, 'RequestTimeout'],
])('an answer of %d %s may pass', async (status, code) => {
	const { storage, sound } = newPlace();
	await sound.put('k', Buffer.from(small));
	always({ type: 'status', status, code }, ({ number }) => number <= 2);
	expect(await storage.size('k')).toBe(small.length);
	expect(proxy.requests).toHaveLength(3);
});

describe('list of more than one page', () => {
	const prefix = randomBytes(6).toString('hex');
	const keys = Array.from({ length: 1003 }, (_, n) => `jobs/j/${String(n).padStart(4, '0')}.json`);
	beforeAll(async () => {
		for (let start = 0; start < keys.length; start += 32) {
			const some = keys.slice(start, start + 32);
			await Promise.all(
				some.map((key) =>
					s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}`, Body: 'x' })),
				),
			);
		}
	});

	test.each(faults)('with %j at either page', async (fault) => {
		for (const at of [1, 2]) {
			const behind = createS3Storage(locationIn(bucket, prefix, { endpoint: proxy.endpoint }), {
				clock,
				random: systemRandom,
				scratch: null,
				timeOuts: { connect: 5_000, idle: 15_000, complete: 30_000 },
			});
			const storage = createRetryingStorage(behind, { clock, random: systemRandom });
			always(fault, ({ number }) => number === at);
			expect(await keysOf(storage, 'jobs/j/')).toEqual(keys);
			expect(proxy.requests).toHaveLength(3);
		}
	});
});

describe('a completion whose answer is lost', () => {
	const lost: NetworkFault = { type: 'answer lost' };
	const isComplete = ({ what }: SeenRequest) => what === 'POST complete';

	/** A sealed object, about to be published; the completion's first answer will be lost. */
	async function sealed(place: Place) {
		const writer = await place.storage.create('k');
		await writer.write(Buffer.from(small));
		await writer.seal();
		let completions = 0;
		always(lost, (request) => isComplete(request) && (completions += 1) === 1);
		return writer;
	}

	test('has published, once', async () => {
		const place = newPlace();
		await (await sealed(place)).publish();
		expect(proxy.requests.length).toBeGreaterThan(1);
		expect(await place.left()).toEqual({ keys: ['k'], uploads: [] });
		expect((await place.sound.read('k', 9999)).equals(small)).toBe(true);
	});

	test('beside another’s object has not, and abort leaves that one alone', async () => {
		const place = newPlace();
		const writer = await sealed(place);
		await place.sound.put('k', Buffer.from('other'));
		await expect(writer.publish()).rejects.toMatchObject({ code: 'object_exists' });
		await writer.abort();
		expect(await place.left()).toEqual({ keys: ['k'], uploads: [] });
		expect((await place.sound.read('k', 9)).toString()).toBe('other');
	});

	test('of an upload that was taken away has not', async () => {
		const place = newPlace();
		const writer = await sealed(place);
		await place.sound.delete('k');
		await expect(writer.publish()).rejects.toMatchObject({ code: 'object_not_found' });
		await writer.abort();
		expect(await place.left()).toEqual({ keys: [], uploads: [] });
	});
});

test('of several creators on a bad network exactly one wins, and it knows', async () => {
	for (let round = 0; round < 10; round += 1) {
		const { storage, sound } = newPlace();
		await sound.put('warm', Buffer.from('x'));
		const bodies = Array.from({ length: 6 }, (_, n) => bytesOf(100 + round, n));
		let puts = 0;
		// Each third answer is lost, after the server did what it was asked.
		always({ type: 'answer lost' }, ({ what }) => what === 'PUT object' && (puts += 1) % 3 === round % 3);
		const outcomes = await Promise.all(bodies.map((body) => storage.put('k', Buffer.from(body))));
		expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
		expect((await sound.read('k', 999)).equals(bodies[outcomes.indexOf('created')]!)).toBe(true);
	}
});

describe('what never gets better', () => {
	const gone: NetworkFault = { type: 'status', status: 503, code: 'ServiceUnavailable' };
	const denied: NetworkFault = { type: 'status', status: 403, code: 'AccessDenied' };

	test('a part that is never stored fails the object, and nothing is left of it', async () => {
		const { storage, left } = newPlace();
		always(gone, ({ what }) => what === 'PUT part');
		await expect(writeAll(storage, 'k', large)).rejects.toMatchObject({
			code: 'storage_unreachable',
			message: expect.stringMatching(/tried \d+ times in 1\d\d s/) as string,
			hint: expect.stringMatching(/\w/) as string,
		});
		expect(await left()).toEqual({ keys: [], uploads: [] });
	});

	test('a part that is refused fails it at once', async () => {
		const { storage, left } = newPlace();
		always(denied, ({ what }) => what === 'PUT part');
		await expect(writeAll(storage, 'k', large)).rejects.toMatchObject({ code: 'repository_unwritable' });
		expect(proxy.requests.filter(({ what }) => what === 'PUT part').length).toBeLessThanOrEqual(3);
		expect(await left()).toEqual({ keys: [], uploads: [] });
	});

	test('a server that hangs is given up by time-outs', async () => {
		const { storage } = newPlace();
		always({ type: 'hang' }, () => true);
		const began = clock.monotonic();
		await expect(storage.size('k')).rejects.toMatchObject({
			code: 'storage_unreachable',
			message: expect.stringMatching(/nothing came for 15 s.*tried \d+ times/) as string,
		});
		expect(clock.monotonic() - began).toBeLessThan(200_000);
	});

	test.each([
		['somebody waits', true, '15'],
		['nobody waits', false, '120'],
	])(
		'opening a store that is not there, where %s, takes so many seconds',
		async (_name, attended, seconds) => {
			const location = locationIn(bucket, 'p', { endpoint: 'http://127.0.0.1:9' });
			const { signal } = new AbortController();
			const opening = openStorage(location, { scratch: null, clock, random: systemRandom, signal, attended });
			await expect(opening).rejects.toMatchObject({
				code: 'storage_unreachable',
				message: expect.stringMatching(`ECONNREFUSED.*tried \\d+ times in ${seconds} s`) as string,
				hint: expect.stringMatching(/\w/) as string,
			});
		},
	);

	test('a cancel ends a call that waits for another try, at once', async () => {
		const { storage } = newPlace();
		always(gone, () => true);
		const stop = new AbortController();
		const reason = new Error('enough');
		const reading = expect(storage.read('k', 9, stop.signal)).rejects.toBe(reason);
		while (proxy.requests.length < 3) await new Promise((resolve) => setImmediate(resolve));
		const tries = proxy.requests.length;
		stop.abort(reason);
		await reading;
		// Not after another try.
		expect(proxy.requests.length).toBe(tries);
	});
});
