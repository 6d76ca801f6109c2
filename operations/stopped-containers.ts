/**
 * Containers that use a volume, out of the way while its content is replaced. What was stopped runs again afterwards,
 * whatever happened. Throws `target_in_use`, and `docker_failed` naming a container that would not start again.
 */
import type { DockerHost } from '../docker/api';
import { inspectContainer, startContainer, stopContainer, type Container } from '../docker/containers';
import { isContainer, ownContainer } from '../docker/own-container';
import { containersUsingVolume } from '../docker/volumes';
import { BackupError, joinErrors, toBackupError } from '../protocol/errors';

/**
 * Those that are to be stopped, in the order to stop them in: the newest first, which may need the older ones.
 * `runners`: how many of our own may be at work in the volume.
 */
export async function activeUsers(
	host: DockerHost,
	volume: string,
	{ mayStop, runners }: { readonly mayStop: boolean; readonly runners: number },
	signal: AbortSignal,
): Promise<Container[]> {
	const users: Container[] = [];
	for (const { id } of await containersUsingVolume(host, volume, signal)) {
		const container = await inspectContainer(host, id, signal);
		if (container?.active && !users.some((user) => user.id === container.id)) users.push(container);
	}
	const foreign = users.filter((user) => !user.runner);
	if (users.length - foreign.length > runners) {
		throw inUse(volume, 'by a backup or restore that is under way', 'Wait until it has ended.');
	}
	const names = foreign.map(({ name }) => `"${name}"`).join(', ');
	if (foreign.length > 0 && !mayStop) {
		throw inUse(volume, `by ${names}`, 'Allow its containers to be stopped, or stop them yourself before.');
	}
	const own = await ownContainer();
	const self = foreign.find(({ id }) => isContainer(id, own));
	if (self) {
		throw inUse(
			volume,
			`by "${self.name}", which runs this restore`,
			'Stop that container and restore with the command line tool, or restore into a new volume.',
		);
	}
	const fleeting = foreign.find((user) => user.fleeting);
	if (fleeting) {
		throw inUse(
			volume,
			`by "${fleeting.name}", which would not come back once it is stopped`,
			'It was started with --rm or belongs to a Swarm service: end it or scale the service to 0 before.',
		);
	}
	return foreign;
}

/** Those that were stopped, and those of them that run again, by name. */
export interface Interruption {
	readonly stopped: readonly string[];
	readonly started: readonly string[];
}

export interface Interrupting extends Interruption {
	/** Stops them, one after the other. */
	stop(containers: readonly Container[], signal: AbortSignal): Promise<void>;
}

/** Runs `work`, and starts again afterwards what it stopped, last stopped first. */
export async function interrupting<T>(
	host: DockerHost,
	work: (interruption: Interrupting) => Promise<T>,
): Promise<T> {
	const stopped: Container[] = [];
	const started: string[] = [];
	const interruption: Interrupting = {
		get stopped() {
			return stopped.map(({ name }) => name);
		},
		started,
		async stop(containers, signal) {
			for (const container of containers) {
				signal.throwIfAborted();
				// Before it is asked: an answer that is lost does not mean that it still runs.
				stopped.push(container);
				await stopContainer(host, container);
			}
		},
	};
	let failure: unknown;
	let result: { readonly value: T } | undefined;
	try {
		result = { value: await work(interruption) };
	} catch (error) {
		failure = error;
	}
	for (const container of stopped.toReversed()) {
		try {
			await startContainer(host, container);
			started.push(container.name);
		} catch (error) {
			failure = joinErrors(failure, notStarted(container, error));
		}
	}
	if (result && failure === undefined) return result.value;
	throw failure;
}

function notStarted({ name }: Container, cause: unknown): BackupError {
	const { message } = toBackupError(cause);
	return new BackupError(
		'docker_failed',
		`container "${name}" was stopped and does not start again: ${message}`,
		{
			hint: `Start it yourself (docker start ${name}).`,
			cause,
		},
	);
}

function inUse(volume: string, by: string, hint: string): BackupError {
	return new BackupError('target_in_use', `volume "${volume}" is in use ${by}`, { hint });
}
