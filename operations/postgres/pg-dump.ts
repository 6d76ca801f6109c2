/**
 * One run of pg_dump in the server's container, its output handed on as it comes. A dump ended well only when its exit
 * code is 0; whatever else ends the work, no pg_dump is left in the container.
 * Throws `timed_out` (nothing came for the stall limit, or the total limit is over), `source_failed` with the last words of pg_dump,
 * as `failures.ts` where it could not connect, the signal's reason, and what `write` throws.
 */
import type { DockerHost } from '../../docker/api';
import { runExec, startExec, type ExecProcess } from '../../docker/exec';
import { BackupError, joinErrors } from '../../protocol/errors';
import type { RecordWarning } from '../../protocol/record';
import { connectionFailure, lastLines, type PostgresPlace } from './failures';
import { tailOf } from './psql';
import { toolSpec, type PostgresLogin } from './tools';

export interface DumpRun {
	readonly database: string;
	readonly arguments: readonly string[];
	readonly stallLimitMs: number;
	/** Null: none. */
	readonly totalLimitMs: number | null;
	write(chunk: Buffer): Promise<void>;
}

/** Resolves with what pg_dump complained of, though it ended well. */
export async function runDump(
	host: DockerHost,
	login: PostgresLogin,
	run: DumpRun,
	signal: AbortSignal,
): Promise<RecordWarning[]> {
	const place = { ...login, database: run.database };
	const total = new AbortController();
	const either = AbortSignal.any([signal, total.signal]);
	const { totalLimitMs } = run;
	const timer =
		totalLimitMs === null
			? undefined
			: setTimeout(() => {
					total.abort(tooLong(place, `did not end within ${seconds(totalLimitMs)}`));
				}, totalLimitMs);
	try {
		const process = await startExec(
			host,
			{ ...toolSpec(login, 'pg_dump', run.arguments), input: false },
			either,
		);
		return await readDump(process, place, run, either);
	} finally {
		clearTimeout(timer);
	}
}

async function readDump(
	process: ExecProcess,
	place: PostgresPlace,
	run: DumpRun,
	signal: AbortSignal,
): Promise<RecordWarning[]> {
	const said = tailOf(process.stderr);
	const kill = () => void process.kill().catch(() => undefined);
	signal.addEventListener('abort', kill);
	let failure: unknown;
	try {
		if (signal.aborted) kill();
		await handOn(process, place, run, signal);
		const exitCode = await process.exited;
		signal.throwIfAborted();
		if (exitCode !== 0) throw dumpFailure(place, exitCode, said());
		return warningsIn(said());
	} catch (error) {
		failure = signal.aborted ? signal.reason : error;
		throw failure;
	} finally {
		signal.removeEventListener('abort', kill);
		// Output that nobody reads would hold up every other exec in the container.
		process.stdout.destroy();
		await process.kill().catch((error: unknown) => {
			throw joinErrors(failure, error);
		});
	}
}

async function handOn(
	{ stdout }: ExecProcess,
	place: PostgresPlace,
	{ stallLimitMs, write }: DumpRun,
	signal: AbortSignal,
): Promise<void> {
	const chunks = (stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
	for (;;) {
		// Only what the dump takes counts: a slow repository is no stall.
		const { promise: stalled, reject } = Promise.withResolvers<never>();
		const timer = setTimeout(
			() => reject(tooLong(place, `gave nothing for ${seconds(stallLimitMs)}`)),
			stallLimitMs,
		);
		let next: IteratorResult<Buffer>;
		try {
			next = await Promise.race([chunks.next(), stalled]);
		} finally {
			clearTimeout(timer);
		}
		signal.throwIfAborted();
		if (next.done) return;
		await write(next.value);
	}
}

const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`;
const named = ({ database, containerName }: PostgresPlace): string =>
	`pg_dump of database ${JSON.stringify(database)} in container "${containerName}"`;

function tooLong(place: PostgresPlace, what: string): BackupError {
	return new BackupError('timed_out', `${named(place)} ${what} and was ended`, {
		hint: 'Look for locks and load on the server (pg_stat_activity), or raise the time limit.',
	});
}

function dumpFailure(place: PostgresPlace, exitCode: number, stderr: string): BackupError {
	if (/^pg_dump: error: connection to server .* failed: /m.test(stderr))
		return connectionFailure(place, stderr);
	const how =
		exitCode < 0
			? 'broke off'
			: exitCode > 128
				? `was killed (signal ${exitCode - 128})`
				: `failed (exit code ${exitCode})`;
	// Of the wait for locks: pg_dump sets the one while it takes them, and lifts it afterwards.
	if (/(?:lock|statement) timeout/.test(stderr)) {
		return new BackupError('source_busy', `${named(place)} ${how}: ${lastLines(stderr, 4)}`, {
			hint: 'Something holds a lock on a table for too long: end it, or dump at another time.',
		});
	}
	const hint = /permission denied|must be (?:owner|superuser)|row-level security/.test(stderr)
		? 'Use a superuser such as postgres, or a role with pg_read_all_data and BYPASSRLS.'
		: exitCode < 0 || exitCode > 128
			? 'Look whether the container or its server was stopped meanwhile, and try again.'
			: "Look into the server's log, and try again.";
	return new BackupError('source_failed', `${named(place)} ${how}: ${lastLines(stderr, 4)}`, { hint });
}

const mostWarnings = 50;

/** Hints and details belong to the warning before them. */
export function warningsIn(stderr: string): RecordWarning[] {
	const messages: string[] = [];
	for (const line of stderr.split('\n').map((text) => text.trim())) {
		if (line === '') continue;
		const last = messages.length - 1;
		if (/^pg_dump: (?:hint|detail):/.test(line) && last >= 0)
			messages[last] += ` ${line.slice('pg_dump: '.length)}`;
		else messages.push(line.replace(/^pg_dump: (?:warning: )?/, ''));
	}
	return messages
		.slice(0, mostWarnings)
		.map((message) => ({ code: 'pg_dump_warning', message: message.slice(0, 1000), path: null }));
}

/** Whether this build of it can compress by zstd: from version 16 on, and where it was built so. */
export async function knowsZstd(
	host: DockerHost,
	{ container, dumpMajor, containerName }: PostgresLogin,
	signal: AbortSignal,
): Promise<boolean> {
	if (dumpMajor < 16) return false;
	// It looks at its options before it connects, here to nowhere.
	const command = [
		'pg_dump',
		'--format=custom',
		'--compress=zstd:1',
		'--no-password',
		'--host=/nowhere',
	] as const;
	const asked = { container, command, environment: { LC_ALL: 'C' }, limitMs: 60_000 };
	const { exitCode, stderr } = await runExec(host, asked, signal);
	if (exitCode === 1 && /connection to server/.test(stderr)) return true;
	if (exitCode === 1 && /zstd|ZSTD/.test(stderr)) return false;
	throw new BackupError(
		'source_failed',
		`pg_dump in container "${containerName}" ended with exit code ${exitCode}: ${lastLines(stderr, 2)}`,
	);
}
