import { countRows, listTables, type DatabaseTable } from '../../../../operations/postgres/count-rows';
import type { RecordWarning } from '../../../../protocol/record';
import { scriptedSession, type Answer } from './scripted-session';

const table = (name: string, changes: Partial<DatabaseTable> = {}): DatabaseTable => ({
	schema: 's',
	name,
	oid: 16_400,
	countable: true,
	materialized: false,
	file: 7,
	...changes,
});

/** Every look at the clock takes `stepMs`. */
async function count(
	tables: readonly DatabaseTable[],
	{ rows = [{ rows: 3 }] as Answer, file = 7, stepMs = 0, signal = new AbortController().signal } = {},
) {
	const session = scriptedSession([
		[/pg_relation_filenode/, [{ file }]],
		[/count/, rows],
	]);
	const warnings: RecordWarning[] = [];
	let now = 0;
	const counts = await countRows(session, tables, {
		tableLimitMs: 1000,
		totalLimitMs: 5000,
		signal,
		monotonic: () => (now += stepMs),
		warn: (warning) => warnings.push(warning),
	});
	return { counts, statements: session.statements, warnings: warnings.map(({ message }) => message) };
}

test('every table is counted by its quoted name, children apart; a materialized view as a whole', async () => {
	const { counts, statements, warnings } = await count([
		table('odd "one"'),
		table('m', { materialized: true }),
	]);
	expect(counts).toEqual([
		{ schema: 's', name: 'odd "one"', rows: 3 },
		{ schema: 's', name: 'm', rows: 3 },
	]);
	const counted = statements.filter((sql) => sql.includes('count'));
	expect(counted).toEqual([
		'select count(*) as rows from only "s"."odd ""one"""',
		'select count(*) as rows from "s"."m"',
	]);
	expect(warnings).toEqual([]);
});

test('what holds nothing yet is not asked', async () => {
	const { counts, statements, warnings } = await count([table('unfilled', { countable: false })]);
	expect(counts).toEqual([{ schema: 's', name: 'unfilled', rows: null }]);
	expect([statements, warnings]).toEqual([[], []]);
});

test('a table that was truncated meanwhile is not counted as empty', async () => {
	const { counts } = await count([table('a')], { rows: [{ rows: 0 }], file: 8 });
	expect(counts).toEqual([{ schema: 's', name: 'a', rows: null }]);
});

test.each([
	[1, 1, null],
	[10, 10, null],
	[11, 11, 'rows of 1 more tables were not counted'],
	[25, 11, 'rows of 15 more tables were not counted'],
])('of %d tables that fail, there are %d warnings', async (tables, expected, last) => {
	const rows = new Error('permission denied');
	const { counts, warnings } = await count(
		Array.from({ length: tables }, (_, n) => table(`t${n}`)),
		{ rows },
	);
	expect(counts.map(({ rows: each }) => each)).toEqual(Array(tables).fill(null));
	expect(warnings).toHaveLength(expected);
	expect(warnings[0]).toBe('rows of s.t0 were not counted: permission denied');
	if (last !== null) expect(warnings.at(-1)).toBe(last);
});

test('when the time is over the rest is left out, and told once', async () => {
	const { counts, statements, warnings } = await count([table('a'), table('b'), table('c')], {
		stepMs: 2400,
	});
	expect(counts.map(({ rows }) => rows)).toEqual([3, 3, null]);
	// Of a table's limit, only what is left of the whole.
	expect(statements.filter((sql) => sql.startsWith('set'))).toEqual([
		'set statement_timeout = 1000;',
		'set statement_timeout = 200;',
	]);
	expect(warnings).toEqual(['rows of 1 tables were not counted within 5 seconds']);
});

test('an abort is no table that could not be counted', async () => {
	const controller = new AbortController();
	const rows = (): never => {
		controller.abort(new Error('cancelled'));
		throw new Error('broken off');
	};
	await expect(count([table('a'), table('b')], { rows, signal: controller.signal })).rejects.toThrow(
		'cancelled',
	);
});

test('an answer that is none is told', async () => {
	const { counts, warnings } = await count([table('a')], { rows: [{ rows: '3' }] });
	expect(counts).toEqual([{ schema: 's', name: 'a', rows: null }]);
	expect(warnings).toHaveLength(1);
});

test('tables are listed as they are answered', async () => {
	const row = { schema: 's', name: 'a', oid: 1, countable: true, materialized: false, file: 2 };
	expect(await listTables(scriptedSession([[/pg_class/, [row]]]))).toEqual([row]);
	const unsound = scriptedSession([[/pg_class/, [{ ...row, oid: null }]]]);
	await expect(listTables(unsound)).rejects.toMatchObject({ code: 'source_failed' });
});
