/**
 * What a restore needs of a server: statements in its psql, and a pg_restore beside it. Throws as `psql.ts` and
 * `login.ts` say.
 */
import type { DockerHost } from '../../docker/api';
import { startExec, type ExecProcess } from '../../docker/exec';
import { toolSpec, type PostgresLogin } from './tools';
import { withSession } from './psql';

export interface RestoreServer {
	/** The one value that a SELECT gives, which must be JSON. */
	ask(database: string, select: string): Promise<unknown>;
	/** In their order, in one session; the first failure ends it. `transaction`: all or none. */
	run(
		database: string,
		statements: readonly string[],
		options?: { readonly transaction?: boolean },
	): Promise<void>;
	/** A pg_restore that reads what is written to it; the server shows its work by the application's name. */
	startRestore(toolArguments: readonly string[], applicationName: string): Promise<ExecProcess>;
	/** For what must be done after a cancel too. */
	readonly always: RestoreServer;
}

/** A count of a large table, a copy of a large template, and a drop take their time. */
const statementLimitMs = 6 * 3600_000;
/** What is done after a failure must not take for ever. */
const tidyingLimitMs = 10 * 60_000;

export function restoreServer(
	host: DockerHost,
	login: PostgresLogin,
	signal: AbortSignal,
	limitMs = statementLimitMs,
): RestoreServer {
	return {
		ask: async (database, select) =>
			await withSession(host, login, database, signal, async (session) => {
				const [row] = await session.query(`select (\n${select}\n) as answer`, { limitMs });
				return row?.['answer'];
			}),
		run: async (database, statements, { transaction = false } = {}) =>
			await withSession(host, login, database, signal, async (session) => {
				// Its end without a commit takes everything back.
				if (transaction) await session.execute('begin;');
				for (const statement of statements) await session.execute(`${statement};`, { limitMs });
				if (transaction) await session.execute('commit;', { limitMs });
			}),
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
