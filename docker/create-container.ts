/**
 * Containers of others: inspected as the daemon tells, made, renamed, started and removed. Throws `container_not_found`,
 * `target_exists`, `container_not_started`, `source_missing` (a directory of the host that is to be mounted), and what
 * `api.ts` throws.
 */
import { BackupError } from '../protocol/errors';
import type { Fields } from '../protocol/parse';
import { answers, request, segment, type DockerHost } from './api';
import { containerNotFound } from './container-details';
import { DaemonError } from './failures';

/** Creating, starting and removing take long on a busy host. */
const patientMs = 120_000;

/** Undefined when there is none. */
export async function findContainer(
	host: DockerHost,
	nameOrId: string,
	signal?: AbortSignal,
): Promise<Fields | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/containers/${segment(nameOrId)}/json`,
		doing: `inspect container "${nameOrId}"`,
		signal,
		accept: [404],
	});
	return answer === null ? undefined : answers.fields(answer);
}

export async function inspectWhole(
	host: DockerHost,
	nameOrId: string,
	signal?: AbortSignal,
): Promise<Fields> {
	const found = await findContainer(host, nameOrId, signal);
	if (found) return found;
	throw containerNotFound(nameOrId);
}

/** Its id. Without signal: with the answer come the means to clean up. */
export async function createContainer(host: DockerHost, name: string, body: object): Promise<string> {
	const created = await request(host, {
		method: 'POST',
		path: '/containers/create',
		query: { name },
		body,
		doing: `create container "${name}"`,
		limitMs: patientMs,
		map: (error) => (error instanceof DaemonError ? notCreated(name, error) : undefined),
	});
	return answers.string(answers.fields(created), 'Id');
}

function notCreated(name: string, error: DaemonError): BackupError | undefined {
	if (error.status === 409) {
		return new BackupError('target_exists', `container "${name}" exists already`, {
			hint: 'Choose a name that is free, or have the container replaced.',
			cause: error,
		});
	}
	const path = /bind source path does not exist: (\S+)/.exec(error.message)?.[1];
	if (path === undefined) return undefined;
	return new BackupError(
		'source_missing',
		`container "${name}" mounts ${path}, which the docker host does not have`,
		{
			hint: 'Make it there; if the archive holds it, restore directory extracts it.',
			cause: error,
		},
	);
}

export async function renameContainer(host: DockerHost, id: string, name: string): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/rename`,
		query: { name },
		doing: `rename a container to "${name}"`,
	});
}

export async function startCreated(host: DockerHost, id: string, name: string): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/start`,
		doing: `start container "${name}"`,
		limitMs: patientMs,
		accept: [304],
		map: (error) =>
			error instanceof DaemonError
				? new BackupError('container_not_started', `container "${name}" does not start: ${error.message}`, {
						cause: error,
					})
				: undefined,
	});
}

/** `volumes`: also those that Docker made for it without a name. Gone already is right, too. */
export async function removeContainer(
	host: DockerHost,
	id: string,
	{ volumes }: { readonly volumes: boolean },
): Promise<void> {
	await request(host, {
		method: 'DELETE',
		path: `/containers/${segment(id)}`,
		query: { force: true, v: volumes },
		doing: 'remove a container',
		limitMs: patientMs,
		accept: [404],
	});
}
