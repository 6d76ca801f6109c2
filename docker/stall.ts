/**
 * The end of what does not move: a signal that aborts when nobody said `moved` for a while, and with the signal that it
 * is made from. `close` it.
 */
export interface Stall {
	readonly signal: AbortSignal;
	/** Something moved: from now on it may stand still for so long. */
	moved(limitMs: number): void;
	close(): void;
}

/** `error`: what the signal's reason becomes after so many milliseconds. */
export function watchStall(limitMs: number, outer: AbortSignal, error: (standingMs: number) => Error): Stall {
	const own = new AbortController();
	const start = (ms: number) => setTimeout(() => own.abort(error(ms)), ms);
	let limit = limitMs;
	let timer = start(limitMs);
	return {
		signal: AbortSignal.any([outer, own.signal]),
		moved(next) {
			if (next === limit) return void timer.refresh();
			clearTimeout(timer);
			limit = next;
			timer = start(next);
		},
		close: () => clearTimeout(timer),
	};
}
