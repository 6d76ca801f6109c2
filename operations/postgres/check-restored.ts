/** Looks at a restored database: tables, and rows where the dump counted them. Throws `target_failed`. */
import type { PostgresDescription, TableCount } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import { compareTables, expectedTables } from './compare-tables';
import { quoteIdentifier } from './quoting';
import type { RestorePostgresRequest } from './requests';
import type { RestoreServer } from './restore-server';

export interface CheckedRestore {
	readonly tables: number;
	readonly warnings: readonly string[];
}

const reader = new Reader('target_failed', "the server's answer");
const mostNamed = 10;

/** In place, others may have written since: there other rows are only told. */
export async function checkRestored(
	server: RestoreServer,
	database: string,
	description: PostgresDescription,
	{ way, schemas, tables }: Pick<RestorePostgresRequest, 'way' | 'schemas' | 'tables'>,
): Promise<CheckedRestore> {
	const expected = expectedTables(description.tables, schemas, tables);
	const there = await tablesIn(server, database);
	const counted = description.partial ? there : await count(server, database, expected, there);
	const { found, missing, differing, nothing } = compareTables(expected, counted);
	const named = JSON.stringify(database);
	if (nothing) {
		throw new BackupError(
			'target_failed',
			`nothing was restored: ${named} has none of ${expected.length} tables`,
			{
				hint: 'Look into the dump with pg_restore --list.',
			},
		);
	}
	const problems = way === 'in-place' ? missing : [...missing, ...differing];
	if (problems.length > 0 && !description.partial) {
		throw new BackupError('target_failed', `what is in ${named} is not what was dumped: ${someOf(problems)}`);
	}
	const told = description.partial ? missing : way === 'in-place' ? differing : [];
	return { tables: found, warnings: told.slice(0, mostNamed).map((sentence) => `In ${named}, ${sentence}.`) };
}

const someOf = (problems: readonly string[]): string =>
	problems.length <= mostNamed
		? problems.join('; ')
		: `${problems.slice(0, mostNamed).join('; ')}; and ${problems.length - mostNamed} more`;

interface FoundTable extends TableCount {
	/** A materialized view is filled anew, by what its query gives now. */
	readonly countable: boolean;
}

async function tablesIn(server: RestoreServer, database: string): Promise<FoundTable[]> {
	const answer = await server.ask(
		database,
		`SELECT coalesce(json_agg(json_build_object('schema', nspname, 'name', relname, 'countable', relkind = 'r')), '[]')
			FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
			WHERE relkind IN ('r', 'p', 'f', 'v', 'm')`,
	);
	return reader.array({ tables: answer }, 'tables', (value) => {
		const f = reader.fields(value, 'tables');
		const [schema, name] = [reader.string(f, 'schema'), reader.string(f, 'name')];
		return { schema, name, rows: null, countable: reader.boolean(f, 'countable') };
	});
}

async function count(
	server: RestoreServer,
	database: string,
	expected: readonly TableCount[],
	there: readonly FoundTable[],
): Promise<TableCount[]> {
	const recorded = new Map(expected.map(({ schema, name, rows }) => [JSON.stringify([schema, name]), rows]));
	const counting = there.filter(
		({ schema, name, countable }) =>
			countable && (recorded.get(JSON.stringify([schema, name])) ?? null) !== null,
	);
	// As the dump counted: without tables that inherit from it.
	const counts = await server.askEach(
		database,
		counting.map(
			({ schema, name }) =>
				`SELECT to_json(count(*)) FROM ONLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
		),
	);
	const rowsOf = new Map(counting.map((table, index) => [table, counts[index]]));
	return there.map((table) => {
		const rows = rowsOf.get(table);
		return rows === undefined ? table : { ...table, rows: reader.integer({ rows }, 'rows') };
	});
}
