/**
 * The tables of a database and, when asked, how many rows each has for this transaction's snapshot. Counting never
 * fails a dump: what could not be counted is null, and a warning says so.
 */
import type { TableCount } from '../../protocol/description';
import { toBackupError } from '../../protocol/errors';
import type { RecordWarning } from '../../protocol/record';
import { answers, type PsqlSession } from './psql';
import { quoteIdentifier } from './quoting';

export interface DatabaseTable {
	readonly schema: string;
	readonly name: string;
	readonly oid: number;
	/** Materialized views that hold nothing yet can't be counted. */
	readonly countable: boolean;
	readonly materialized: boolean;
	/** The file that holds its rows; a truncation or a rewrite gives it another one. */
	readonly file: number;
}

/** Ordinary tables, leaves of partitioned ones and materialized views; not those that an extension brings. */
export async function listTables(session: PsqlSession): Promise<DatabaseTable[]> {
	const rows = await session.query(tablesQuery);
	return rows.map((row) => ({
		schema: answers.string(row, 'schema'),
		name: answers.string(row, 'name'),
		oid: answers.integer(row, 'oid'),
		countable: answers.boolean(row, 'countable'),
		materialized: answers.boolean(row, 'materialized'),
		file: answers.integer(row, 'file'),
	}));
}

const tablesQuery = `
	select n.nspname as schema, c.relname as name, c.oid::bigint as oid, c.relispopulated as countable,
		c.relkind = 'm' as materialized, coalesce(pg_relation_filenode(c.oid), 0)::bigint as file
	from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
		and not exists (select from pg_depend d
			where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
	order by 1, 2`;

export interface CountOptions {
	/** Of one table, and of all. */
	readonly tableLimitMs: number;
	readonly totalLimitMs: number;
	readonly signal: AbortSignal;
	/** Milliseconds that only ever grow. */
	monotonic(): number;
	warn(warning: RecordWarning): void;
}

const mostWarnings = 10;

export async function countRows(
	session: PsqlSession,
	tables: readonly DatabaseTable[],
	{ tableLimitMs, totalLimitMs, signal, monotonic, warn }: CountOptions,
): Promise<TableCount[]> {
	const end = monotonic() + totalLimitMs;
	const counts: TableCount[] = [];
	let failed = 0;
	let late = 0;
	for (const table of tables) {
		const { schema, name, countable } = table;
		const left = Math.floor(Math.min(tableLimitMs, end - monotonic()));
		let rows: number | null = null;
		if (countable && left <= 0) late += 1;
		else if (countable) {
			try {
				rows = await countOne(session, table, left);
			} catch (error) {
				signal.throwIfAborted();
				failed += 1;
				const why = toBackupError(error).message;
				if (failed <= mostWarnings) warn(notCounted(`rows of ${schema}.${name} were not counted: ${why}`));
			}
		}
		counts.push({ schema, name, rows });
	}
	if (failed > mostWarnings)
		warn(notCounted(`rows of ${failed - mostWarnings} more tables were not counted`));
	if (late > 0)
		warn(notCounted(`rows of ${late} tables were not counted within ${totalLimitMs / 1000} seconds`));
	return counts;
}

/** Null when what the snapshot saw is not there any more: a truncated table looks empty to it, though it was not. */
async function countOne(session: PsqlSession, table: DatabaseTable, limitMs: number): Promise<number | null> {
	const { schema, name, oid, file, materialized } = table;
	const from = `${materialized ? '' : 'only '}${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
	await session.execute(`set statement_timeout = ${limitMs};`);
	const [counted] = await session.query(`select count(*) as rows from ${from}`, {
		limitMs: limitMs + 30_000,
	});
	const [now] = await session.query(`select coalesce(pg_relation_filenode(${oid}), 0)::bigint as file`);
	const same = answers.integer(answers.fields(now), 'file') === file;
	return same ? answers.integer(answers.fields(counted), 'rows') : null;
}

const notCounted = (message: string): RecordWarning => ({ code: 'rows_not_counted', message, path: null });
