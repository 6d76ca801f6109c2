/**
 * The guard: a second small container that starts again what a backup has brought to rest, when its runner is gone or
 * the time is over, also after a restart of the Docker daemon, and whoever else is gone.
 */
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';
import { answers, request, segment, type DockerHost } from '../api';
import { attach } from '../attach';
import { DaemonError } from '../failures';
import { guardContainer } from './guard-container';
import type { Held } from './holds';

export interface GuardSpec {
	readonly runId: string;
	readonly job: string | null;
	/** As for the runner: reference, and id of the image that the host has. */
	readonly image: string;
	readonly imageId: string;
	/** Held already, in the order in which they are started. */
	readonly containers: readonly Held[];
	readonly downtimeLimitMs: number;
	/** Of the Docker socket on the Docker host itself. */
	readonly socketPath: string;
}

export interface Guard {
	readonly containerId: string;
	/** Ends it: everything runs again. Any number of times. */
	dismiss(): Promise<void>;
}

/** As for a runner: together less than the age of an orphan. */
const limitMs = 50_000;

/** Resolves once it watches. Throws `guard_failed`. */
export async function startGuard(host: DockerHost, spec: GuardSpec, signal: AbortSignal): Promise<Guard> {
	signal.throwIfAborted();
	const id = await create(host, spec);
	try {
		await startedWatching(host, id, signal);
	} catch (error) {
		const later = await dismiss(host, id).then(
			() => undefined,
			(failure: unknown) => failure,
		);
		signal.throwIfAborted();
		throw joinErrors(failed(spec, error), later);
	}
	return { containerId: id, dismiss: () => dismiss(host, id) };
}

/** Without a signal: the id comes with the answer, and with it the means to clean up. */
async function create(host: DockerHost, spec: GuardSpec): Promise<string> {
	const created = await request(host, {
		method: 'POST',
		path: '/containers/create',
		body: guardContainer(spec),
		doing: 'create the guard',
		limitMs,
		map: (error) => failed(spec, error),
	});
	return answers.string(answers.fields(created), 'Id');
}

async function startedWatching(host: DockerHost, id: string, signal: AbortSignal): Promise<void> {
	const { stdout, stderr, close } = await attach(host, id, signal);
	const limit = AbortSignal.timeout(limitMs);
	try {
		await request(host, {
			method: 'POST',
			path: `/containers/${segment(id)}/start`,
			doing: 'start the guard',
			signal,
			limitMs,
		});
		stderr.resume();
		const said = await firstLine(stdout, AbortSignal.any([signal, limit]));
		if (said !== 'watching') throw new BackupError('guard_failed', said === '' ? 'it says nothing' : said);
	} finally {
		close();
	}
}

/** Of what it says; what there is of it when it ends or the signal aborts. */
async function firstLine(stdout: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
	let text = '';
	const { promise, resolve } = Promise.withResolvers<void>();
	stdout.on('data', (chunk: Buffer) => {
		text += chunk.toString();
		if (text.includes('\n')) resolve();
	});
	for (const event of ['end', 'close', 'error']) stdout.on(event, () => resolve());
	const abort = () => resolve();
	signal.addEventListener('abort', abort);
	if (!signal.aborted) await promise;
	signal.removeEventListener('abort', abort);
	return text.split('\n')[0] ?? '';
}

function failed(spec: GuardSpec, error: unknown): BackupError {
	const said = error instanceof DaemonError ? error.message : toBackupError(error).message;
	const missing = /bind source path does not exist/.test(said);
	const what = missing ? `there is no socket ${spec.socketPath} on the docker host` : said;
	return new BackupError('guard_failed', `the guard of the stopped containers does not watch: ${what}`, {
		hint: "Set the path of the Docker socket on the Docker host itself, or switch the guard off: what an interrupted backup left stopped is then started again by the host's next backup.",
		cause: error,
	});
}

async function dismiss(host: DockerHost, id: string): Promise<void> {
	await request(host, {
		method: 'DELETE',
		path: `/containers/${segment(id)}`,
		query: { force: true, v: true },
		doing: 'remove the guard',
		// Gone, or just going.
		accept: [404, 409],
	});
}
