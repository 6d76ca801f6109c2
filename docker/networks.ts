/**
 * Networks of a Docker host: looked up by name, made as one was, removed, and joined by a container. Inspections come
 * as the daemon gives them. Throws `target_exists`, and what `api.ts` throws.
 */
import { BackupError } from '../protocol/errors';
import type { Fields } from '../protocol/parse';
import { answers, request, segment, type DockerHost } from './api';
import { DaemonError } from './failures';

/** Undefined when there is none of this name or id. */
export async function findNetwork(
	host: DockerHost,
	nameOrId: string,
	signal?: AbortSignal,
): Promise<Fields | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/networks/${segment(nameOrId)}`,
		doing: `inspect network "${nameOrId}"`,
		signal,
		accept: [404],
	});
	return answer === null ? undefined : answers.fields(answer);
}

/** `body`: as the daemon takes it. Without signal: the id comes with the answer, and with it the means to clean up. */
export async function createNetwork(host: DockerHost, name: string, body: Fields): Promise<string> {
	const created = await request(host, {
		method: 'POST',
		path: '/networks/create',
		body: { ...body, Name: name, CheckDuplicate: true },
		doing: `create network "${name}"`,
		map: (error) =>
			error instanceof DaemonError && error.status === 409
				? new BackupError('target_exists', `network "${name}" exists already`, { cause: error })
				: undefined,
	});
	return answers.string(answers.fields(created), 'Id');
}

/** Gone already is right, too. */
export async function removeNetwork(host: DockerHost, id: string): Promise<void> {
	await request(host, {
		method: 'DELETE',
		path: `/networks/${segment(id)}`,
		doing: 'remove a network',
		accept: [404],
	});
}

export async function connectNetwork(
	host: DockerHost,
	network: string,
	container: string,
	endpoint: Fields,
): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/networks/${segment(network)}/connect`,
		body: { Container: container, EndpointConfig: endpoint },
		doing: `connect a container to network "${network}"`,
	});
}
