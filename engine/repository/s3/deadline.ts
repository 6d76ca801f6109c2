/**
 * A limit for how long nothing may move: a request to a server that hangs, a body that stalls. Ends the work
 * by its signal and throws a `StalledError`; an abort from outside throws its own reason.
 */
import type { Clock } from '../../../protocol/environment';

export interface DeadlineOptions {
	readonly clock: Clock;
	/** Milliseconds without `moved` after which the work is ended. */
	readonly idleMs: number;
	readonly signal: AbortSignal | undefined;
}

export interface Deadline {
	/** Aborts when the time is over or the outer signal aborts. */
	readonly signal: AbortSignal;
	/** Something came or went: the time starts again. */
	moved(): void;
	/** Nobody waits for the server now, until `moved`. */
	pause(): void;
	/** What `work` settles with, or the reason for its end, at once. */
	race<T>(work: Promise<T>): Promise<T>;
	/** Ends what still runs: a server that answers early may wait for the rest of a body that nobody sends. */
	cut(reason: unknown): void;
	/** Must be called. */
	end(): void;
}

export class StalledError extends Error {
	constructor(idleMs: number) {
		super(`nothing came for ${Math.round(idleMs / 1000)} s`);
		this.name = 'StalledError';
	}
}

export function startDeadline({ clock, idleMs, signal }: DeadlineOptions): Deadline {
	const cutter = new AbortController();
	const watching = new AbortController();
	let since = clock.monotonic();

	const abort = () => cutter.abort(signal?.reason);
	if (signal?.aborted) abort();
	signal?.addEventListener('abort', abort, { once: true });

	const watch = async () => {
		while (!watching.signal.aborted) {
			const left = since + idleMs - clock.monotonic();
			if (left <= 0) return cutter.abort(new StalledError(idleMs));
			await clock.sleep(Math.min(left, idleMs), watching.signal);
		}
	};
	// The sleep ends by an AbortError when the work is done.
	watch().catch(() => undefined);

	return {
		signal: cutter.signal,
		moved: () => (since = clock.monotonic()),
		pause: () => (since = Infinity),
		async race(work) {
			if (cutter.signal.aborted) {
				work.catch(() => undefined);
				throw cutter.signal.reason;
			}
			// A promise of its own each time: one that outlives the races would keep every result of theirs.
			let end: () => void = () => undefined;
			const ended = new Promise<never>((_, reject) => {
				end = () => reject(cutter.signal.reason as Error);
				cutter.signal.addEventListener('abort', end, { once: true });
			});
			try {
				return await Promise.race([work, ended]);
			} catch (error) {
				// What the work says of being ended matters less than why it was.
				throw cutter.signal.aborted ? cutter.signal.reason : error;
			} finally {
				cutter.signal.removeEventListener('abort', end);
			}
		},
		cut: (reason) => cutter.abort(reason),
		end() {
			signal?.removeEventListener('abort', abort);
			watching.abort();
		},
	};
}

/** Runs `work` under a deadline. */
export async function withDeadline<T>(
	options: DeadlineOptions,
	work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
	const deadline = startDeadline(options);
	try {
		return await deadline.race(work(deadline));
	} catch (error) {
		deadline.cut(error);
		throw error;
	} finally {
		deadline.end();
	}
}
