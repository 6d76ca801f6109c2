/**
 * Containers that use a volume or a path of the host, out of the way while its content is replaced. What was stopped runs again afterwards,
 * whatever happened. Throws `target_in_use`, and `docker_failed` naming a container that would not start again.
 */
import type { DockerHost } from '../docker/api';
import { inspectContainer, startContainer, stopContainer, type Container } from '../docker/containers';
import { isContainer, ownContainer } from '../docker/own-container';
import { containersUsingPath, containersUsingVolume } from '../docker/volumes';
import { BackupError, joinErrors, toBackupError } from '../protocol/errors';

/**
 * Those that are to be stopped, in the order to stop them in: the newest first, which may need the older ones.
 * `where`: a volume's name, or a path of the host. `runners`: how many of our own may be at work there.
 */
export async function activeUsers(
	host: DockerHost,
	where: string | { readonly path: string },
	{ mayStop, runners }: { readonly mayStop: boolean; readonly runners: number },
	signal: AbortSignal,
): Promise<Container[]> {
	const users: Container[] = [];
	const what = typeof where === 'string' ? `volume "${where}"` : where.path;
	const found =
		typeof where === 'string'
			? await containersUsingVolume(host, where, signal)
			: await containersUsingPath(host, where.path, signal);
	for (const { id } of found) {
		const container = await inspectContainer(host, id, signal);
		if (container?.active && !users.some((user) => user.id === container.id)) users.push(container);
	}
	const foreign = users.filter((user) => !user.runner);
	if (users.length - foreign.length > runners) {
		throw inUse(what, 'by a backup or restore that is under way', 'Wait until it has ended.');
	}
	const names = foreign.map(({ name }) => `"${name}"`).join(', ');
	if (foreign.length > 0 && !mayStop) {
		throw inUse(what, `by ${names}`, 'Allow its containers to be stopped, or stop them yourself before.');
	}
	const own = await ownContainer();
	const self = foreign.find(({ id }) => isContainer(id, own));
	if (self) {
		throw inUse(
			what,
			`by "${self.name}", which runs this restore`,
			'Stop that container and restore with the command line tool, or restore into a new volume.',
		);
	}
	const fleeting = foreign.find((user) => user.fleeting);
	if (fleeting) {
		throw inUse(
			what,
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

function inUse(what: string, by: string, hint: string): BackupError {
	return new BackupError('target_in_use', `${what} is in use ${by}`, { hint });
}
