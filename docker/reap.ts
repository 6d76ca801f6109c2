/**
 * Clears up on a host after runs that are over. First goes on what they have left at rest (quiesce/recover.ts). Then
 * the runners and guards that nobody holds any more are removed: created but never started, or ended, for longer than
 * `minAgeMs` by the daemon's own clock. A running one is never touched: its engine ends by itself when
 * its input does. So does a drill's database, but an image may be slow to: it is removed, running or not,
 * once it is older than its label says that a drill can take. A run that has a runner at work, or holds, keeps
 * everything.
 *
 * Each is claimed first, so that of several reapers only one succeeds. An orphan is reported by the one whose removal
 * succeeded.
 */
import type { Clock } from '../protocol/environment';
import type { BackupError } from '../protocol/errors';
import { exchange, segment, type DockerHost } from './api';
import { isActive, isHold, isRunner, listOurs, type Ours } from './quiesce/ours';
import { recoverHolds, type Recovered } from './quiesce/recover';
import { daemonClock, sinceWhen } from './reap/age';
import { claim } from './reap/claim';

export interface ReapOptions {
	/** For the time that passes while reaping. */
	readonly clock: Clock;
	readonly signal?: AbortSignal;
	readonly minAgeMs?: number;
	/** A container of others goes on that a run which is over had left at rest. */
	onRecovered?(recovered: Recovered): void;
	/** One does not: `container_not_started`. */
	onProblem?(problem: BackupError): void;
}

export interface Reaped {
	readonly containerId: string;
	readonly name: string;
	/** Run it belonged to; null when its labels do not say. */
	readonly runId: string | null;
	readonly job: string | null;
	/** In Docker's words. */
	readonly state: string;
	readonly ageMs: number;
}

export async function reapOrphans(
	host: DockerHost,
	{ clock, signal, minAgeMs = 120_000, onRecovered, onProblem }: ReapOptions,
): Promise<Reaped[]> {
	let ours = await listOurs(host, signal);
	if (ours.some(isHold)) {
		const recovered = await recoverHolds(host, {
			clock,
			signal,
			onProblem,
			// Less than a runner's, unless nothing is to be waited for at all.
			...(minAgeMs === 0 && { minAgeMs }),
		});
		for (const each of recovered) onRecovered?.(each);
		ours = await listOurs(host, signal);
	}
	const candidates = ours.filter((each) => mayGo(each, ours));
	if (candidates.length === 0) return [];
	const daemonNow = await daemonClock(host, clock, signal);
	const reaped: Reaped[] = [];
	for (const { id, name, run: runId, job, mostLifeMs } of candidates) {
		const seen = await sinceWhen(host, id, signal);
		// Started meanwhile, or nothing says how long it may.
		if (!seen || (seen.active && mostLifeMs === null)) continue;
		const ageMs = daemonNow() - seen.sinceMs;
		const { state } = seen;
		if (ageMs <= Math.max(minAgeMs, seen.active ? (mostLifeMs ?? 0) : 0)) continue;
		if (!(await claim(host, { id, name }, `the orphaned runner ${name}`, signal))) continue;
		if (await removed(host, { id, name, force: seen.active }, signal)) {
			reaped.push({ containerId: id, name, runId, job, state, ageMs });
		}
	}
	return reaped;
}

/** By what the listing says; the age is asked afterwards. */
function mayGo(each: Ours, ours: readonly Ours[]): boolean {
	const ofRun = ours.filter(({ run }) => run !== null && run === each.run);
	// The journal: what rests still needs its runner's end, and its guard to come back.
	if (ofRun.some(isHold)) return false;
	if (each.role === 'guard')
		return !isActive(each) && !ofRun.some((other) => isRunner(other) && isActive(other));
	if (each.role === 'drill') return !isActive(each) || each.mostLifeMs !== null;
	return isRunner(each) && !isActive(each);
}

/** False when somebody else removed it, or the daemon could not: it then waits for the next reaper. */
async function removed(
	host: DockerHost,
	{ id, name, force }: { id: string; name: string; force: boolean },
	signal?: AbortSignal,
): Promise<boolean> {
	const { status } = await exchange(host, {
		method: 'DELETE',
		path: `/containers/${segment(id)}`,
		// Only a drill's. Should a runner run after all, the daemon refuses.
		query: { v: true, force },
		doing: `remove the orphaned runner ${name}`,
		signal,
		accept: [404, 409, 500],
	});
	return status === 204;
}
