/** A clock on which everything takes a fraction of its time: waits, time-outs and retries keep their proportions. */
import type { Clock } from '../../protocol/environment';
import { systemClock } from '../../protocol/clock';

/** `factor`: how many milliseconds pass on it in a real one. Wall time stays real: signatures need it. */
export function hurriedClock(factor: number): Clock {
	return {
		now: () => systemClock.now(),
		monotonic: () => systemClock.monotonic() * factor,
		sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / factor, signal),
	};
}
