/**
 * A container of others, as far as its image and its environment tell what runs in it. Throws `container_not_found`,
 * `container_not_running`, and what `api.ts` throws.
 */
import { BackupError } from '../protocol/errors';
import { answers, request, segment, type DockerHost } from './api';

export interface ContainerDetails {
	readonly id: string;
	readonly name: string;
	/** Whether programs can be run in it now: it runs and is neither paused nor restarting. */
	readonly running: boolean;
	/** `running`, `exited`, `created`, `paused`, `restarting`, … */
	readonly state: string;
	/** As it was named when the container was made, e.g. `postgres:17`. */
	readonly image: string;
	/** `sha256:…` */
	readonly imageId: string;
	/** Its own variables and the image's. May hold passwords: never to be shown. */
	readonly environment: Readonly<Record<string, string>>;
	/** Of the image and the container, e.g. `5432/tcp`. */
	readonly exposedPorts: readonly string[];
}

export async function containerDetails(
	host: DockerHost,
	nameOrId: string,
	signal?: AbortSignal,
): Promise<ContainerDetails> {
	const answer = await request(host, {
		method: 'GET',
		path: `/containers/${segment(nameOrId)}/json`,
		doing: `inspect container "${nameOrId}"`,
		signal,
		accept: [404],
	});
	if (answer === null) throw containerNotFound(nameOrId);
	const container = answers.fields(answer);
	const state = answers.fields(container['State'], 'State');
	const config = answers.fields(container['Config'], 'Config');
	const status = answers.string(state, 'Status');
	return {
		id: answers.string(container, 'Id'),
		name: answers.string(container, 'Name').replace(/^\//, ''),
		running: status === 'running',
		state: status,
		image: answers.string(config, 'Image'),
		imageId: answers.string(container, 'Image'),
		environment: environmentOf(answers.nullable(config, 'Env', (f, name) => answers.strings(f, name)) ?? []),
		exposedPorts: Object.keys(
			answers.nullable(config, 'ExposedPorts', (f, name) => answers.fields(f[name], name)) ?? {},
		),
	};
}

/** The same, of one in which programs can be run. */
export async function runningContainer(
	host: DockerHost,
	nameOrId: string,
	signal?: AbortSignal,
): Promise<ContainerDetails> {
	const details = await containerDetails(host, nameOrId, signal);
	if (details.running) return details;
	throw containerNotRunning(details.name, details.state);
}

export function containerNotFound(name: string, cause?: unknown): BackupError {
	return new BackupError('container_not_found', `container "${name}" does not exist on the docker host`, {
		hint: 'Check the name; Compose puts the name of the project before it (docker ps -a shows all).',
		cause,
	});
}

export function containerNotRunning(name: string, state: string, cause?: unknown): BackupError {
	return new BackupError('container_not_running', `container "${name}" is not running: it is ${state}`, {
		hint:
			state === 'paused'
				? 'Unpause the container (docker unpause) and try again.'
				: 'Start the container and try again.',
		cause,
	});
}

/** `NAME=value` each; a name alone has no value. */
function environmentOf(lines: readonly string[]): Record<string, string> {
	return Object.fromEntries(
		lines.map((line) => {
			const end = line.indexOf('=');
			return end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end + 1)];
		}),
	);
}
