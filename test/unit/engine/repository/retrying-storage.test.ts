/** A storage with transient failures behind the retrying one: the caller notices nothing but the time. */
import fc from 'fast-check';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { createRetryingStorage } from '../../../../engine/repository/retrying-storage';
import type { Storage } from '../../../../engine/repository/storage';
import type { Clock } from '../../../../protocol/environment';
import type { ErrorCode } from '../../../../protocol/errors';
import { bytesOf, collect, describeStorage, keysOf } from '../../../conformance/storage';
import { flakyStorage, type Fault, type FlakyStorage, type Pieces } from '../../../fakes/flaky-storage';
import { fakeRandom } from '../../../fakes/random';

/** Time that passes as fast as it is waited for. */
function rushingClock(): Clock {
	let time = 0;
	return {
		now: () => time,
		monotonic: () => time,
		sleep: async (milliseconds, signal) => {
			signal?.throwIfAborted();
			time += milliseconds;
		},
	};
}

interface Pair extends FlakyStorage {
	/** What is really there. */
	readonly behind: Storage;
	readonly retrying: Storage;
}

function over(
	behind: Storage,
	faultOf: (call: number, name: string) => Fault | undefined,
	pieces?: Pieces,
): Pair {
	const flaky = flakyStorage(behind, faultOf, pieces);
	const retrying = createRetryingStorage(flaky.storage, { clock: rushingClock(), random: fakeRandom() });
	return { ...flaky, behind, retrying };
}

const withFaults = (faults: Readonly<Record<number, Fault>>, pieces?: Pieces) =>
	over(createMemoryStorage(), (call) => faults[call], pieces);

const whens = ['before', 'after'] as const;

for (const when of whens) {
	for (const every of [2, 3, 7]) {
		describeStorage(`memory, one in ${every} of whose calls fails ${when} its work,`, async () => {
			const faultOf = (call: number): Fault | undefined => (call % every === 0 ? { when } : undefined);
			return over(createMemoryStorage(), faultOf).retrying;
		});
	}
}

describe('put', () => {
	const body = Buffer.from('ours');
	const put = ({ retrying }: Pair) => retrying.put('k', Buffer.from(body));
	const stored = async ({ behind }: Pair) => (await behind.read('k', 99)).toString();

	test.each(whens)('that fails %s its work has created', async (when) => {
		const pair = withFaults({ 1: { when }, 2: { when }, 3: { when } });
		expect(await put(pair)).toBe('created');
		expect(await stored(pair)).toBe('ours');
	});

	test.each([
		['of another length', 'somebody else’s'],
		['of the same length', 'ourz'],
		['that is empty', ''],
	])('in doubt beside an object %s has not', async (_name, other) => {
		const pair = withFaults({ 1: { when: 'before' } });
		await pair.behind.put('k', Buffer.from(other));
		expect(await put(pair)).toBe('exists');
		expect(await stored(pair)).toBe(other);
	});

	it('without any doubt has not created the same bytes of another', async () => {
		const pair = withFaults({});
		await pair.behind.put('k', body);
		expect(await put(pair)).toBe('exists');
		expect(pair.calls).toEqual(['put k']);
	});

	it('stays in doubt while looking fails too', async () => {
		const pair = withFaults({ 1: { when: 'after' }, 3: { when: 'before' }, 5: { when: 'after' } });
		expect(await put(pair)).toBe('created');
		expect(pair.calls).toEqual(['put', 'put', 'size', 'size', 'read', 'read'].map((verb) => `${verb} k`));
	});

	it('whose object was removed before anybody looked counts as somebody else’s', async () => {
		const behind = createMemoryStorage();
		const pair = over(behind, (call) => (call === 1 ? { when: 'after' } : undefined));
		const { put: realPut } = behind;
		behind.put = async (...given) => {
			const outcome = await realPut(...given);
			if (outcome === 'exists') await behind.delete('k');
			return outcome;
		};
		expect(await put(pair)).toBe('exists');
		expect(await keysOf(behind, '')).toEqual([]);
	});

	it('of any of two in doubt at the same time is one’s only', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.constantFrom('before', 'after', 'none'), { maxLength: 12 }),
				async (script) => {
					const pair = over(createMemoryStorage(), (call) => {
						const when = script[call - 1] ?? 'none';
						return when === 'none' ? undefined : { when };
					});
					const bodies = ['one', 'two', 'six'].map((text) => Buffer.from(text));
					const outcomes = await Promise.all(bodies.map((each) => pair.retrying.put('k', Buffer.from(each))));
					expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
					expect(await pair.behind.read('k', 9)).toEqual(bodies[outcomes.indexOf('created')]);
				},
			),
		);
	});
});

describe('get', () => {
	const body = bytesOf(1000);

	it('gives each byte once, whichever of its chunks fail and however', async () => {
		const fault = fc.constantFrom<Fault | undefined>({ when: 'before' }, { when: 'after' }, undefined);
		const offset = fc.integer({ min: 0, max: 1001 });
		const length = fc.oneof(fc.integer({ min: 0, max: 1001 }), fc.constant(Number.MAX_SAFE_INTEGER));
		await fc.assert(
			fc.asyncProperty(
				fc.array(fault, { maxLength: 60 }),
				fc.integer({ min: 1, max: 400 }),
				fc.option(fc.record({ offset, length }), { nil: undefined }),
				async (script, chunkLength, range) => {
					const pair = over(createMemoryStorage(), (call) => script[call - 1], { chunkLength });
					await pair.behind.put('k', Buffer.from(body));
					const got: Buffer[] = [];
					for await (const chunk of pair.retrying.get('k', range)) {
						got.push(Buffer.from(chunk));
						// The reader may do this, which must not disturb the count.
						(chunk.buffer as ArrayBuffer).transfer(0);
						expect(chunk.length).toBe(0);
					}
					const { offset: from, length: most } = range ?? { offset: 0, length: Infinity };
					expect(Buffer.concat(got).equals(body.subarray(from, from + most))).toBe(true);
				},
			),
			{ numRuns: 300 },
		);
	});

	it('asks for nothing more once the range is complete', async () => {
		const pair = withFaults({ 3: { when: 'before' } }, { chunkLength: 100 });
		await pair.behind.put('k', Buffer.from(body));
		const got = await collect(pair.retrying.get('k', { offset: 10, length: 200 }));
		expect(got.equals(body.subarray(10, 210))).toBe(true);
		expect(pair.calls).toHaveLength(2);
	});

	it('has the whole time again after each chunk', async () => {
		// Fails so often that without progress it would give up: nineteen of twenty calls.
		const pair = over(createMemoryStorage(), (call) => (call % 20 ? { when: 'before' } : undefined), {
			chunkLength: 10,
		});
		await pair.behind.put('k', Buffer.from(body));
		expect((await collect(pair.retrying.get('k'))).equals(body)).toBe(true);
	});

	it('gives up in the middle when nothing comes any more', async () => {
		const pair = over(createMemoryStorage(), (call) => (call > 3 ? { when: 'before' } : undefined), {
			chunkLength: 100,
		});
		await pair.behind.put('k', Buffer.from(body));
		const got: Buffer[] = [];
		const reading = (async () => {
			for await (const chunk of pair.retrying.get('k')) got.push(chunk);
		})();
		await expect(reading).rejects.toMatchObject({
			code: 'storage_unreachable',
			message: expect.stringMatching(/tried \d+ times in 120 s/) as string,
		});
		expect(Buffer.concat(got).equals(body.subarray(0, 300))).toBe(true);
	});

	it('closes what it reads from when it is broken off', async () => {
		const behind = createMemoryStorage();
		await behind.put('k', Buffer.from(body));
		let closed = 0;
		const { get } = behind;
		behind.get = async function* (...given) {
			try {
				yield* get(...given);
				await new Promise(() => undefined);
			} finally {
				closed += 1;
			}
		};
		const retrying = createRetryingStorage(behind, { clock: rushingClock(), random: fakeRandom() });
		for await (const chunk of retrying.get('k')) {
			expect(chunk.length).toBe(1000);
			break;
		}
		expect(closed).toBe(1);
	});
});

describe('list', () => {
	const keys = Array.from({ length: 30 }, (_, n) => `jobs/${String.fromCodePoint(0x61 + n)}/é${n}`);

	it('gives each object once and in order, whichever of its pages fail and however', async () => {
		const fault = fc.constantFrom<Fault | undefined>({ when: 'before' }, { when: 'after' }, undefined);
		await fc.assert(
			fc.asyncProperty(fc.array(fault, { maxLength: 200 }), async (script) => {
				const pair = over(createMemoryStorage(), (call) => script[call - 1]);
				for (const key of keys) await pair.behind.put(key, Buffer.from(key));
				expect(await keysOf(pair.retrying, '')).toEqual(await keysOf(pair.behind, ''));
			}),
		);
	});

	it('shows what was there before it began, even when that which it went on behind is gone', async () => {
		const pair = withFaults({ 3: { when: 'before' } });
		for (const key of ['a', 'b', 'c', 'd']) await pair.behind.put(key, Buffer.from(key));
		const seen: string[] = [];
		for await (const { key } of pair.retrying.list('')) {
			seen.push(key);
			if (key === 'b') await pair.behind.delete('b');
		}
		expect(seen).toEqual(['a', 'b', 'c', 'd']);
	});
});

describe('of a writer', () => {
	it('only the opening is tried again', async () => {
		const pair = over(
			createMemoryStorage(),
			(call, name) => (call === 1 || name.startsWith('seal') ? { when: 'before' } : undefined),
			{ writers: true },
		);
		const writer = await pair.retrying.create('k', undefined, 5);
		await writer.write(Buffer.from('bytes'));
		await expect(writer.seal()).rejects.toMatchObject({ code: 'storage_unreachable' });
		await writer.abort();
		expect(pair.calls).toEqual(['create k', 'create k', 'write k', 'seal k']);
		expect(await keysOf(pair.behind, '')).toEqual([]);
	});
});

test.each<[string, ErrorCode]>([
	['size', 'storage_denied'],
	['read', 'storage_cold'],
	['delete', 'object_locked'],
	['put', 'repository_full'],
	['list', 'repository_not_found'],
	['get', 'storage_failed'],
	['create', 'repository_unwritable'],
])('%s hands on what will not pass after one call', async (verb, code) => {
	const pair = withFaults({ 1: { when: 'before', code } });
	await pair.behind.put('k', Buffer.from('x'));
	const calls: Record<string, (storage: Storage) => Promise<unknown>> = {
		size: (storage) => storage.size('k'),
		read: (storage) => storage.read('k', 9),
		delete: (storage) => storage.delete('k'),
		put: (storage) => storage.put('new', Buffer.from('x')),
		list: (storage) => keysOf(storage, ''),
		get: (storage) => collect(storage.get('k')),
		create: (storage) => storage.create('new'),
	};
	await expect(calls[verb]!(pair.retrying)).rejects.toMatchObject({ code, hint: 'Look at the script.' });
	expect(pair.calls).toHaveLength(1);
});

test('every call gives up in the end, with its last failure', async () => {
	const { retrying } = over(createMemoryStorage(), () => ({ when: 'before' }));
	const given: Promise<unknown>[] = [
		retrying.put('k', Buffer.from('x')),
		retrying.create('k'),
		retrying.read('k', 1),
		retrying.size('k'),
		retrying.delete('k'),
		collect(retrying.get('k')),
		keysOf(retrying, ''),
	];
	for (const outcome of await Promise.allSettled(given)) {
		expect(outcome).toMatchObject({
			status: 'rejected',
			reason: { code: 'storage_unreachable', message: expect.stringMatching(/tried \d+ times/) as string },
		});
	}
});

test('after one that gave up, calls give up soon, until there is an answer', async () => {
	let isDown = true;
	const clock = rushingClock();
	const { storage } = flakyStorage(createMemoryStorage(), () => (isDown ? { when: 'before' } : undefined));
	const retrying = createRetryingStorage(storage, { clock, random: fakeRandom() });
	const patience = async () => {
		const began = clock.monotonic();
		await expect(retrying.delete('k')).rejects.toMatchObject({ code: 'storage_unreachable' });
		return clock.monotonic() - began;
	};
	expect([await patience(), await patience(), await patience()]).toEqual([120_000, 15_000, 15_000]);
	isDown = false;
	await retrying.delete('k');
	isDown = true;
	expect([await patience(), await patience()]).toEqual([120_000, 15_000]);
	isDown = false;
	await expect(retrying.size('k')).rejects.toMatchObject({ code: 'object_not_found' });
	isDown = true;
	expect([await patience(), await patience()]).toEqual([120_000, 15_000]);
});

test('links are made where the storage makes some', async () => {
	const options = { clock: rushingClock(), random: fakeRandom() };
	const behind = createMemoryStorage();
	expect(createRetryingStorage(behind, options).link).toBeUndefined();
	const link: Storage['link'] = async (key, { fileName }) => `https://x/${key}?as=${fileName}`;
	const linking = createRetryingStorage({ ...behind, link }, options);
	expect(await linking.link?.('k', { expiresInSeconds: 1, fileName: 'f' })).toBe('https://x/k?as=f');
});
