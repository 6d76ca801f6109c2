/** Progress events, at most two a second. */
import type { Clock } from '../../protocol/environment';
import type { EngineEvent } from '../../protocol/events';

export type Progress = Extract<EngineEvent, { event: 'progress' }>;

const everyMs = 500;

export function progressTeller(
	clock: Clock,
	say: (event: EngineEvent) => void,
): (figures: () => Omit<Progress, 'event'>) => void {
	let last = clock.monotonic();
	return (figures) => {
		const now = clock.monotonic();
		if (now - last < everyMs) return;
		last = now;
		say({ event: 'progress', ...figures() });
	};
}
