/**
 * The ambient things a part may need, passed in so that tests own them: time and randomness.
 * The real ones are made at the edges only (`clock.ts`, `random.ts`).
 */

export interface Clock {
	/** Wall time, milliseconds since the epoch: for names and records only. */
	now(): number;
	/** Milliseconds that only ever grow: for every duration, lease and time-out. */
	monotonic(): number;
	/** Resolves after `milliseconds`; rejects with an AbortError as soon as `signal` aborts. */
	sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export interface RandomSource {
	/** `length` cryptographically strong bytes. */
	bytes(length: number): Buffer;
}
