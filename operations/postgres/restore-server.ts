/**
 * What a restore needs of a server: statements in its psql, and a pg_restore beside it. Throws as `psql.ts` and
 * `login.ts` say.
 */
import type { DockerHost } from '../../docker/api';
import { startExec, type ExecProcess } from '../../docker/exec';
import { toBackupError, type BackupError } from '../../protocol/errors';
import { PostgresError } from './failures';
import { toolSpec, type PostgresLogin } from './tools';
import { withSession } from './psql';

export interface RestoreServer {
	/** The one value that a SELECT gives, which must be JSON. */
	ask(database: string, select: string): Promise<unknown>;
	/** The same of several, in one session. */
	askEach(database: string, selects: readonly string[]): Promise<unknown[]>;
	/** In their order, in one session; the first failure ends it. `transaction`: all or none. */
	run(
		database: string,
		statements: readonly string[],
		options?: { readonly transaction?: boolean },
	): Promise<void>;
	/** Each whatever becomes of the others: why it failed, in their order; null: it did not. */
	attempt(database: string, statements: readonly string[]): Promise<(BackupError | null)[]>;
	/** A pg_restore that reads what is written to it; the server shows its work by the application's name. */
	startRestore(toolArguments: readonly string[], applicationName: string): Promise<ExecProcess>;
	/** For what must be done after a cancel too. */
	readonly always: RestoreServer;
}

/** A count of a large table, a copy of a large template, and a drop take their time. */
const statementLimitMs = 6 * 3600_000;
/** What is done after a failure must not take for ever. */
const tidyingLimitMs = 10 * 60_000;

/** Why it failed; null: it did not. */
export async function problemOf(work: Promise<unknown>): Promise<BackupError | null> {
	try {
		await work;
		return null;
	} catch (error) {
		return toBackupError(error);
	}
}

export function restoreServer(
	host: DockerHost,
	login: PostgresLogin,
	signal: AbortSignal,
	limitMs = statementLimitMs,
): RestoreServer {
	const askEach: RestoreServer['askEach'] = async (database, selects) =>
		await withSession(host, login, database, signal, async (session) => {
			const answers: unknown[] = [];
			for (const select of selects) {
				const [row] = await session.query(`select (\n${select}\n) as answer`, { limitMs });
				answers.push(row?.['answer']);
			}
			return answers;
		});
	return {
		askEach,
		ask: async (database, select) => (await askEach(database, [select]))[0],
		run: async (database, statements, { transaction = false } = {}) => {
			if (statements.length === 0) return;
			await withSession(host, login, database, signal, async (session) => {
				// Its end without a commit takes everything back.
				if (transaction) await session.execute('begin;');
				for (const statement of statements) await session.execute(`${statement};`, { limitMs });
				if (transaction) await session.execute('commit;', { limitMs });
			});
		},
		attempt: async (database, statements) => {
			if (statements.length === 0) return [];
			return await withSession(host, login, database, signal, async (session) => {
				const problems: (BackupError | null)[] = [];
				for (const statement of statements) {
					const problem = await problemOf(session.execute(`${statement};`, { limitMs }));
					// What ends the session is no matter of one statement.
					if (problem && !(problem instanceof PostgresError && problem.sqlState !== null)) throw problem;
					problems.push(problem);
				}
				return problems;
			});
		},
		startRestore: async (toolArguments, applicationName) => {
			const spec = toolSpec(login, 'pg_restore', toolArguments);
			const environment = { ...spec.environment, PGAPPNAME: applicationName };
			return await startExec(host, { ...spec, environment, input: true }, signal);
		},
		get always() {
			return restoreServer(host, login, new AbortController().signal, tidyingLimitMs);
		},
	};
}
