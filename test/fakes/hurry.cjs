/**
 * For `node --require`: a process in which time passes HURRY times faster (its waits, time-outs, leases and
 * retries; not its work, and not the wall clock), whose wall clock is off by SKEW_MS.
 */
const timers = require('node:timers/promises');

const factor = Number(process.env.HURRY ?? 1);
const skewMs = Number(process.env.SKEW_MS ?? 0);

const { now } = performance;
performance.now = () => now.call(performance) * factor;

const { setTimeout: sleep } = timers;
timers.setTimeout = (milliseconds, value, options) => sleep(milliseconds / factor, value, options);

const { setInterval: repeat } = globalThis;
globalThis.setInterval = (work, milliseconds, ...given) => repeat(work, milliseconds / factor, ...given);

if (skewMs !== 0) {
	const RealDate = Date;
	globalThis.Date = class extends RealDate {
		constructor(...given) {
			if (given.length === 0) super(RealDate.now() + skewMs);
			else super(...given);
		}
		static now() {
			return RealDate.now() + skewMs;
		}
	};
}
