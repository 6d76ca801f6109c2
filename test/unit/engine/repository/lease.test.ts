import { acquireLease, type Lease, type LeaseOptions } from '../../../../engine/repository/lease';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { formatRecord } from '../../../../engine/repository/records';
import { writeRunMarker, type RunMarker } from '../../../../engine/repository/runs';
import type { Storage } from '../../../../engine/repository/storage';
import { BackupError } from '../../../../protocol/errors';
import { keysOf } from '../../../conformance/storage';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import { faultyStorage } from '../../../fakes/faulty-storage';
import { sampleRecord } from '../../../fakes/record';

const ttl = 30_000;

let storage: Storage;
let clock: FakeClock;
beforeEach(() => {
	storage = createMemoryStorage();
	clock = fakeClock();
});

/** Each run has its own machine, hence its own clock where a test needs that. */
function acquire(
	runId: string,
	options: Partial<LeaseOptions> & { storage?: Storage; clock?: FakeClock } = {},
): Promise<Lease> {
	const { storage: place = storage, ...rest } = options;
	return acquireLease(place, 'nightly', { runId, host: `host-${runId}`, waitMs: 0, clock, ...rest });
}

/** A promise's state, looked at now. */
async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
	const settled = promise.then(
		() => 'fulfilled' as const,
		() => 'rejected' as const,
	);
	return await Promise.race([
		settled,
		new Promise<'pending'>((resolve) => setImmediate(() => resolve('pending'))),
	]);
}

describe('a lease', () => {
	it('counts its generations from 1, for ever, job by job', async () => {
		for (let generation = 1; generation <= 5; generation += 1) {
			const lease = await acquire('a');
			expect(lease.generation).toBe(generation);
			await lease.check();
			await lease.release();
		}
		const other = await acquireLease(storage, 'nightly-other', { runId: 'b', host: 'h', waitMs: 0, clock });
		expect(other.generation).toBe(1);
		await other.release();
		expect(clock.sleeping).toBe(0);
	});

	it('leaves two files of the newest generation', async () => {
		for (let run = 0; run < 3; run += 1) {
			const lease = await acquire('a');
			await clock.advance(3600_000);
			await lease.check();
			await lease.release();
		}
		expect(await keysOf(storage, 'locks/')).toEqual([
			'locks/nightly/0000000003.json',
			'locks/nightly/0000000003.released.json',
		]);
	});

	it('holds one renewal at a time, however long it is held', async () => {
		const lease = await acquire('a');
		await clock.advance(24 * 3600_000);
		expect(await keysOf(storage, 'locks/')).toEqual([
			'locks/nightly/0000000001.0000017280.json',
			'locks/nightly/0000000001.json',
		]);
		await lease.check();
		await lease.release();
	});

	it('is refused at the first sign of life of another, whom the message names', async () => {
		const lease = await acquire('a');
		const second = acquire('b');
		await clock.advance(4_900);
		expect(await stateOf(second)).toBe('pending');
		await clock.advance(1_200);
		await expect(second).rejects.toMatchObject({
			code: 'locked',
			message: 'job nightly is locked by run a on host-a since 2026-01-31T03:00:00.000Z',
			hint: expect.stringContaining('30 s'),
		});
		await lease.check();
		await lease.release();
		expect(clock.sleeping).toBe(0);
	});

	it('is waited for as long as asked', async () => {
		const lease = await acquire('a');
		const second = acquire('b', { waitMs: 60_000 });
		await clock.advance(59_000);
		expect(await stateOf(second)).toBe('pending');
		await clock.advance(2_000);
		await expect(second).rejects.toMatchObject({ code: 'locked' });
		await lease.release();
	});

	it('passes on soon after its release', async () => {
		const lease = await acquire('a');
		const second = acquire('b', { waitMs: 3600_000 });
		await clock.advance(100_000);
		await lease.release();
		await clock.advance(1_001);
		expect(await stateOf(second)).toBe('fulfilled');
		expect((await second).generation).toBe(2);
		await (await second).release();
	});

	it('passes on when its holder is dead for the time to live, waiting or not', async () => {
		for (const waitMs of [0, 1_000, 3600_000]) {
			const dead = faultyStorage(storage, { at: Infinity, when: 'before' });
			const deadClock = fakeClock();
			const lost = await acquire('dead', { storage: dead.storage, clock: deadClock });
			const next = acquire('next', { waitMs });
			await clock.advance(ttl - 1_000);
			expect(await stateOf(next)).toBe('pending');
			await clock.advance(2_000);
			expect(await stateOf(next)).toBe('fulfilled');
			expect((await next).generation).toBe(lost.generation + 1);
			await (await next).release();
		}
	});

	it('is lost to a holder who wakes up after another took over', async () => {
		const holderClock = fakeClock({ monotonic: 9e9 });
		const paused = await acquire('paused', { clock: holderClock });
		await holderClock.advance(12_000);
		await paused.check();
		const next = await clock.advanceUntil(acquire('next'));
		expect(next.generation).toBe(2);
		await holderClock.advance(60_000);
		await expect(paused.check()).rejects.toMatchObject({ code: 'lease_lost' });
		await expect(paused.check()).rejects.toMatchObject({ code: 'lease_lost' });
		await paused.release();
		await next.check();
		expect(await keysOf(storage, 'locks/')).not.toContain('locks/nightly/0000000001.released.json');
		await next.release();
		expect(holderClock.sleeping).toBe(0);
	});

	it('is kept by a holder who wakes up before anybody came, and moves its counter at once', async () => {
		let jump = 0;
		const holderClock = fakeClock();
		const slept: FakeClock = { ...holderClock, monotonic: () => holderClock.monotonic() + jump };
		const paused = await acquire('paused', { clock: slept });
		const observer = expect(acquire('next')).rejects.toMatchObject({ code: 'locked' });
		await clock.advance(ttl - 2_000);
		// The holder's machine was paused: its time jumps before its timers fire.
		jump = ttl - 2_000;
		expect(await keysOf(storage, 'locks/')).toEqual(['locks/nightly/0000000001.json']);
		await paused.check();
		expect(await keysOf(storage, 'locks/')).toEqual([
			'locks/nightly/0000000001.0000000001.json',
			'locks/nightly/0000000001.json',
		]);
		await clock.advance(2_500);
		await observer;
		await paused.check();
		await paused.release();
	});

	it('is not taken over for a suspended machine’s jump in time', async () => {
		const holderClock = fakeClock();
		const held = await acquire('held', { clock: holderClock });
		let jump = 0;
		const jumping: FakeClock = { ...clock, monotonic: () => clock.monotonic() + jump };
		const observer = acquire('observer', { clock: jumping });
		await clock.advance(2_000);
		jump = 8 * 3600_000;
		await clock.advance(2_000);
		expect(await stateOf(observer)).toBe('pending');
		await holderClock.advance(5_000);
		await clock.advance(1_000);
		await expect(observer).rejects.toMatchObject({ code: 'locked' });
		await held.check();
		await held.release();
	});

	it('does not look at wall clocks', async () => {
		const walls = [Date.UTC(1999, 0), Date.UTC(2026, 0), Date.UTC(2150, 0)];
		for (const [n, wall] of walls.entries()) {
			const holderClock = fakeClock({ wall, monotonic: 1e12 - wall });
			const holder = await acquire('holder', { clock: holderClock });
			const eager = acquire('other', { clock: fakeClock({ wall: walls[(n + 1) % 3]! }) });
			expect(await stateOf(eager)).toBe('pending');
			const observer = fakeClock({ wall: walls[(n + 2) % 3]! });
			const next = await observer.advanceUntil(acquire('next', { clock: observer }));
			expect(next.generation).toBe(holder.generation + 1);
			await next.release();
		}
	});

	it('is given to exactly one of many, round after round', async () => {
		for (let round = 1; round <= 20; round += 1) {
			const attempts = Array.from({ length: 8 }, (_, n) => acquire(`run-${n}`));
			const outcomes = await clock.advanceUntil(Promise.allSettled(attempts));
			const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
			expect(won).toHaveLength(1);
			for (const outcome of outcomes) {
				if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'locked' });
			}
			const { value: lease } = won[0]!;
			expect(lease.generation).toBe(round);
			await lease.check();
			await lease.release();
		}
		expect(clock.sleeping).toBe(0);
	});

	it('of a dead holder is taken over by exactly one of many', async () => {
		for (let round = 0; round < 10; round += 1) {
			const dead = await acquire('dead', { clock: fakeClock() });
			const attempts = Array.from({ length: 8 }, (_, n) => acquire(`run-${n}`));
			const outcomes = await clock.advanceUntil(Promise.allSettled(attempts));
			const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
			expect(won).toHaveLength(1);
			expect(won[0]!.value.generation).toBe(dead.generation + 1);
			await won[0]!.value.check();
			await expect(dead.check()).rejects.toMatchObject({ code: 'lease_lost' });
			await won[0]!.value.release();
		}
	});

	it('is void when a slow claimer comes with a generation that has passed', async () => {
		await (await acquire('first')).release();
		let interrupt: (() => Promise<void>) | undefined = async () => {
			for (let run = 0; run < 3; run += 1) await (await acquire(`between-${run}`)).release();
		};
		// Listed while generation 1 was the newest, claims 2 when 4 is and 2 was cleaned up.
		const slow: Storage = {
			...storage,
			put: async (key, body) => {
				const wait = interrupt;
				interrupt = undefined;
				await wait?.();
				return await storage.put(key, body);
			},
		};
		const lease = await clock.advanceUntil(acquire('slow', { storage: slow }));
		expect(lease.generation).toBe(5);
		await lease.check();
		expect(await keysOf(storage, 'locks/')).toEqual(['locks/nightly/0000000005.json']);
		await lease.release();
	});
});

describe('a lease whose files something else removed', () => {
	async function removeLocks(): Promise<void> {
		for (const key of await keysOf(storage, 'locks/')) await storage.delete(key);
	}
	async function record(seq: number, day: number, text?: string): Promise<void> {
		const id = `nightly-2026${String(day).padStart(4, '0')}T030000Z-1f2e`;
		await storage.put(
			`jobs/nightly/${id}.json`,
			Buffer.from(text ?? formatRecord(sampleRecord({ id, seq }), null)),
		);
	}
	const marker = (seq: number): RunMarker => ({
		...{ id: 'nightly-20260131T030000Z-1f2e', runId: 'r', job: 'nightly', series: 'data', seq },
		...{ kind: 'volume', archiveId: '0f'.repeat(16), startedAt: '2026-01-31T03:00:00.000Z', host: 'h' },
		...{ writer: 'backup', objects: [] },
	});

	test.each<[string, () => Promise<void>, number]>([
		['neither a record nor a marker', async () => undefined, 1],
		[
			'records, whose newest may be of a lower number',
			async () => (await record(7, 101), await record(6, 102)),
			8,
		],
		['a record that can’t be read', async () => (await record(7, 101), await record(0, 102, 'torn')), 8],
		['only one that can’t be read', async () => await record(0, 101, 'torn'), 1],
		[
			'a marker of a later run',
			async () => (await record(7, 101), await writeRunMarker(storage, marker(9))),
			10,
		],
		[
			'a record of an impossible number',
			async () => (await record(7, 101), await record(9_999_999_999, 102)),
			8,
		],
		[
			'more than 20 records: the newest 20 count',
			async () => {
				await record(99, 101);
				for (let n = 0; n < 20; n += 1) await record(30 + n, 102 + n);
			},
			50,
		],
	])('goes on from what is left: %s', async (_what, leave, expected) => {
		await (await acquire('a')).release();
		await leave();
		await removeLocks();
		const lease = await acquire('b');
		expect(lease.generation).toBe(expected);
		await lease.check();
		await lease.release();
		const next = await acquire('c');
		expect(next.generation).toBe(expected + 1);
		await next.release();
	});

	it('is given to exactly one of many, at the same number', async () => {
		await record(41, 101);
		for (let round = 0; round < 20; round += 1) {
			const attempts = Array.from({ length: 8 }, (_, n) => acquire(`run-${n}`));
			const outcomes = await clock.advanceUntil(Promise.allSettled(attempts));
			const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
			expect(won).toHaveLength(1);
			expect(won[0]!.value.generation).toBe(42);
			await won[0]!.value.check();
			await won[0]!.value.release();
			await removeLocks();
		}
	});

	it('is not jumped over while its holder lives', async () => {
		let holder: Lease | undefined;
		const floor = async () => {
			// Another run comes right now, and stores its first record.
			holder = await acquire('holder');
			await record(1, 101);
			return 1;
		};
		const late = acquire('late', { floor });
		await expect(clock.advanceUntil(late)).rejects.toMatchObject({ code: 'locked' });
		await holder!.check();
		await holder!.release();
	});

	it('is lost to whoever made the same claim again', async () => {
		const paused = await acquire('paused', { clock: fakeClock() });
		await removeLocks();
		const next = await acquire('next');
		expect(next.generation).toBe(paused.generation);
		await expect(paused.check()).rejects.toMatchObject({
			code: 'lease_lost',
			message: expect.stringContaining('0000000001.json is of another run'),
		});
		await paused.release();
		await next.check();
		expect(await keysOf(storage, 'locks/')).toEqual(['locks/nightly/0000000001.json']);
		await next.release();
	});

	it('is lost when its claim is gone', async () => {
		const lease = await acquire('a');
		await removeLocks();
		await expect(lease.check()).rejects.toMatchObject({
			code: 'lease_lost',
			message: expect.stringContaining('was removed'),
		});
		await lease.release();
	});

	it('is void at once on a storage where a late creator replaces the claim', async () => {
		let replace = true;
		const weak: Storage = {
			...storage,
			put: async (key, body) => {
				const outcome = await storage.put(key, Buffer.from(body));
				if (replace && key.endsWith('/0000000001.json')) {
					replace = false;
					await storage.delete(key);
					await acquire('replacing');
				}
				return outcome;
			},
		};
		await expect(clock.advanceUntil(acquire('a', { storage: weak }))).rejects.toMatchObject({
			code: 'locked',
		});
	});
});

describe('a lease on a storage that fails', () => {
	function switchable(code: 'storage_unreachable' | 'storage_failed' = 'storage_unreachable') {
		const state = { down: false };
		const fail = async () => {
			if (state.down) throw new BackupError(code, 'the storage is away');
		};
		const place: Storage = {
			...storage,
			put: async (key, body, signal) => (await fail(), await storage.put(key, body, signal)),
			delete: async (key, signal) => (await fail(), await storage.delete(key, signal)),
			async *list(prefix, signal, after) {
				await fail();
				yield* storage.list(prefix, signal, after);
			},
		};
		return { state, place };
	}

	it('survives a gap shorter than the time to live', async () => {
		const { state, place } = switchable();
		const lease = await acquire('a', { storage: place });
		state.down = true;
		await clock.advance(29_000);
		await expect(lease.check()).rejects.toMatchObject({ code: 'storage_unreachable' });
		state.down = false;
		await clock.advance(5_000);
		await lease.check();
		await lease.release();
	});

	it('is lost after a longer one, even when the storage is back and nobody came', async () => {
		const { state, place } = switchable();
		const lease = await acquire('a', { storage: place });
		state.down = true;
		await clock.advance(36_000);
		state.down = false;
		await clock.advance(10_000);
		await expect(lease.check()).rejects.toMatchObject({
			code: 'lease_lost',
			cause: expect.objectContaining({ code: 'storage_unreachable' }),
		});
		await lease.release();
		expect(clock.sleeping).toBe(0);
	});

	it('says when it could not be released, and has stopped anyway', async () => {
		const { state, place } = switchable();
		const lease = await acquire('a', { storage: place });
		state.down = true;
		await expect(lease.release()).rejects.toMatchObject({ code: 'storage_unreachable' });
		expect(clock.sleeping).toBe(0);
		state.down = false;
		const next = await clock.advanceUntil(acquire('b'));
		expect(next.generation).toBe(2);
		await next.release();
	});

	it.each(['repository_unwritable', 'storage_denied', 'object_locked'] as const)(
		'works where nothing can be deleted (%s), and asks once a run',
		async (code) => {
			let asked = 0;
			const keeping: Storage = {
				...storage,
				delete: async (key) => {
					asked += 1;
					throw new BackupError(code, `can't delete ${key}`);
				},
			};
			for (let generation = 1; generation <= 3; generation += 1) {
				asked = 0;
				const lease = await acquire('a', { storage: keeping });
				await clock.advance(20_000);
				await lease.check();
				expect(lease.generation).toBe(generation);
				await lease.release();
				expect(asked).toBe(1);
			}
		},
	);

	it('lists only what is new while it looks and checks, however much such runs have left', async () => {
		const listed: number[] = [];
		const keeping: Storage = {
			...storage,
			delete: async () => undefined,
			async *list(prefix, signal, after) {
				const position = listed.push(0) - 1;
				for await (const object of storage.list(prefix, signal, after)) {
					listed[position]! += 1;
					yield object;
				}
			},
		};
		const holder = await acquire('a', { storage: keeping, clock });
		await clock.advance(3600_000);
		expect(await keysOf(storage, 'locks/')).toHaveLength(721);
		listed.length = 0;
		const waiting = acquire('b', { storage: keeping, waitMs: 60_000 });
		await clock.advance(50_000);
		const [first, ...later] = listed.splice(0);
		expect(first).toBe(721);
		expect(later.length).toBeGreaterThan(40);
		expect(Math.max(...later)).toBeLessThanOrEqual(2);
		await holder.check();
		expect(listed).toEqual([0]);
		await holder.release();
		await (await clock.advanceUntil(waiting)).release();
	});

	it('does not spend its time on what such runs have left', async () => {
		for (let counter = 1; counter <= 1000; counter += 1) {
			await storage.put(`locks/nightly/0000000001.${String(counter).padStart(10, '0')}.json`, Buffer.of());
		}
		await storage.put('locks/nightly/0000000001.released.json', Buffer.of());
		let asked = 0;
		const counting: Storage = {
			...storage,
			delete: async (key) => ((asked += 1), await storage.delete(key)),
		};
		const lease = await acquire('a', { storage: counting });
		expect(asked).toBe(100);
		await lease.check();
		await lease.release();
	});

	it('asks again to delete after a failure that was no refusal', async () => {
		const { state, place } = switchable();
		const lease = await acquire('a', { storage: place });
		await clock.advance(6_000);
		state.down = true;
		await clock.advance(5_000);
		state.down = false;
		await clock.advance(20_000);
		await lease.release();
		await (await acquire('b')).release();
		expect(await keysOf(storage, 'locks/')).toEqual([
			'locks/nightly/0000000002.json',
			'locks/nightly/0000000002.released.json',
		]);
	});

	it('is lost by generation alone where nothing can be deleted', async () => {
		const keeping: Storage = { ...storage, delete: async () => undefined };
		const paused = await acquire('paused', { storage: keeping, clock: fakeClock() });
		const next = await clock.advanceUntil(acquire('next', { storage: keeping }));
		await expect(paused.check()).rejects.toMatchObject({
			code: 'lease_lost',
			message: expect.stringContaining('2 took over'),
		});
		await next.check();
		await next.release();
	});

	/** Calls that change something never come to an end while `hanging`, unless they are aborted. */
	function hangs() {
		const state = { hanging: false };
		const hang = async (signal?: AbortSignal) => {
			if (!state.hanging) return;
			await new Promise((_resolve, reject) => {
				signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
			});
		};
		const place: Storage = {
			...storage,
			put: async (key, body, signal) => (await hang(signal), await storage.put(key, body, signal)),
			delete: async (key, signal) => (await hang(signal), await storage.delete(key, signal)),
		};
		return { state, place };
	}

	it('is not lost by one renewal that hangs', async () => {
		const { state, place } = hangs();
		const lease = await acquire('a', { storage: place });
		const next = acquire('b', { waitMs: 300_000, clock });
		state.hanging = true;
		await clock.advance(6_000);
		state.hanging = false;
		await clock.advance(60_000);
		await lease.check();
		expect(await stateOf(next)).toBe('pending');
		await lease.release();
		await (await clock.advanceUntil(next)).release();
		expect(clock.sleeping).toBe(0);
	});

	it('outlives an outage that nobody used, in which calls hang', async () => {
		const { state, place } = hangs();
		const lease = await acquire('a', { storage: place });
		await clock.advance(12_000);
		state.hanging = true;
		await clock.advance(100_000);
		const check = lease.check();
		state.hanging = false;
		await clock.advance(15_000);
		expect(await stateOf(check)).toBe('fulfilled');
		await lease.release();
	});

	it('is lost at its check when it can’t be renewed by then', async () => {
		const { state, place } = hangs();
		const lease = await acquire('a', { storage: place });
		state.hanging = true;
		await clock.advance(100_000);
		await expect(clock.advanceUntil(lease.check())).rejects.toMatchObject({ code: 'lease_lost' });
		await lease.release();
		expect(clock.sleeping).toBe(0);
	});

	it('counts a slow renewal from its beginning', async () => {
		let down = false;
		const slow: Storage = {
			...storage,
			put: async (key, body) => {
				if (down) throw new BackupError('storage_unreachable', 'the storage is away');
				if (!key.endsWith('.0000000001.json')) return await storage.put(key, body);
				await clock.sleep(20_000);
				down = true;
				return await storage.put(key, body);
			},
		};
		const lease = await acquire('a', { storage: slow });
		await clock.advance(34_000);
		await lease.check();
		// Seen at 5 s at the earliest, so 35 s is the last moment that it surely holds.
		await clock.advance(7_000);
		await expect(lease.check()).rejects.toMatchObject({ code: 'lease_lost' });
	});

	it('is free again after a death at any of its calls', async () => {
		for (let at = 1; ; at += 1) {
			storage = createMemoryStorage();
			const { storage: place, calls } = faultyStorage(storage, { at, when: at % 2 ? 'before' : 'after' });
			const machine = fakeClock();
			const life = async () => {
				const lease = await acquire('dying', { storage: place, clock: machine });
				const work = machine.advance(12_000);
				await work;
				await lease.check();
				await lease.release();
			};
			const [outcome] = await Promise.allSettled([machine.advanceUntil(life())]);
			const next = await clock.advanceUntil(acquire('next'));
			await next.check();
			await next.release();
			if (calls.length < at) {
				expect(outcome.status).toBe('fulfilled');
				expect(at).toBeGreaterThan(8);
				break;
			}
		}
	});

	it('ends its waiting when its signal is aborted', async () => {
		const held = await acquire('a');
		const cancel = new AbortController();
		const waiting = acquire('b', { waitMs: 3600_000, signal: cancel.signal });
		await clock.advance(60_000);
		cancel.abort();
		await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
		await held.check();
		await held.release();
		expect(clock.sleeping).toBe(0);
	});

	it('refuses a job name that is none', async () => {
		const options = { runId: 'a', host: 'h', waitMs: 0, clock };
		await expect(acquireLease(storage, '../x', options)).rejects.toMatchObject({ code: 'invalid_job_name' });
		expect(await keysOf(storage, '')).toEqual([]);
	});
});
