import { progressTeller, type Figures } from '../../../../engine/pipeline/progress';
import type { EngineEvent } from '../../../../protocol/events';
import { fakeClock } from '../../../fakes/clock';

const figures = (bytesRead: number, more: Partial<Figures> = {}): Figures => ({
	id: 'x',
	bytesRead,
	bytesWritten: 0,
	entries: 0,
	...more,
});

async function told(given: Figures): Promise<EngineEvent[]> {
	const events: EngineEvent[] = [];
	const clock = fakeClock();
	const tell = progressTeller(clock, (event) => events.push(event));
	tell(() => given);
	expect(events).toEqual([]);
	await clock.advance(500);
	tell(() => given);
	return events;
}

test.each([
	['without a total', figures(5), null],
	['an unknown total', figures(5, { bytesTotal: null }), null],
	['a total', figures(5, { bytesTotal: 9 }), 9],
	['more than the total: sources grow', figures(10, { bytesTotal: 9 }), 10],
])('%s', async (_what, given, bytesTotal) => {
	expect(await told(given)).toEqual([{ event: 'progress', ...given, bytesTotal }]);
});
