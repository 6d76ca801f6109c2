/**
 * The content of one database's archive, with its description, both of one snapshot: a transaction that exports it is
 * held open while pg_dump dumps it and the rows are counted. Throws as `psql.ts` and `pg-dump.ts`.
 */
import type { DockerHost } from '../../docker/api';
import type { DataEndFrame } from '../../protocol/job';
import type { RecordWarning } from '../../protocol/record';
import type { TableCount } from '../../protocol/description';
import type { OperationContext } from '../settings';
import { countRows, listTables, type DatabaseTable } from './count-rows';
import { describeDatabase, withTables } from './describe';
import { dumpArguments, hasPatterns, isPartial } from './dump-arguments';
import { runDump } from './pg-dump';
import { answers, withSession, type PsqlSession } from './psql';
import type { DumpPostgresRequest } from './requests';
import type { PostgresLogin } from './tools';

export interface DatabaseDump {
	readonly database: string;
	/** As pg_dump's `--compress`. */
	readonly compress: string;
	readonly request: DumpPostgresRequest;
	write(chunk: Buffer): Promise<void>;
}

/** Counting is a help for drills; it must not keep a backup, nor the snapshot, for long. */
const countLimits = { tableLimitMs: 120_000, totalLimitMs: 600_000 };

export async function dumpDatabase(
	{ clock, signal }: OperationContext,
	host: DockerHost,
	login: PostgresLogin,
	{ database, compress, request, write }: DatabaseDump,
): Promise<DataEndFrame> {
	return await withSession(host, login, database, signal, async (session) => {
		const snapshot = await exportSnapshot(session);
		const description = await describeDatabase(session, login, database, isPartial(request));
		// Which tables patterns mean is for pg_dump to know.
		const tables = hasPatterns(request) ? [] : await listTables(session);
		const { stallLimitMs, totalLimitMs } = request;
		const run = {
			database,
			arguments: dumpArguments(database, snapshot, compress, request),
			stallLimitMs,
			totalLimitMs,
			write,
		};
		const warnings: RecordWarning[] = await runDump(host, login, run, signal);
		const counts =
			request.countRows && request.content !== 'schema'
				? await countRows(session, tables, {
						...countLimits,
						monotonic: () => clock.monotonic(),
						signal,
						warn: (warning) => warnings.push(warning),
					})
				: tables.map(uncounted);
		return { description: withTables(description, counts), warnings };
	});
}

const uncounted = ({ schema, name }: DatabaseTable): TableCount => ({ schema, name, rows: null });

/** A savepoint, which psql would set before each statement, keeps a snapshot from being exported. */
async function exportSnapshot(session: PsqlSession): Promise<string> {
	await session.execute(
		'set row_security = off;\n\\set ON_ERROR_ROLLBACK off\nbegin isolation level repeatable read read only;',
	);
	const [row] = await session.query('select pg_export_snapshot() as snapshot');
	await session.execute('\\set ON_ERROR_ROLLBACK on');
	return answers.string(answers.fields(row), 'snapshot');
}
