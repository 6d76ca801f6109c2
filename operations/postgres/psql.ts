/**
 * SQL in a database, by the psql of the server's container: statements go in by its stdin (never its command line),
 * each row comes out as one JSON object a line. Nothing of the user's is read (`-X`), nothing is asked (`-w`).
 *
 * Objects are looked up in `pg_catalog` only, so that nothing that somebody made in the database takes a system
 * function's place, unless `searchPath` is 'own'. A number beyond 2^53 should be asked for as text.
 * Throws `PostgresError` (failures.ts); `timed_out`; what `exec.ts` throws.
 */
import { startExec, type ExecProcess } from '../../docker/exec';
import type { DockerHost } from '../../docker/api';
import { BackupError } from '../../protocol/errors';
import { Reader, type Fields } from '../../protocol/parse';
import { connectionFailure, statementFailure, type PostgresPlace } from './failures';
import { conninfoFor } from './quoting';
import { toolSpec, type PostgresLogin } from './tools';

export interface PsqlOptions {
	/** Of each statement; default 60,000. */
	readonly limitMs?: number;
	/** 'own': as the user's and the database's settings have it. */
	readonly searchPath?: 'catalog' | 'own';
}

/** One connection, held open. Statements are answered in their order; one that failed leaves it usable. */
export interface PsqlSession {
	/** The rows of one query, without a semicolon at its end. */
	query(sql: string, options?: Pick<PsqlOptions, 'limitMs'>): Promise<Fields[]>;
	/** Statements that give no rows to us. */
	execute(sql: string, options?: Pick<PsqlOptions, 'limitMs'>): Promise<void>;
	/** Ends the connection, and with it its transaction; any number of times. */
	close(): Promise<void>;
}

export async function query(
	host: DockerHost,
	login: PostgresLogin,
	database: string,
	sql: string,
	signal: AbortSignal,
	options: PsqlOptions = {},
): Promise<Fields[]> {
	return await withSession(host, login, database, signal, (session) => session.query(sql), options);
}

export async function execute(
	host: DockerHost,
	login: PostgresLogin,
	database: string,
	sql: string,
	signal: AbortSignal,
	options: PsqlOptions = {},
): Promise<void> {
	await withSession(host, login, database, signal, (session) => session.execute(sql), options);
}

export async function withSession<T>(
	host: DockerHost,
	login: PostgresLogin,
	database: string,
	signal: AbortSignal,
	use: (session: PsqlSession) => Promise<T>,
	options: PsqlOptions = {},
): Promise<T> {
	const session = await openSession(host, login, database, signal, options);
	try {
		return await use(session);
	} finally {
		await session.close();
	}
}

const marker = 'docker-backup-answer';
/** Waiting between our statements, ours may idle for as long as a dump takes. */
const prologue = [
	'set statement_timeout = 0;',
	'set lock_timeout = 0;',
	'set idle_in_transaction_session_timeout = 0;',
];

/** Connected once it resolves. */
export async function openSession(
	host: DockerHost,
	login: PostgresLogin,
	database: string,
	signal: AbortSignal,
	{ limitMs = 60_000, searchPath = 'catalog' }: PsqlOptions = {},
): Promise<PsqlSession> {
	const spec = toolSpec(login, 'psql', psqlArguments(database));
	const environment = { ...spec.environment, PGCLIENTENCODING: 'UTF8' };
	const process = await startExec(host, { ...spec, environment, input: true }, signal);
	const session = sessionOver(process, { ...login, database }, limitMs, signal);
	try {
		const path = searchPath === 'catalog' ? ['set search_path = pg_catalog;'] : [];
		await session.execute([...prologue, ...path].join('\n'));
		return session;
	} catch (error) {
		await session.close();
		throw error;
	}
}

function psqlArguments(database: string): string[] {
	return [
		'--no-psqlrc',
		'--quiet',
		'--tuples-only',
		'--no-align',
		'--no-password',
		// A failed statement inside a transaction leaves the transaction as it was.
		'--set=ON_ERROR_ROLLBACK=on',
		`--dbname=${conninfoFor(database)}`,
	];
}

/** Over a psql that runs. */
export function sessionOver(
	process: ExecProcess,
	place: PostgresPlace,
	defaultLimitMs: number,
	signal: AbortSignal,
): PsqlSession {
	const lines = linesOf(process.stdout);
	const errors = tailOf(process.stderr);
	let before: Promise<unknown> = Promise.resolve();
	// Who waits for an answer hears of the end by the end of the output.
	process.stdin.on('error', () => undefined);

	const exchange = async (sql: string): Promise<string[]> => {
		process.stdin.write(
			`${sql}\n\\echo ${marker} :ERROR :SQLSTATE\n\\echo :LAST_ERROR_MESSAGE\n\\echo ${marker}\n`,
		);
		const rows: string[] = [];
		for (;;) {
			const line = await nextLine();
			if (!line.startsWith(marker)) {
				rows.push(line);
				continue;
			}
			const [, failed, sqlState = ''] = line.split(' ');
			const message: string[] = [];
			for (let more = await nextLine(); more !== marker; more = await nextLine()) message.push(more);
			if (failed === 'true') throw statementFailure(place, sqlState, message.join('\n'));
			return rows;
		}
	};
	const nextLine = async (): Promise<string> => {
		const { value, done } = await lines.next();
		if (!done) return value;
		signal.throwIfAborted();
		await process.exited;
		throw connectionFailure(place, errors());
	};
	const limited = async (sql: string, limitMs = defaultLimitMs): Promise<string[]> => {
		const { promise: late, reject } = Promise.withResolvers<never>();
		const timer = setTimeout(() => reject(tooLong(place, limitMs)), limitMs);
		try {
			return await Promise.race([exchange(sql), late]);
		} catch (error) {
			signal.throwIfAborted();
			// Its answer could still come, and be taken for the next one's.
			if (error instanceof BackupError && error.code === 'timed_out') await process.kill();
			throw error;
		} finally {
			clearTimeout(timer);
		}
	};
	const inOrder = async (sql: string, limitMs: number | undefined): Promise<string[]> => {
		const answer = before.then(() => limited(sql, limitMs));
		before = answer.catch(() => undefined);
		return await answer;
	};
	return {
		query: async (sql, options) => {
			const rows = await inOrder(`select pg_catalog.row_to_json(q) from (\n${sql}\n) q;`, options?.limitMs);
			return rows.map((row) => answers.fields(answers.json(row)));
		},
		execute: async (sql, options) => {
			await inOrder(sql, options?.limitMs);
		},
		close: async () => {
			process.stdin.end();
			// Output that nobody reads would hold up every other exec in the container.
			process.stdout.destroy();
			await process.kill();
		},
	};
}

function tooLong({ database, containerName }: PostgresPlace, limitMs: number): BackupError {
	return new BackupError(
		'timed_out',
		`a query in database ${JSON.stringify(database)} of container "${containerName}" took longer than ${limitMs / 1000} s`,
	);
}

/** Parses what psql gives; throws `source_failed`. */
export const answers = new Reader('source_failed', 'answer of psql');

/** Only line feeds part them: texts may hold other characters that some call line ends. */
async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
	let pending: Buffer[] = [];
	try {
		for await (const chunk of source) {
			let from = 0;
			for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
				yield Buffer.concat([...pending, chunk.subarray(from, end)]).toString();
				pending = [];
				from = end + 1;
			}
			if (from < chunk.length) pending.push(chunk.subarray(from));
		}
	} catch {
		// Broken off: to the reader as its end, whose reason the exit tells.
	}
	return undefined;
}

/** Reads it all, and keeps its last 16 KiB. */
export function tailOf(source: NodeJS.ReadableStream, most = 16 << 10): () => string {
	let tail = Buffer.alloc(0);
	source.on('data', (chunk: Buffer) => (tail = Buffer.concat([tail, chunk]).subarray(-most)));
	source.on('error', () => undefined);
	return () => tail.toString();
}
