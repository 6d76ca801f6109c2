/**
 * Removes the runners that nobody holds any more: created but never started, or ended, for longer than
 * `minAgeMs` by the daemon's own clock. A running one is never touched: its engine ends by itself when
 * its input does. So does a drill's database, but an image may be slow to: it is removed, running or not,
 * once it is older than its label says that a drill can take.
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

const states = ['created', 'exited', 'dead', 'running', 'paused'] as const;
type State = (typeof states)[number];
const isActive = (state: State) => state === 'running' || state === 'paused';

export interface Reaped {
	readonly containerId: string;
	readonly name: string;
	/** Run it belonged to; null when its labels do not say. */
	readonly runId: string | null;
	readonly job: string | null;
	readonly state: State;
	readonly ageMs: number;
}

const roles = ['read', 'extract', 'repository', 'drill'];

export async function reapOrphans(
	host: DockerHost,
	{ clock, signal, minAgeMs = 120_000 }: ReapOptions,
): Promise<Reaped[]> {
	const ids = await candidates(host, signal);
	if (ids.length === 0) return [];
	const daemonNow = await daemonClock(host, clock, signal);
	const reaped: Reaped[] = [];
	for (const id of ids) {
		const orphan = await inspectOrphan(host, id, daemonNow, signal);
		const leastAgeMs = Math.max(minAgeMs, orphan?.mostLifeMs ?? 0);
		if (orphan && orphan.ageMs > leastAgeMs && (await claim(host, orphan, signal))) {
			const { mostLifeMs: _, ...reported } = orphan;
			if (await removed(host, orphan, signal)) reaped.push(reported);
		}
	}
	return reaped;
}

/** False when somebody else removed it, or the daemon could not: it then waits for the next reaper. */
async function removed(host: DockerHost, orphan: Reaped, signal?: AbortSignal): Promise<boolean> {
	const { status } = await exchange(host, {
		method: 'DELETE',
		path: `/containers/${segment(orphan.containerId)}`,
		// Without force: should a runner run after all, the daemon refuses.
		query: { v: true, force: isActive(orphan.state) },
		doing: `remove the orphaned runner ${orphan.name}`,
		signal,
		accept: [404, 409, 500],
	});
	return status === 204;
}

async function candidates(host: DockerHost, signal?: AbortSignal): Promise<string[]> {
	const containers = await request(host, {
		method: 'GET',
		path: '/containers/json',
		query: { all: true, filters: { label: [labels.role], status: [...states] } },
		doing: 'list runners',
		signal,
	});
	return answers
		.array({ containers }, 'containers', (value) => answers.fields(value, 'container'))
		.filter((container) => {
			const role = String(answers.fields(container['Labels'], 'Labels')[labels.role]);
			const active = container['State'] === 'running' || container['State'] === 'paused';
			return roles.includes(role) && (!active || role === 'drill');
		})
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

interface Orphan extends Reaped {
	/** Of one that runs; null: it does not. */
	readonly mostLifeMs: number | null;
}

/** Undefined when it is gone, or runs without a limit, or its age cannot be told. */
async function inspectOrphan(
	host: DockerHost,
	id: string,
	daemonNow: () => number,
	signal?: AbortSignal,
): Promise<Orphan | undefined> {
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
	const status = states.find((each) => each === state['Status']);
	if (status === undefined || (state['Running'] === true && !isActive(status))) return undefined;
	const active = isActive(status);
	// The time of an end that never was is year 1.
	const ended = Date.parse(answers.string(state, 'FinishedAt'));
	const since = ended > 0 && !active ? ended : Date.parse(answers.string(container, 'Created'));
	if (Number.isNaN(since)) return undefined;
	const written = answers.fields(answers.fields(container['Config'], 'Config')['Labels'], 'Labels');
	const label = (key: string) => answers.nullable(written, key, (f, name) => answers.string(f, name));
	const mostLifeMs = active ? Number(label(labels.mostLife) ?? NaN) : null;
	if (written[labels.role] !== 'drill' && active) return undefined;
	if (mostLifeMs !== null && !(mostLifeMs > 0)) return undefined;
	return {
		containerId: id,
		mostLifeMs,
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
