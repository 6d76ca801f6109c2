/** The real clock. Only edges (nodes, cli, the engine's main) import it; everything below takes a `Clock`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './environment';

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	sleep: async (milliseconds, signal) => {
		await sleep(milliseconds, undefined, signal ? { signal } : {});
	},
};
