/** How old containers of ours are, by the daemon's own clock: nothing here looks at this machine's. */
import type { Clock } from '../../protocol/environment';
import { answers, request, segment, type DockerHost } from '../api';

/** Milliseconds since the epoch by the daemon's clock, kept going by ours. */
export async function daemonClock(
	host: DockerHost,
	clock: Clock,
	signal?: AbortSignal,
): Promise<() => number> {
	const info = answers.fields(
		await request(host, { method: 'GET', path: '/info', doing: 'tell its time', signal }),
	);
	const then = Date.parse(answers.string(info, 'SystemTime'));
	const since = clock.monotonic();
	return () => then + (clock.monotonic() - since);
}

/** When a container of ours came to the state that it is in. */
export interface Since {
	readonly state: string;
	readonly active: boolean;
	/** When it ended; of one that runs or never did, when it was created. */
	readonly sinceMs: number;
}

/** Undefined when it is gone, or does not say. */
export async function sinceWhen(
	host: DockerHost,
	id: string,
	signal?: AbortSignal,
): Promise<Since | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/containers/${segment(id)}/json`,
		doing: 'inspect a runner',
		signal,
		accept: [404],
	});
	if (answer === null) return undefined;
	const container = answers.fields(answer);
	const state = answers.fields(container['State'], 'State');
	const active = state['Running'] === true || state['Paused'] === true || state['Restarting'] === true;
	// The time of an end that never was is year 1.
	const ended = Date.parse(answers.string(state, 'FinishedAt'));
	const sinceMs = ended > 0 && !active ? ended : Date.parse(answers.string(container, 'Created'));
	if (Number.isNaN(sinceMs)) return undefined;
	return { state: answers.string(state, 'Status'), active, sinceMs };
}
