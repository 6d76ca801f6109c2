/**
 * Lets go on what a run that is over has left at rest: a hold is nobody's when neither a runner of its run is at work
 * nor a guard, and has not been for `minAgeMs` by the daemon's clock. It is claimed, what it holds is started (wake.ts),
 * and it is removed; what does not start keeps its hold, for the next one to try again. The containers of one run are
 * started in their order. What a restore was replacing may be half done: its containers stay as they are, which is told.
 * Throws what `api.ts` throws, but for the starting itself: that goes to `onProblem`.
 */
import type { Clock } from '../../protocol/environment';
import { BackupError, toBackupError } from '../../protocol/errors';
import { exchange, segment, type DockerHost } from '../api';
import { labels } from '../labels';
import { daemonClock, sinceWhen } from '../reap/age';
import { claim } from '../reap/claim';
import { holdPrefix, isActive, isHold, isRunner, listOurs, type Hold, type Ours } from './ours';
import { asking, wake } from './wake';

export interface RecoverOptions {
	readonly clock: Clock;
	readonly signal?: AbortSignal;
	readonly minAgeMs?: number;
	/** Only this run's. */
	readonly run?: string;
	/** `container_not_started` */
	onProblem?(problem: BackupError): void;
}

export interface Recovered {
	/** Of the container that rested. */
	readonly containerId: string;
	readonly name: string;
	readonly runId: string;
	readonly job: string | null;
}

/**
 * Less than a runner's: while a container rests somebody may be waiting for it, and where no runner works nothing is
 * being read any more. It gives whoever is still there the time to start his containers himself.
 */
const defaultAgeMs = 30_000;

export async function recoverHolds(host: DockerHost, options: RecoverOptions): Promise<Recovered[]> {
	const { clock, signal, run } = options;
	const ours = await listOurs(host, signal, run === undefined ? undefined : `${labels.run}=${run}`);
	const abandoned = Map.groupBy(ours.filter(isHold), (hold) => hold.run ?? '');
	for (const runId of atWork(ours)) abandoned.delete(runId);
	if (abandoned.size === 0) return [];
	const daemonNow = await daemonClock(host, clock, signal);
	const recovered: Recovered[] = [];
	for (const [runId, holds] of abandoned) {
		const idleMs = await idleFor(host, runId, ours, holds, daemonNow, signal);
		if (idleMs === null || idleMs <= (options.minAgeMs ?? defaultAgeMs)) continue;
		for (const hold of holds) {
			if (!(await recovers(host, hold, idleMs, options))) continue;
			const { held, job } = hold;
			recovered.push({ containerId: held.id, name: held.name, runId, job });
		}
	}
	return recovered;
}

/** The runs that somebody works for, or watches over. */
export function atWork(ours: readonly Ours[]): Set<string> {
	const working = ours.filter((each) => isActive(each) && (isRunner(each) || each.role === 'guard'));
	return new Set(working.map(({ run }) => run ?? ''));
}

/** For how long nobody has worked for a run; null: somebody does. */
async function idleFor(
	host: DockerHost,
	runId: string,
	ours: readonly Ours[],
	holds: readonly Hold[],
	daemonNow: () => number,
	signal?: AbortSignal,
): Promise<number | null> {
	// Listings tell whole seconds.
	let since = Math.max(...holds.map(({ createdMs }) => createdMs));
	for (const runner of ours.filter((each) => each.run === runId && isRunner(each))) {
		const seen = await sinceWhen(host, runner.id, signal);
		if (seen?.active) return null;
		since = Math.max(since, seen?.sinceMs ?? 0);
	}
	return daemonNow() - since;
}

/** False when another one was first, or it must wait for the next one. */
async function recovers(
	host: DockerHost,
	hold: Hold,
	idleMs: number,
	{ clock, signal, onProblem }: RecoverOptions,
): Promise<boolean> {
	const { held } = hold;
	if (!(await claim(host, hold, `the hold of container "${held.name}"`, signal))) return false;
	if (held.replaced) onProblem?.(leftStopped(held.name));
	else if (!(await woken(host, hold, idleMs, { clock, signal, onProblem }))) return false;
	const { status } = await exchange(host, {
		method: 'DELETE',
		path: `/containers/${segment(hold.id)}`,
		query: { v: true },
		doing: `remove the hold of container "${held.name}"`,
		signal,
		accept: [404, 409],
	});
	return status === 204 && !held.replaced;
}

/** False: it waits for the next one to try again. */
async function woken(
	host: DockerHost,
	hold: Hold,
	idleMs: number,
	{ clock, signal, onProblem }: Pick<RecoverOptions, 'clock' | 'signal' | 'onProblem'>,
): Promise<boolean> {
	const { held, job } = hold;
	const ask = asking(host, `start container "${held.name}" again`, signal);
	for (let tries = 1; ; tries += 1) {
		try {
			return await wake(ask, hold, { roleLabel: labels.role, holdPrefix, idleMs });
		} catch (error) {
			signal?.throwIfAborted();
			if (tries === mostTries) {
				onProblem?.(notStarted(held.name, job, error));
				return false;
			}
			await clock.sleep(againMs, signal);
		}
	}
}

/** Docker refuses for a moment what it is just tidying up. */
const mostTries = 3;
const againMs = 1_000;

function leftStopped(name: string): BackupError {
	return new BackupError(
		'container_not_started',
		`container "${name}" was stopped for a restore that broke off, and was not started again`,
		{
			hint: `Restore again; or look at what its volume holds, and start it yourself (docker start ${name}).`,
		},
	);
}

function notStarted(name: string, job: string | null, cause: unknown): BackupError {
	const whose = job === null ? 'an interrupted run' : `an interrupted run of job "${job}"`;
	return new BackupError(
		'container_not_started',
		`container "${name}", which ${whose} left at rest, does not start: ${toBackupError(cause).message}`,
		{ hint: `Start it yourself (docker start ${name}); every operation on this host tries again.`, cause },
	);
}
