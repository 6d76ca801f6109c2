/**
 * Removes the runners that nobody holds any more: created but never started, or ended, for longer than
 * `minAgeMs` by the daemon's own clock. A running one is never touched: its engine ends by itself when
 * its input does.
 *
 * Each is claimed first, by renaming it to a name that follows from its id: of several reapers only one
 * succeeds. A claim may have been left behind by a reaper that died; whoever meets one finishes the work,
 * so the work must bear being done twice. An orphan is reported by the one whose removal succeeded.
 */
import type { Clock } from '../protocol/environment';
import { answers, exchange, request, segment, type DockerHost } from './api';
import { labels } from './labels';

export interface ReapOptions {
	/** For the time that passes while reaping. */
	readonly clock: Clock;
	readonly signal?: AbortSignal;
	readonly minAgeMs?: number;
}

export interface Reaped {
	readonly containerId: string;
	readonly name: string;
	/** Run it belonged to; null when its labels do not say. */
	readonly runId: string | null;
	readonly job: string | null;
	readonly state: 'created' | 'exited' | 'dead';
	readonly ageMs: number;
}

const roles = ['read', 'extract', 'repository'];

export async function reapOrphans(
	host: DockerHost,
	{ clock, signal, minAgeMs = 120_000 }: ReapOptions,
): Promise<Reaped[]> {
	const ids = await endedRunners(host, signal);
	if (ids.length === 0) return [];
	const daemonNow = await daemonClock(host, clock, signal);
	const reaped: Reaped[] = [];
	for (const id of ids) {
		const orphan = await inspectOrphan(host, id, daemonNow, signal);
		if (orphan && orphan.ageMs > minAgeMs && (await claim(host, orphan, signal))) {
			if (await removed(host, orphan, signal)) reaped.push(orphan);
		}
	}
	return reaped;
}

/** False when somebody else removed it, or the daemon could not: it then waits for the next reaper. */
async function removed(host: DockerHost, orphan: Reaped, signal?: AbortSignal): Promise<boolean> {
	const { status } = await exchange(host, {
		method: 'DELETE',
		path: `/containers/${segment(orphan.containerId)}`,
		// Without force: should it run after all, the daemon refuses.
		query: { v: true },
		doing: `remove the orphaned runner ${orphan.name}`,
		signal,
		accept: [404, 409, 500],
	});
	return status === 204;
}

async function endedRunners(host: DockerHost, signal?: AbortSignal): Promise<string[]> {
	const containers = await request(host, {
		method: 'GET',
		path: '/containers/json',
		query: { all: true, filters: { label: [labels.role], status: ['created', 'exited', 'dead'] } },
		doing: 'list runners',
		signal,
	});
	return answers
		.array({ containers }, 'containers', (value) => answers.fields(value, 'container'))
		.filter((container) => roles.includes(String(answers.fields(container['Labels'], 'Labels')[labels.role])))
		.map((container) => answers.string(container, 'Id'));
}

/** The daemon's clock, kept going by ours. */
async function daemonClock(host: DockerHost, clock: Clock, signal?: AbortSignal): Promise<() => number> {
	const info = answers.fields(
		await request(host, { method: 'GET', path: '/info', doing: 'tell its time', signal }),
	);
	const then = Date.parse(answers.string(info, 'SystemTime'));
	const since = clock.monotonic();
	return () => then + (clock.monotonic() - since);
}

/** Undefined when it is gone, or runs, or its age cannot be told. */
async function inspectOrphan(
	host: DockerHost,
	id: string,
	daemonNow: () => number,
	signal?: AbortSignal,
): Promise<Reaped | undefined> {
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
	const status = (['created', 'exited', 'dead'] as const).find((each) => each === state['Status']);
	if (status === undefined || state['Running'] === true) return undefined;
	// The time of an end that never was is year 1.
	const ended = Date.parse(answers.string(state, 'FinishedAt'));
	const since = ended > 0 ? ended : Date.parse(answers.string(container, 'Created'));
	if (Number.isNaN(since)) return undefined;
	const written = answers.fields(answers.fields(container['Config'], 'Config')['Labels'], 'Labels');
	const label = (key: string) => answers.nullable(written, key, (f, name) => answers.string(f, name));
	return {
		containerId: id,
		name: answers.string(container, 'Name').replace(/^\//, ''),
		runId: label(labels.run),
		job: label(labels.job),
		state: status,
		ageMs: daemonNow() - since,
	};
}

const claimed = 'docker-backup-reaped-';

/** False when another reaper was first, or the container is gone. */
async function claim(
	host: DockerHost,
	{ containerId, name }: Reaped,
	signal?: AbortSignal,
): Promise<boolean> {
	if (name.startsWith(claimed)) return true;
	const { status } = await exchange(host, {
		method: 'POST',
		path: `/containers/${segment(containerId)}/rename`,
		query: { name: `${claimed}${containerId.slice(0, 12)}` },
		doing: `claim the orphaned runner ${name}`,
		signal,
		// Docker refuses the name that the container has already: the other reaper gave it.
		accept: [400, 404, 409],
	});
	return status === 204;
}
