/** Progress events, at most two a second. */
import type { Clock } from '../../protocol/environment';
import type { EngineEvent } from '../../protocol/events';

export type Progress = Extract<EngineEvent, { event: 'progress' }>;

/** What a job counts; without a total, none is known. */
export type Figures = Omit<Progress, 'event' | 'bytesTotal'> & Partial<Pick<Progress, 'bytesTotal'>>;

const everyMs = 500;

export function progressTeller(
	clock: Clock,
	say: (event: EngineEvent) => void,
): (figures: () => Figures) => void {
	let last = clock.monotonic();
	return (figures) => {
		const now = clock.monotonic();
		if (now - last < everyMs) return;
		last = now;
		const { bytesTotal = null, ...counted } = figures();
		// Sources may have grown since they were measured.
		const total = bytesTotal === null ? null : Math.max(bytesTotal, counted.bytesRead);
		say({ event: 'progress', ...counted, bytesTotal: total });
	};
}
