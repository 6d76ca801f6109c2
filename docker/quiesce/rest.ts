/**
 * One container brought to rest, and as it was before. Both may be asked for again: what is done already stays done. A
 * rest has no signal: what is half stopped can't be started. Throws `container_not_stopped`, `container_not_started`,
 * and what `api.ts` throws where the daemon is not there.
 */
import type { Clock } from '../../protocol/environment';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { DockerHost } from '../api';
import { pauseContainer, startFound, stopContainer, unpauseContainer } from '../containers';
import { inspectCandidate, findAgain, type Candidate, type Known } from './candidates';

export type Mode = 'pause' | 'stop';

/** As it was found once it rested. */
export async function bringToRest(host: DockerHost, container: Candidate, mode: Mode): Promise<Candidate> {
	try {
		if (mode === 'stop') await stopContainer(host, container);
		else if (!container.paused) await pauseContainer(host, container);
	} catch (error) {
		throw notStopped(container, mode, error);
	}
	const resting = await inspectCandidate(host, container.id);
	if (resting && rests(resting, mode)) return resting;
	throw notStopped(container, mode, resting ? 'it runs again already' : 'it is gone');
}

export const rests = ({ active, paused }: Candidate, mode: Mode): boolean =>
	!active || (paused && mode === 'pause');

function notStopped({ name }: Candidate, mode: Mode, why: unknown): BackupError {
	const cause = typeof why === 'string' ? undefined : toBackupError(why);
	if (cause && cause.code !== 'docker_failed') return cause;
	const verb = mode === 'stop' ? 'stopped' : 'paused';
	return new BackupError(
		'container_not_stopped',
		`container "${name}" could not be ${verb}: ${cause?.message ?? String(why)}`,
		{
			hint: 'See what keeps it running (docker logs, docker events), or leave it out of those that are to rest.',
			cause,
		},
	);
}

/** How a container was before it was brought to rest. */
export interface Before extends Known {
	readonly mode: Mode;
	/** stop: it was paused, and is to be again. */
	readonly paused: boolean;
	/** It failed to run even then. */
	readonly restarting: boolean;
}

/** How long to try again: while the daemon is not there, and while it says no. */
export interface Patience {
	readonly unreachableMs: number;
	readonly refusedMs: number;
}

export const patience: Patience = { unreachableMs: 60_000, refusedMs: 5_000 };

/** Resolves to it, or to the one that has taken its place, once it runs. */
export async function letGoOn(
	host: DockerHost,
	before: Before,
	clock: Clock,
	{ unreachableMs, refusedMs }: Patience = patience,
): Promise<Candidate> {
	const started = clock.monotonic();
	for (let waitMs = 250; ; waitMs *= 2) {
		try {
			return await goOn(host, before);
		} catch (error) {
			const { code } = toBackupError(error);
			const limitMs = code === 'docker_unreachable' ? unreachableMs : refusedMs;
			if (isFinal(error) || clock.monotonic() - started + waitMs > limitMs) throw notStarted(before, error);
		}
		await clock.sleep(Math.min(waitMs, 5_000));
	}
}

const isFinal = (error: unknown): boolean =>
	!['docker_unreachable', 'docker_failed'].includes(toBackupError(error).code);

async function goOn(host: DockerHost, before: Before): Promise<Candidate> {
	const found = await findAgain(host, before);
	if (!found) {
		throw new BackupError('container_not_started', 'it was removed meanwhile', {
			hint: `Make it again (docker compose up, or docker run).`,
		});
	}
	if (found.paused && before.mode === 'pause') await unpauseContainer(host, found);
	else if (!found.active) await startFound(host, found);
	else if (!before.paused || found.paused) return found;
	if (before.paused) await pauseContainer(host, found);
	const now = await inspectCandidate(host, found.id);
	if (now?.active || before.restarting) return now ?? found;
	throw new BackupError('container_not_started', `it ended again with exit code ${now?.exitCode ?? -1}`);
}

function notStarted({ name, mode }: Before, thrown: unknown): BackupError {
	const { message, hint } = toBackupError(thrown);
	return new BackupError(
		'container_not_started',
		`container "${name}" was ${mode === 'stop' ? 'stopped' : 'paused'} and does not run again: ${message}`,
		{
			hint: hint ?? `See why (docker logs ${name}) and start it yourself (docker start ${name}).`,
			cause: thrown,
		},
	);
}

/** False when it is not healthy within the limit; one without a health check is as healthy as it gets. */
export async function becomesHealthy(
	host: DockerHost,
	{ id, hasHealthCheck }: Pick<Candidate, 'id' | 'hasHealthCheck'>,
	limitMs: number,
	clock: Clock,
): Promise<boolean> {
	if (!hasHealthCheck || limitMs <= 0) return true;
	const started = clock.monotonic();
	for (;;) {
		const now = await inspectCandidate(host, id).catch(() => undefined);
		if (now?.health === 'healthy') return true;
		if (clock.monotonic() - started > limitMs) return false;
		await clock.sleep(200);
	}
}
