/**
 * One exec in a running container: its three streams over a hijacked connection, and its exit code. What it runs goes
 * on when the connection ends; `exec.ts` sees to that. Throws `container_not_found`, `container_not_running`, and what
 * `api.ts` throws.
 */
import { finished } from 'node:stream';
import { type BackupError } from '../protocol/errors';
import { answers, hijack, request, segment, type DockerHost } from './api';
import { streamsOver, type Attached } from './attach';
import { containerNotFound, containerNotRunning } from './container-details';
import { DaemonError } from './failures';

export interface ExecSettings {
	/** Name or id. */
	readonly container: string;
	readonly command: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	readonly user?: string;
}

export interface ExecSession extends Attached {
	readonly id: string;
	/** Resolves once the daemon has ended the output, or the connection is lost: `lost` then. */
	readonly ended: Promise<'ended' | 'lost'>;
}

/** Creating and starting take long on a busy host. */
export const startLimitMs = 50_000;

export async function openExec(
	host: DockerHost,
	settings: ExecSettings,
	signal?: AbortSignal,
): Promise<ExecSession> {
	const { container, command, environment = {}, user } = settings;
	const map = (error: unknown) => refusal(container, error);
	const created = await request(host, {
		method: 'POST',
		path: `/containers/${segment(container)}/exec`,
		body: {
			AttachStdin: true,
			AttachStdout: true,
			AttachStderr: true,
			Tty: false,
			Cmd: command,
			Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
			...(user !== undefined && { User: user }),
		},
		doing: `run a program in container "${container}"`,
		signal,
		limitMs: startLimitMs,
		map,
	});
	const id = answers.string(answers.fields(created), 'Id');
	const socket = await hijack(host, {
		method: 'POST',
		path: `/exec/${segment(id)}/start`,
		body: { Detach: false, Tty: false },
		doing: `run a program in container "${container}"`,
		signal,
		limitMs: startLimitMs,
		map,
	});
	const ended = new Promise<'ended' | 'lost'>((resolve) => {
		finished(socket, { writable: false }, (error) => resolve(error ? 'lost' : 'ended'));
	});
	return { id, ended, ...streamsOver(host, socket, `a program in container "${container}"`) };
}

function refusal(container: string, error: unknown): BackupError | undefined {
	if (!(error instanceof DaemonError)) return undefined;
	if (error.status === 404 && /no such container/i.test(error.message)) {
		return containerNotFound(container, error);
	}
	if (error.status !== 409) return undefined;
	const state = /is (paused|restarting)/.exec(error.message)?.[1] ?? 'stopped';
	return containerNotRunning(container, state, error);
}

/** Undefined while it runs; null when the daemon knows no such exec, or no exit code of it. */
export async function execExit(
	host: DockerHost,
	id: string,
	{ signal, limitMs }: { signal?: AbortSignal; limitMs?: number } = {},
): Promise<number | null | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/exec/${segment(id)}/json`,
		doing: 'tell how a program ended',
		signal,
		...(limitMs !== undefined && { limitMs }),
		accept: [404],
	});
	if (answer === null) return null;
	const exec = answers.fields(answer);
	if (exec['Running'] === true) return undefined;
	return answers.nullable(exec, 'ExitCode', (f, name) => answers.integer(f, name));
}
