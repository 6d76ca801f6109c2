/**
 * A started engine as the orchestrator holds it, wherever it runs (a runner on a Docker host, a worker
 * thread of this process). Frames go in by `stdin`, events come by `stderr` (one a line), raw bytes by
 * `stdout`.
 *
 * `stdout` and `stderr` share one connection: while `stdout` has unread bytes waiting, no events arrive,
 * so read both, or `resume()` the one that does not matter. None of the streams brings this process down
 * when nobody listens for its errors.
 */
import type { Readable, Writable } from 'node:stream';
import { BackupError } from './errors';

export interface EngineExit {
	/** Exit code of the engine; 128 + signal when it was killed; −1 when it could not be learnt. */
	readonly exitCode: number;
	/** Whether the kernel killed a process of the engine for want of memory. */
	readonly outOfMemory: boolean;
	/** What else went wrong, in the words of whoever ran the engine; null when nothing did. */
	readonly error: string | null;
}

export interface EngineProcess {
	/** Takes frames, with back-pressure; ending it is the engine's end of file. */
	readonly stdin: Writable;
	readonly stdout: Readable;
	readonly stderr: Readable;
	/** Resolves when the engine has ended, in whatever way; never rejects. */
	readonly exited: Promise<EngineExit>;
	/** Kills the engine now; resolves when that is done, also when it had ended already. */
	stop(): Promise<void>;
	/** Kills the engine if it still runs and removes every trace of it; call it in `finally`, any number of times. */
	dispose(): Promise<void>;
}

const abortedForMemory = /heap out of memory|Array buffer allocation failed|Cannot allocate memory|ENOMEM/i;

/**
 * Why an engine that ended without `done` or `failure` did so: `runner_out_of_memory`, `runner_died`, or
 * `image_without_node` when it never ran.
 * `logTail`: what it said on stderr besides events.
 */
export function engineDied(exit: EngineExit, logTail: string): BackupError {
	const lastLine = logTail.trimEnd().split('\n').at(-1)?.trim() ?? '';
	const said = exit.error ?? (lastLine === '' ? null : lastLine);
	const ending = `the runner ended early with exit code ${exit.exitCode}${said === null ? '' : `: ${said}`}`;
	if (exit.outOfMemory || (exit.exitCode !== 0 && abortedForMemory.test(logTail))) {
		return new BackupError('runner_out_of_memory', 'the runner ran out of memory', {
			hint: 'Raise the memory limit in the Docker Host credential, or lower the compression level.',
			cause: new Error(ending),
		});
	}
	if (logTail.includes('exec format error')) {
		return new BackupError('image_without_node', 'node of the runner image cannot run on the docker host', {
			hint: "The image is for another processor: name one for this host's as Runner Image in the Docker Host credential.",
			cause: new Error(ending),
		});
	}
	if (exit.exitCode === 137) {
		return new BackupError('runner_died', 'the runner was killed', {
			hint: 'Someone stopped the container, or the host ran out of memory; see the kernel log of the Docker host.',
			cause: new Error(ending),
		});
	}
	return new BackupError('runner_died', ending, {
		hint: 'The log of the Docker Engine on that host may say more; run it again.',
	});
}
