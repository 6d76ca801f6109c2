/**
 * A program in a running container of others, by exec: its own argument array, never a shell string of ours; no
 * terminal, so stdout and stderr come apart (`demultiplex`, with back-pressure). It lives no longer than the
 * connection: when this process dies, or `kill` is called, the program in the container gets SIGTERM, then SIGKILL
 * (an exec alone survives its client). Secrets go into `environment` only.
 *
 * The container needs `sh` and `sleep`. Both outputs are to be read: one that nobody reads holds up the other. When the
 * signal aborts, streams fail with its reason and the program is killed. `docker restart` of the daemon aside, nothing
 * survives us for more than the seconds between SIGTERM and SIGKILL, but what leaves its process group on purpose.
 * Throws `container_not_found`, `container_not_running`, `docker_failed`, and what `api.ts` throws.
 */
import { Writable, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError, joinErrors } from '../protocol/errors';
import type { DockerHost } from './api';
import { containerNotRunning, runningContainer } from './container-details';
import { learnExecExit } from './exec-exit';
import { startGuard, type Guard } from './exec-guard';
import { takeLine } from './exec-lines';
import { graceSeconds, parseId, programScript } from './exec-script';
import { execExit, openExec, startLimitMs, type ExecSession } from './exec-session';

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
	/** Resolves when the program is gone; any number of times. What was not read of its output is dropped. */
	kill(): Promise<void>;
}

export interface ExecResult {
	readonly exitCode: number;
	readonly stdout: string;
	readonly stderr: string;
}

export async function startExec(
	host: DockerHost,
	spec: ExecSpec,
	signal?: AbortSignal,
): Promise<ExecProcess> {
	const { container, input, environment = {}, user } = spec;
	requireWhole([...spec.command, ...Object.entries(environment).flat()]);
	signal?.throwIfAborted();
	const command = ['sh', '-c', programScript(input), 'sh', ...spec.command];
	const opened = await Promise.allSettled([
		startGuard(host, spec, signal),
		openExec(host, { container, command, environment, ...(user !== undefined && { user }) }, signal),
	]);
	const [guard, program] = opened;
	try {
		if (guard.status === 'rejected') throw guard.reason;
		if (program.status === 'rejected') throw program.reason;
		const id = await takeLine(program.value.stderr, parseId, startLimitMs, signal);
		if (id === undefined) throw await notStarted(host, container, program.value);
		await guard.value.watch(id, signal);
		program.value.stdin.write('go\n');
		return execProcess(host, spec, { guard: guard.value, program: program.value, id }, signal);
	} catch (error) {
		for (const each of opened) if (each.status === 'fulfilled') each.value.close();
		throw await clearer(host, container, error);
	}
}

/** Of a container's end the daemon learns a moment after the programs in it. */
async function clearer(host: DockerHost, container: string, error: unknown): Promise<unknown> {
	if (!(error instanceof BackupError) || error.code !== 'docker_failed' || error.hint !== undefined) {
		return error;
	}
	try {
		for (let look = 0; look < 10; look += 1) {
			await runningContainer(host, container);
			await sleep(200);
		}
		return error;
	} catch (reason) {
		return reason;
	}
}

/** Linux ends an argument at a zero byte: what came after it would be gone. */
function requireWhole(texts: readonly string[]): void {
	if (texts.some((text) => text.includes('\0'))) {
		throw new BackupError('invalid_parameter', 'an argument for a program in a container holds a zero byte');
	}
}

/** Instead of its first line came the runtime's words (on stdout), or nothing. */
async function notStarted(host: DockerHost, container: string, program: ExecSession): Promise<unknown> {
	const said = await textOf(program.stdout).catch(() => '');
	try {
		const code = await execExit(host, program.id);
		const missing = code === 126 || code === 127;
		const { name } = await runningContainer(host, container);
		// The daemon may not have noticed it yet.
		if (/in a stopped state/.test(said)) return containerNotRunning(name, 'stopped');
		return new BackupError(
			'docker_failed',
			`no program could be started in container "${name}"${said && `: ${said.trim().slice(0, 500)}`}`,
			missing ? { hint: 'The image of the container needs a shell (sh), and must know the user.' } : {},
		);
	} catch (error) {
		return error;
	}
}

interface Running {
	readonly guard: Guard;
	readonly program: ExecSession;
	/** In the container. */
	readonly id: string;
}

function execProcess(host: DockerHost, spec: ExecSpec, running: Running, signal?: AbortSignal): ExecProcess {
	const { guard, program } = running;
	const { stdout, stderr } = program;
	const stdin = spec.input ? program.stdin : noInput();
	const ending = new AbortController();
	const exited = learnExecExit(host, program, ending.signal).then((code) => {
		signal?.removeEventListener('abort', abort);
		if (code < 0) guard.close();
		else guard.dismiss();
		program.stdin.destroy();
		return code;
	});
	void program.ended.then((how) => (how === 'lost' ? guard.close() : undefined));
	let killing: Promise<void> | undefined;
	const kill = () =>
		(killing ??= end(host, spec, running, { ending, exited }).catch((error: unknown) => {
			killing = undefined; // another call may try again
			throw error;
		}));
	const abort = () => {
		const reason = signal?.reason as Error;
		for (const stream of [stdin, stdout, stderr]) stream.destroy(reason);
		// Whoever calls `kill` hears why it failed.
		kill().catch(() => undefined);
	};
	signal?.addEventListener('abort', abort);
	if (signal?.aborted) abort();
	return { stdin, stdout, stderr, exited, kill };
}

/** How long a killed program may take: SIGTERM, the grace, SIGKILL, and a busy host. */
const killMs = (graceSeconds + 4) * 1000;

async function end(
	host: DockerHost,
	spec: ExecSpec,
	{ guard, program, id }: Running,
	{ ending, exited }: { readonly ending: AbortController; readonly exited: Promise<number> },
): Promise<void> {
	try {
		guard.close();
		ending.abort();
		if (!(await within(exited, 1_000))) {
			// Its last output is read by nobody, which would hold up its end too.
			for (const stream of [program.stdout, program.stderr]) stream.destroy();
		}
		if (!(await within(exited, killMs)) && (await execExit(host, program.id)) === undefined) {
			// A connection was lost without the daemon's notice, so the guard has not been told.
			const another = await startGuard(host, spec);
			await another.watch(id);
			another.close();
			await within(exited, killMs);
		}
		if ((await within(exited, 0)) && (await exited) >= 0) return;
		if ((await execExit(host, program.id)) !== undefined) return;
		throw new BackupError('docker_failed', `a program in container "${spec.container}" could not be killed`);
	} finally {
		// A connection that stays open with output nobody reads can hold up every later exec in that container.
		program.close();
	}
}

async function within(exited: Promise<number>, ms: number): Promise<boolean> {
	const waiting = new AbortController();
	try {
		const late = sleep(ms, false, { signal: waiting.signal }).catch(() => false);
		return await Promise.race([exited.then(() => true), late]);
	} finally {
		waiting.abort();
	}
}

function noInput(): Writable {
	const none = new Writable({ write: (_chunk, _encoding, done) => done() });
	return none.on('error', () => undefined).end();
}

/** Runs it to its end; throws `timed_out` after `limitMs`, `docker_failed` for more than `mostOutputBytes` (16 MiB). */
export async function runExec(
	host: DockerHost,
	spec: Omit<ExecSpec, 'input'> & {
		readonly input?: string;
		readonly limitMs: number;
		readonly mostOutputBytes?: number;
	},
	signal?: AbortSignal,
): Promise<ExecResult> {
	const { input, limitMs, mostOutputBytes = 16 << 20, ...program } = spec;
	const where = `${spec.command[0]} in container "${spec.container}"`;
	const late = new AbortController();
	const timer = setTimeout(() => {
		late.abort(new BackupError('timed_out', `${where} did not end within ${limitMs / 1000} s`));
	}, limitMs);
	const stop = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
	let started: ExecProcess | undefined;
	try {
		started = await startExec(host, { ...program, input: input !== undefined }, stop);
		// One that does not read its input says so, or not, by its exit code.
		started.stdin.on('error', () => undefined);
		if (input !== undefined) started.stdin.end(input);
		let left = mostOutputBytes;
		const count = (chunk: Buffer) => {
			left -= chunk.length;
			if (left < 0) {
				throw new BackupError('docker_failed', `${where} gave more than ${mostOutputBytes} bytes of output`);
			}
		};
		const [stdout, stderr] = await Promise.all([
			textOf(started.stdout, count),
			textOf(started.stderr, count),
		]);
		const exitCode = await started.exited;
		stop.throwIfAborted();
		if (exitCode >= 0) return { exitCode, stdout, stderr };
		await runningContainer(host, spec.container, signal);
		throw new BackupError('docker_failed', `how ${where} ended could not be learnt`);
	} catch (error) {
		throw joinErrors(error, await failureOf(started));
	} finally {
		clearTimeout(timer);
	}
}

async function failureOf(started: ExecProcess | undefined): Promise<unknown> {
	try {
		await started?.kill();
		return undefined;
	} catch (error) {
		return error;
	}
}

async function textOf(stream: Readable, count: (chunk: Buffer) => void = () => undefined): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream as AsyncIterable<Buffer>) {
		count(chunk);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString();
}
