/**
 * A clock that only moves when a test moves it. Sleepers wake in the order of their times, and what they
 * then do (without real I/O) is done before time goes on.
 */
import type { Clock } from '../../protocol/environment';

export interface FakeClock extends Clock {
	/** Moves time on by so many milliseconds, waking every sleeper on the way. */
	advance(milliseconds: number): Promise<void>;
	/** Moves time on, from sleeper to sleeper, until the promise settles; throws when nobody sleeps any more. */
	advanceUntil<T>(promise: Promise<T>): Promise<T>;
	/** How many sleep now. */
	readonly sleeping: number;
}

export interface FakeClockStart {
	/** Wall time at the start, ms since the epoch. */
	readonly wall?: number;
	/** Monotonic time at the start, ms: differs from machine to machine. */
	readonly monotonic?: number;
}

interface Sleeper {
	readonly due: number;
	wake(): void;
}

/** Turns of the event loop in which promise chains without real I/O come to rest. */
const turnsToSettle = 20;
const turnsToGiveUp = 1000;

export function fakeClock({
	wall = Date.UTC(2026, 0, 31, 3),
	monotonic = 1000,
}: FakeClockStart = {}): FakeClock {
	let elapsed = 0;
	const sleepers = new Set<Sleeper>();

	const wakeNext = async (until: number): Promise<boolean> => {
		const [next] = [...sleepers].sort((a, b) => a.due - b.due);
		if (!next || next.due > until) return false;
		elapsed = Math.max(elapsed, next.due);
		next.wake();
		await settle();
		return true;
	};

	return {
		now: () => wall + elapsed,
		monotonic: () => monotonic + elapsed,
		sleep: (milliseconds, signal) =>
			new Promise<void>((resolve, reject) => {
				const abort = () => {
					sleepers.delete(sleeper);
					reject(abortError(signal));
				};
				const sleeper: Sleeper = {
					due: elapsed + Math.max(0, milliseconds),
					wake() {
						sleepers.delete(sleeper);
						signal?.removeEventListener('abort', abort);
						resolve();
					},
				};
				if (signal?.aborted) return reject(abortError(signal));
				signal?.addEventListener('abort', abort, { once: true });
				sleepers.add(sleeper);
			}),
		async advance(milliseconds) {
			const until = elapsed + milliseconds;
			await settle();
			while (await wakeNext(until));
			elapsed = until;
			await settle();
		},
		async advanceUntil(promise) {
			let settled = false;
			const end = () => (settled = true);
			promise.then(end, end);
			for (let idle = 0; !settled; ) {
				await settle();
				if (settled) break;
				idle = (await wakeNext(Infinity)) ? 0 : idle + 1;
				if (idle > turnsToGiveUp) throw new Error('nobody sleeps, yet the promise does not settle');
			}
			return await promise;
		},
		get sleeping() {
			return sleepers.size;
		},
	};
}

async function settle(): Promise<void> {
	for (let turn = 0; turn < turnsToSettle; turn += 1) {
		await new Promise<void>((resolve) => setImmediate(resolve));
	}
}

function abortError(signal: AbortSignal | undefined): Error {
	return Object.assign(new Error('the operation was aborted', { cause: signal?.reason }), {
		name: 'AbortError',
	});
}
