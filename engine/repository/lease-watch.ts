/**
 * Looks at a job's lease without touching it: whether the run that holds a generation still lives. As another run
 * would before it takes the job over: released, overtaken, or a counter that stands still for the time to live.
 */
import type { Clock } from '../../protocol/environment';
import { defaultRenewMs, defaultTtlMs } from './lease';
import { readLocks, type Locks } from './lease-files';
import type { Storage } from './storage';

export interface WatchOptions {
	readonly clock: Clock;
	readonly signal: AbortSignal;
	/** Told when nothing but watching for a while can tell. */
	readonly onWatching?: () => void;
}

const lookMs = defaultRenewMs / 5;

export async function isAlive(
	storage: Storage,
	job: string,
	generation: number,
	{ clock, signal, onWatching = () => undefined }: WatchOptions,
): Promise<boolean> {
	const first = await readLocks(storage, job, signal);
	if (isOver(first, generation)) return false;
	onWatching();
	let at = clock.monotonic();
	for (let stillMs = 0; stillMs < defaultTtlMs; ) {
		await clock.sleep(lookMs, signal);
		const now = clock.monotonic();
		const locks = await readLocks(storage, job, signal);
		if (isOver(locks, generation)) return false;
		if (locks.counter !== first.counter) return true;
		// If this whole machine was suspended, the holder was perhaps too.
		stillMs += Math.min(now - at, 2 * lookMs);
		at = now;
	}
	return false;
}

/** Without its claim a generation can't be held either. */
const isOver = (locks: Locks, generation: number): boolean =>
	locks.generation !== generation || locks.released;
