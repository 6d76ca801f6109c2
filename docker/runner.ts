/**
 * A runner: one locked-down container that runs the engine, from its creation to its removal.
 *
 * Guarantees: it is attached before it starts, so no output is lost; the engine's first bytes of stdin
 * after the bundle are the caller's; whatever `startRunner` throws, and whenever its signal aborts, no
 * container is left (one whose creation the daemon never answered is left to `reapOrphans`). After it
 * returned, the signal has no say: the caller ends the engine, and calls `dispose`.
 *
 * Throws `image_not_found`, `image_without_node`, the mounts' `missingCode`s, `docker_failed` with the
 * daemon's words, what `api.ts` throws, and the signal's reason.
 */
import { BackupError, joinErrors } from '../protocol/errors';
import type { EngineProcess } from '../protocol/engine-process';
import { attach, type Attached } from './attach';
import { answers, request, segment, type DockerHost } from './api';
import { containerOf, type RunnerMount, type RunnerSpec } from './container';
import { learnExit } from './exit';
import { DaemonError } from './failures';
import { findImage, imageNotFound } from './images';
import { encodeBundle, loaderSource } from './loader';
import { findVolume, volumeNotFound } from './volumes';

export type { RunnerMount, RunnerRole, RunnerSpec } from './container';

/** An engine in a container. */
export interface RunnerProcess extends EngineProcess {
	readonly containerId: string;
	/** Digest of the image in its registry, or the image's id when it came from none. */
	readonly imageDigest: string;
}

/** Creating and starting take long on a busy host; together less than the age of an orphan. */
const startLimitMs = 50_000;

export async function startRunner(
	host: DockerHost,
	spec: RunnerSpec,
	engineSource: string,
	signal?: AbortSignal,
): Promise<RunnerProcess> {
	const [image] = await Promise.all([
		imageOf(host, spec, signal),
		...spec.mounts.map((mount) => requireVolume(host, mount, signal)),
	]);
	const id = await create(host, spec, image.id, signal);
	let attached: Attached | undefined;
	try {
		attached = await attach(host, id, signal);
		attached.stdin.write(encodeBundle(engineSource));
		await start(host, spec, id, signal);
		signal?.throwIfAborted();
		return engineProcess(host, id, image.digest, attached);
	} catch (error) {
		attached?.close();
		throw joinErrors(error, await failureOf(remove(host, id)));
	}
}

function engineProcess(host: DockerHost, id: string, imageDigest: string, attached: Attached): RunnerProcess {
	const waiting = new AbortController();
	let ended = false;
	const exited = learnExit(host, id, waiting.signal).finally(() => (ended = true));
	const stop = async () => {
		if (ended) return;
		await kill(host, id);
		// The kill is done when it is answered: a wait that still hangs has lost its connection.
		const timer = setTimeout(() => waiting.abort(), 5_000);
		await exited;
		clearTimeout(timer);
	};
	const tearDown = async () => {
		try {
			const failure = await failureOf(stop());
			const later = await failureOf(remove(host, id));
			// Removing includes killing: that it worked is what counts.
			if (later !== undefined) throw joinErrors(failure, later);
		} finally {
			waiting.abort();
			attached.close();
		}
	};
	let disposed: Promise<void> | undefined;
	const dispose = () =>
		(disposed ??= tearDown().catch((error: unknown) => {
			disposed = undefined; // another call may try again
			throw error;
		}));
	const { stdin, stdout, stderr } = attached;
	return { containerId: id, imageDigest, stdin, stdout, stderr, exited, stop, dispose };
}

async function imageOf(host: DockerHost, { image }: RunnerSpec, signal?: AbortSignal) {
	const found = await findImage(host, image, signal);
	if (found) return found;
	throw imageNotFound(image);
}

/** Docker would make a missing volume; a missing directory it refuses itself. */
async function requireVolume(host: DockerHost, mount: RunnerMount, signal?: AbortSignal): Promise<void> {
	if (mount.type === 'volume' && !(await findVolume(host, mount.source, signal))) throw missing(mount);
}

function missing({ type, source, missingCode }: RunnerMount, cause?: unknown): BackupError {
	if (type === 'volume') {
		const { code, message, hint } = volumeNotFound(source);
		return new BackupError(missingCode ?? code, message, { hint, cause });
	}
	return new BackupError(
		missingCode ?? 'source_missing',
		`directory "${source}" does not exist on the docker host`,
		{
			hint: 'Paths are those of the machine that runs Docker, not of n8n; create the directory there.',
			cause,
		},
	);
}

/** Without the signal: the id comes with the answer, and with it the means to clean up. */
async function create(
	host: DockerHost,
	spec: RunnerSpec,
	imageId: string,
	signal?: AbortSignal,
): Promise<string> {
	signal?.throwIfAborted();
	const created = await request(host, {
		method: 'POST',
		path: '/containers/create',
		body: containerOf(spec, imageId, loaderSource),
		doing: 'create the runner',
		limitMs: startLimitMs,
		map: (error) => refusal(spec, error),
	});
	return answers.string(answers.fields(created), 'Id');
}

async function start(host: DockerHost, spec: RunnerSpec, id: string, signal?: AbortSignal): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/start`,
		doing: 'start the runner',
		signal,
		limitMs: startLimitMs,
		map: (error) => refusal(spec, error),
	});
}

/** What the daemon's refusal to create or start means to a user; undefined: nothing more than it says. */
function refusal(spec: RunnerSpec, error: unknown): BackupError | undefined {
	if (!(error instanceof DaemonError)) return undefined;
	const said = error.message;
	const path = /bind source path does not exist: (.+)$/m.exec(said)?.[1];
	const mount = spec.mounts.find(({ type, source }) => type === 'bind' && source === path);
	if (mount) return missing(mount, error);
	if (/no such image/i.test(said)) return imageNotFound(spec.image, undefined, error);
	if (/exec format error/i.test(said))
		return withoutNode(spec, 'node of another processor architecture', error);
	if (/exec: \\?"node/.test(said)) return withoutNode(spec, 'no node', error);
	return undefined;
}

function withoutNode({ image }: RunnerSpec, what: string, cause: unknown): BackupError {
	return new BackupError('image_without_node', `image ${image} has ${what}`, {
		hint: 'Name an image with Node.js 22.15 or later and GNU tar as Runner Image in the Docker Host credential.',
		cause,
	});
}

async function kill(host: DockerHost, id: string): Promise<void> {
	await request(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/kill`,
		query: { signal: 'SIGKILL' },
		doing: 'stop the runner',
		accept: [404, 409],
	});
}

/** With the anonymous volumes that the image asked for; named volumes stay. */
async function remove(host: DockerHost, id: string): Promise<void> {
	await request(host, {
		method: 'DELETE',
		path: `/containers/${segment(id)}`,
		query: { force: true, v: true },
		doing: 'remove the runner',
		// Gone, or somebody is just removing it.
		accept: [404, 409],
	});
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
	try {
		await promise;
		return undefined;
	} catch (error) {
		return error;
	}
}
