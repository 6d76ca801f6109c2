/**
 * A program in a running container of others, by exec: its own argument array, never a shell string of ours; no
 * terminal, so stdout and stderr come apart (`demultiplex`, with back-pressure). It lives no longer than the
 * connection: when this process dies, or `kill` is called, the program in the container gets SIGTERM, then SIGKILL
 * (an exec alone survives its client). Secrets go into `environment` only.
 * Throws `container_not_found`, `container_not_running`, `docker_failed`, and what `api.ts` throws.
 */
import type { Readable, Writable } from 'node:stream';
import { BackupError } from '../protocol/errors';
import type { DockerHost } from './api';

export interface ExecSpec {
	/** Name or id. */
	readonly container: string;
	readonly command: readonly [string, ...string[]];
	readonly environment?: Readonly<Record<string, string>>;
	/** Default: the container's own. */
	readonly user?: string;
	/** Whether the program reads what is written to `stdin`; else its input is empty. */
	readonly input: boolean;
}

export interface ExecProcess {
	/** With back-pressure; ending it is the program's end of file. Without `input` already ended. */
	readonly stdin: Writable;
	readonly stdout: Readable;
	readonly stderr: Readable;
	/** The program's exit code once it has ended and its output was read; 128 + signal when it was killed. Never rejects; −1 when it could not be learnt. */
	readonly exited: Promise<number>;
	/** Resolves when the program is gone; any number of times. */
	kill(): Promise<void>;
}

export interface ExecResult {
	readonly exitCode: number;
	readonly stdout: string;
	readonly stderr: string;
}

export function startExec(_host: DockerHost, _spec: ExecSpec, _signal?: AbortSignal): Promise<ExecProcess> {
	throw new BackupError('unexpected', 'to be written');
}

/** Runs it to its end; throws `timed_out` after `limitMs`, `docker_failed` for more than `mostOutputBytes` (16 MiB). */
export function runExec(
	_host: DockerHost,
	_spec: Omit<ExecSpec, 'input'> & {
		readonly input?: string;
		readonly limitMs: number;
		readonly mostOutputBytes?: number;
	},
	_signal?: AbortSignal,
): Promise<ExecResult> {
	throw new BackupError('unexpected', 'to be written');
}
