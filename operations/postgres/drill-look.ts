/** Looks at what a drill restored: its tables and their rows, and what the request's own statements give. */
import type { DockerHost } from '../../docker/api';
import type { TableCount } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { Answer, FoundTable } from './drill-checks';
import { PostgresError } from './failures';
import { answers, withSession, type PsqlSession } from './psql';
import { quoteIdentifier, quoteLiteral } from './quoting';
import type { DrillCheck } from './requests';
import type { PostgresLogin } from './tools';

export interface Place {
	readonly host: DockerHost;
	readonly login: PostgresLogin;
	readonly database: string;
	/** The drill's, which also ends when its time is over; a statement has no limit of its own. */
	readonly signal: AbortSignal;
	readonly limitMs: number;
}

/** Every table that is there; the rows of those whose rows were recorded. */
export async function findTables(place: Place, recorded: readonly TableCount[]): Promise<FoundTable[]> {
	const { host, login, database, signal, limitMs } = place;
	const wanted = new Set(recorded.filter(({ rows }) => rows !== null).map(key));
	return await withSession(
		host,
		login,
		database,
		signal,
		async (session) => {
			const found: FoundTable[] = [];
			for (const row of await session.query(everyTable)) {
				const table = { schema: answers.string(row, 'schema'), name: answers.string(row, 'name') };
				const counts = wanted.has(key(table));
				const counted = counts ? await count(session, table, answers.boolean(row, 'plain')) : { rows: null };
				found.push({ ...table, ...counted });
			}
			return found;
		},
		{ limitMs },
	);
}

const everyTable = `
	select nspname as schema, relname as name, relkind = 'r' as plain
	from pg_class join pg_namespace on pg_namespace.oid = relnamespace
	where relkind in ('r', 'p', 'm', 'f', 'v')`;

const key = ({ schema, name }: Pick<TableCount, 'schema' | 'name'>): string => JSON.stringify([schema, name]);

async function count(
	session: PsqlSession,
	{ schema, name }: Pick<TableCount, 'schema' | 'name'>,
	/** Those that inherit from it are counted by themselves. */
	only: boolean,
): Promise<Pick<FoundTable, 'rows' | 'problem'>> {
	const table = `${only ? 'only ' : ''}${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
	try {
		const [row] = await session.query(`select count(*) as rows from ${table}`);
		return { rows: answers.integer(answers.fields(row), 'rows') };
	} catch (error) {
		return { rows: null, problem: saidByServer(error) };
	}
}

/** Each in a session of its own, read only, as the user's and the database's settings have it. */
export async function answerChecks(place: Place, checks: readonly DrillCheck[]): Promise<Answer[]> {
	const { host, login, database, signal, limitMs } = place;
	const found: Answer[] = [];
	for (const { statement } of checks) {
		found.push(
			await withSession(host, login, database, signal, (session) => answer(session, statement), {
				limitMs,
				searchPath: 'own',
			}),
		);
	}
	return found;
}

const readOnly = 'set session characteristics as transaction read only;';

async function answer(session: PsqlSession, statement: string): Promise<Answer> {
	try {
		await session.execute(readOnly);
		await session.execute(`do ${quoteLiteral(runner(statement))};`);
		const [row] = await session.query(
			"select pg_catalog.current_setting('docker_backup.rows')::int as rows, " +
				"pg_catalog.current_setting('docker_backup.columns')::int as columns, " +
				"pg_catalog.current_setting('docker_backup.row') as row",
		);
		const given = answers.fields(row);
		return valueOf(
			answers.integer(given, 'rows'),
			answers.integer(given, 'columns'),
			answers.string(given, 'row'),
		);
	} catch (error) {
		return { problem: saidByServer(error) };
	}
}

/**
 * The statement is data to psql and to the server's own parser of ours, so that nothing in it can end the one or the
 * other; it runs as one command, and of what it gives two rows are looked at.
 */
function runner(statement: string): string {
	return `
declare
	given record;
	rows int := 0;
	columns int := 0;
	first_row text := '';
begin
	for given in execute ${quoteLiteral(withoutSemicolon(statement))} loop
		rows := rows + 1;
		exit when rows = 2;
		first_row := pg_catalog.left(given::pg_catalog.text, ${mostCharacters});
		columns := (select pg_catalog.count(*) from pg_catalog.json_each(pg_catalog.row_to_json(given)));
	end loop;
	perform pg_catalog.set_config('docker_backup.rows', rows::pg_catalog.text, false),
		pg_catalog.set_config('docker_backup.columns', columns::pg_catalog.text, false),
		pg_catalog.set_config('docker_backup.row', first_row, false);
end`;
}

const mostCharacters = 10_000;
const withoutSemicolon = (statement: string): string => statement.replace(/;\s*$/, '');

function valueOf(rows: number, columns: number, row: string): Answer {
	if (rows === 0) return { problem: 'it gave no row' };
	if (rows > 1) return { problem: 'it gave more than one row' };
	if (columns !== 1) return { problem: `it gave ${columns} values` };
	return { value: fieldOf(row) };
}

/** The only field of a row as the server writes rows: `(text)`, `("in ""quotes""")`, or `()` for null. */
export function fieldOf(row: string): string | null {
	const inside = row.replace(/^\(/, '').replace(/\)$/, '');
	if (inside === '') return null;
	if (!inside.startsWith('"')) return inside;
	return inside
		.replace(/^"/, '')
		.replace(/"$/, '')
		.replaceAll(/(["\\])\1/g, '$1');
}

/** What a statement met is part of the result; anything else ends the drill. */
function saidByServer(error: unknown): string {
	if (!(error instanceof PostgresError) || error.sqlState === null) throw error;
	const said = error.message.replace(/^database .*? in container "[^"]*": /s, '');
	return said.replace(/^ERROR:\s+/, '');
}

export const isBrokenArchive = (error: unknown): error is BackupError =>
	error instanceof BackupError && brokenArchive.has(error.code);

const brokenArchive: ReadonlySet<string> = new Set([
	'archive_malformed',
	'archive_missing',
	'archive_tampered',
	'archive_truncated',
	'checksum_mismatch',
	'index_mismatch',
]);
