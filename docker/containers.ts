/**
 * Containers of others, stopped or paused for a time, and as they were again. Stopping asks as `docker stop` does, with
 * the time-out that the container was made with. Throws whatever `api.ts` throws, and `docker_failed` naming the
 * container.
 */
import type { Fields } from '../protocol/parse';
import { answers, exchange, request, segment, type DockerHost } from './api';
import { labels } from './labels';

export interface Container {
	readonly id: string;
	readonly name: string;
	/** Whether it runs, restarts or is paused: whether its processes may have files open. */
	readonly active: boolean;
	readonly paused: boolean;
	/** Whether it would be gone, or replaced by another one, once it is stopped. */
	readonly fleeting: boolean;
	/** Whether it is one of ours. */
	readonly runner: boolean;
	/** Seconds that it may take to stop; null for Docker's default. */
	readonly stopTimeout: number | null;
}

/** Undefined when it is gone. */
export async function inspectContainer(
	host: DockerHost,
	id: string,
	signal?: AbortSignal,
): Promise<Container | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/containers/${segment(id)}/json`,
		doing: 'inspect a container',
		signal,
		accept: [404],
	});
	return answer === null ? undefined : parseContainer(answers.fields(answer));
}

/** Of the answer to an inspection. */
export function parseContainer(container: Fields): Container {
	const state = answers.fields(container['State'], 'State');
	const config = answers.fields(container['Config'], 'Config');
	const written = answers.nullable(config, 'Labels', (f, name) => answers.fields(f[name], name)) ?? {};
	return {
		id: answers.string(container, 'Id'),
		name: answers.string(container, 'Name').replace(/^\//, ''),
		active: state['Running'] === true || state['Paused'] === true || state['Restarting'] === true,
		paused: state['Paused'] === true,
		fleeting:
			answers.fields(container['HostConfig'], 'HostConfig')['AutoRemove'] === true ||
			Object.hasOwn(written, 'com.docker.swarm.task.id'),
		runner: Object.hasOwn(written, labels.role),
		stopTimeout: answers.nullable(config, 'StopTimeout', (f, name) => answers.integer(f, name)),
	};
}

/** Docker kills what does not stop in time, so this ends. It has no signal: what is half stopped can't be started. */
export async function stopContainer(host: DockerHost, { id, name, stopTimeout }: Container): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/stop`,
		doing: `stop container "${name}"`,
		limitMs: ((stopTimeout ?? dockersStopTimeout) + patience) * 1000,
		// It has stopped already, or is gone.
		accept: [304, 404],
	});
}

const dockersStopTimeout = 10;
const patience = 50;

export async function pauseContainer(
	host: DockerHost,
	{ id, name }: Pick<Container, 'id' | 'name'>,
): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/pause`,
		doing: `pause container "${name}"`,
	});
}

export async function unpauseContainer(
	host: DockerHost,
	{ id, name }: Pick<Container, 'id' | 'name'>,
): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/unpause`,
		doing: `let the paused container "${name}" go on`,
	});
}

/** As it was: one that was paused is paused again. When it was made anew meanwhile, the new one of its name. */
export async function startContainer(host: DockerHost, { id, name, paused }: Container): Promise<void> {
	if (!(await started(host, id, name))) await started(host, name, name, []);
	if (!paused) return;
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(name)}/pause`,
		doing: `pause container "${name}" again`,
	});
}

/** One that is there. */
export async function startFound(
	host: DockerHost,
	{ id, name }: Pick<Container, 'id' | 'name'>,
): Promise<void> {
	await started(host, id, name, []);
}

/** False when there is none. */
async function started(host: DockerHost, which: string, name: string, accept = [404]): Promise<boolean> {
	const { status } = await exchange(host, {
		method: 'POST',
		path: `/containers/${segment(which)}/start`,
		doing: `start container "${name}" again`,
		limitMs: patience * 1000,
		// It runs already.
		accept: [304, ...accept],
	});
	return status !== 404;
}
