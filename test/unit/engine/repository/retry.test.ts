/** When a call is tried again, how long after, how often, and what is said in the end. */
import { defaultRetryPolicy, mayPass, retrying } from '../../../../engine/repository/retry';
import { BackupError, errorCodes, isErrorCode, type ErrorCode } from '../../../../protocol/errors';
import { fakeClock } from '../../../fakes/clock';
import { fakeRandom } from '../../../fakes/random';
import type { RandomSource } from '../../../../protocol/environment';

const unreachable = () => new BackupError('storage_unreachable', 'no answer from x', { hint: 'Look at x.' });
/** Always the longest wait, or always none. */
const highest: RandomSource = { bytes: (length) => Buffer.alloc(length, 0xff) };
const lowest: RandomSource = { bytes: (length) => Buffer.alloc(length, 0) };

/** Fails so often, then gives `done`; remembers when each attempt began. */
function failing(times: number, clock: { monotonic(): number }, fail: () => unknown = unreachable) {
	const began: number[] = [];
	const start = clock.monotonic();
	const work = async (attempt: number): Promise<string> => {
		expect(attempt).toBe(began.length + 1);
		began.push(clock.monotonic() - start);
		if (attempt <= times) throw fail();
		return 'done';
	};
	return { work, began };
}

test('what works at once is done once, without waiting', async () => {
	const clock = fakeClock();
	const { work, began } = failing(0, clock);
	expect(await retrying(work, { clock, random: fakeRandom() })).toBe('done');
	expect(began).toEqual([0]);
});

test('waits double up to the longest, at most', async () => {
	const clock = fakeClock();
	const { work, began } = failing(9, clock);
	expect(await clock.advanceUntil(retrying(work, { clock, random: highest }))).toBe('done');
	const waits = began.slice(1).map((time, n) => time - began[n]!);
	expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 8000, 8000, 8000]);
});

test('waits are spread over the whole range from nothing to that', async () => {
	const waits: number[] = [];
	for (let client = 0; client < 200; client += 1) {
		const clock = fakeClock();
		const { work, began } = failing(3, clock);
		await clock.advanceUntil(retrying(work, { clock, random: fakeRandom(`client ${client}`) }));
		waits.push(began[3]! - began[2]!);
	}
	const quarters = [0, 1, 2, 3].map((n) => waits.filter((wait) => Math.floor(wait / 200) === n).length);
	expect(Math.max(...waits)).toBeLessThanOrEqual(800);
	for (const count of quarters) expect(count).toBeGreaterThan(25);
});

test.each([
	['the longest waits', highest],
	['the shortest waits', lowest],
	['random waits', fakeRandom()],
])('with %s, a server that is away for 100 seconds is outlived', async (_name, random) => {
	const clock = fakeClock();
	const away = clock.monotonic() + 100_000;
	// A refused connection takes a moment; without one the shortest waits would never let time pass.
	const work = async () => {
		await clock.sleep(50);
		if (clock.monotonic() < away) throw unreachable();
		return clock.monotonic() - away;
	};
	expect(await clock.advanceUntil(retrying(work, { clock, random }))).toBeLessThan(10_000);
});

test('gives up after the time, with a last attempt at its very end, and says how often and for how long', async () => {
	const clock = fakeClock();
	const { work, began } = failing(Infinity, clock);
	const outcome = retrying(work, { clock, random: highest });
	await expect(clock.advanceUntil(outcome)).rejects.toMatchObject({
		code: 'storage_unreachable',
		message: 'no answer from x (tried 21 times in 120 s)',
		hint: 'Look at x.',
		cause: { message: 'no answer from x' },
	});
	expect(began).toHaveLength(21);
	expect(began.at(-1)).toBe(defaultRetryPolicy.lastingMs);
});

test('an attempt that hangs for longer than the whole time is still not the only one', async () => {
	const clock = fakeClock();
	let attempts = 0;
	const work = async () => {
		attempts += 1;
		await clock.sleep(10 * 60_000);
		throw unreachable();
	};
	await expect(clock.advanceUntil(retrying(work, { clock, random: highest }))).rejects.toMatchObject({
		message: expect.stringContaining('(tried 3 times in 1801 s)') as string,
	});
	expect(attempts).toBe(defaultRetryPolicy.leastAttempts);
});

test('the newest failure is the one that is told', async () => {
	const clock = fakeClock();
	let attempts = 0;
	const work = () => Promise.reject(new BackupError('storage_unreachable', `failure ${(attempts += 1)}`));
	await expect(
		clock.advanceUntil(retrying(work, { clock, random: highest, lastingMs: 1000 })),
	).rejects.toMatchObject({ message: 'failure 4 (tried 4 times in 1 s)' });
});

describe('tries again exactly what may pass', () => {
	const codes = Object.keys(errorCodes).filter(isErrorCode);
	test.each(codes.filter((code) => code !== 'storage_unreachable'))('not %s', async (code: ErrorCode) => {
		const clock = fakeClock();
		const error = new BackupError(code, 'as it is');
		const { work, began } = failing(1, clock, () => error);
		await expect(retrying(work, { clock, random: highest })).rejects.toBe(error);
		expect(began).toHaveLength(1);
		expect(mayPass(error)).toBe(false);
	});

	test.each([
		['an error of the system', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
		['a lookalike', { code: 'storage_unreachable', message: 'x' }],
		['a string', 'storage_unreachable'],
	])('not %s', async (_name, thrown: unknown) => {
		const clock = fakeClock();
		const { work, began } = failing(1, clock, () => thrown);
		await expect(retrying(work, { clock, random: highest })).rejects.toBe(thrown);
		expect(began).toHaveLength(1);
	});

	it('and what never passes ends it in the middle', async () => {
		const clock = fakeClock();
		const refused = new BackupError('storage_denied', 'refused');
		const errors = [unreachable(), unreachable(), refused];
		const { work, began } = failing(9, clock, () => errors[began.length - 1]);
		await expect(clock.advanceUntil(retrying(work, { clock, random: highest }))).rejects.toBe(refused);
		expect(began).toHaveLength(3);
	});
});

describe('a signal', () => {
	const reason = new Error('enough');

	it('that is aborted lets nothing begin', async () => {
		const clock = fakeClock();
		const { work, began } = failing(0, clock);
		const signal = AbortSignal.abort(reason);
		await expect(retrying(work, { clock, random: highest, signal })).rejects.toBe(reason);
		expect(began).toEqual([]);
	});

	it('ends a wait at once', async () => {
		const clock = fakeClock();
		const stop = new AbortController();
		const { work, began } = failing(Infinity, clock);
		const outcome = retrying(work, { clock, random: highest, signal: stop.signal });
		const rejected = expect(outcome).rejects.toBe(reason);
		await clock.advance(500);
		expect(clock.sleeping).toBe(1);
		stop.abort(reason);
		await rejected;
		expect([began.length, clock.sleeping]).toEqual([2, 0]);
	});

	it('is the reason of a call that failed because of it', async () => {
		const clock = fakeClock();
		const stop = new AbortController();
		const work = async () => {
			stop.abort(reason);
			throw unreachable();
		};
		await expect(retrying(work, { clock, random: highest, signal: stop.signal })).rejects.toBe(reason);
	});
});
