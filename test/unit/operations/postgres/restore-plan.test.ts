import { compareTables, expectedTables } from '../../../../operations/postgres/compare-tables';
import type { DumpEntry } from '../../../../operations/postgres/dump-contents';
import { planRestore, type PlanInput, type TargetServer } from '../../../../operations/postgres/restore-plan';
import { description, globalsOf, properties, request, role } from './restore-fixtures';

const id = 'nightly-shop-20261121T134422Z-1f2e';

const server: TargetServer = {
	version: '17.2',
	major: 17,
	toolMajor: 17,
	lockSlots: 6400,
	databases: new Set(['postgres', 'template0', 'template1', 'shop']),
	roles: new Set(['postgres', 'owner']),
	tablespaces: new Set(['pg_default']),
};

const table = (changes: Partial<DumpEntry> = {}): DumpEntry => ({
	type: 'TABLE',
	tag: 'a',
	schema: 'public',
	tablespace: '',
	owner: 'owner',
	definition: '',
	...changes,
});

const contents = (...entries: DumpEntry[]) => ({ dumpVersion: '15.18 (Debian)', entries });

const input = (changes: Partial<PlanInput> = {}): PlanInput => ({
	request,
	id,
	description,
	contents: contents(table()),
	server,
	globals: null,
	present: 0,
	now: Date.UTC(2026, 10, 22),
	...changes,
});

const swap = { ...request, way: 'swap', confirm: 'shop' } as const;
const inPlace = { ...request, way: 'in-place', confirm: 'shop' } as const;
const refusal = (changes: Partial<PlanInput>): string => {
	try {
		planRestore(input(changes));
	} catch (error) {
		return (error as { code: string }).code;
	}
	return 'none';
};

test('new: a name of its own, every step told', () => {
	const plan = planRestore(input());
	expect(plan).toMatchObject({
		into: 'shop__restore_20261121T134422Z-1f2e',
		database: 'shop__restore_20261121T134422Z-1f2e',
		before: null,
		keepsPrevious: false,
		singleTransaction: false,
		tablespace: 'pg_default',
		tablespaces: true,
		schemaStatements: [],
		warnings: [],
	});
	expect(plan.steps).toEqual([
		`Verify all of ${id}.`,
		'Make database "shop__restore_20261121T134422Z-1f2e" from template0: UTF8, libc C.UTF-8, owned by "owner".',
		'Restore all into "shop__restore_20261121T134422Z-1f2e"; should it fail, drop "shop__restore_20261121T134422Z-1f2e".',
		'Set its 0 settings, grants and comment.',
		'Compare the tables with the 2 of the dump.',
	]);
});

test('swap: beside, then by two names; where nothing is there, by one', () => {
	const plan = planRestore(input({ request: { ...swap, previous: 'drop', connections: 'end' } }));
	expect(plan).toMatchObject({
		into: 'shop__restore_20261121T134422Z-1f2e',
		database: 'shop',
		before: 'shop__before_20261122T000000Z',
		keepsPrevious: false,
	});
	expect(plan.steps).toEqual([
		`Verify all of ${id}.`,
		'Make database "shop__restore_20261121T134422Z-1f2e" from template0: UTF8, libc C.UTF-8, owned by "owner".',
		'Restore all into "shop__restore_20261121T134422Z-1f2e"; should it fail, drop "shop__restore_20261121T134422Z-1f2e".',
		'Set its 0 settings, grants and comment.',
		'Compare the tables with the 2 of the dump.',
		'End the connections of others to "shop".',
		'Rename "shop" to "shop__before_20261122T000000Z" and "shop__restore_20261121T134422Z-1f2e" to "shop", both or none.',
		'Drop "shop__before_20261122T000000Z".',
	]);
	expect(planRestore(input({ request: swap })).keepsPrevious).toBe(true);
	const gone = planRestore(input({ request: swap, server: { ...server, databases: new Set(['postgres']) } }));
	expect(gone).toMatchObject({ database: 'shop', before: null, keepsPrevious: false });
	expect(gone.steps.at(-1)).toContain('which is not there now');
});

test.each([
	['all locks but a quarter', 4790, true],
	['one more', 4791, false],
])('in place, one transaction where it fits: %s', (_, present, fits) => {
	const plan = planRestore(input({ request: inPlace, present }));
	expect(plan).toMatchObject({ into: 'shop', database: 'shop', before: null, singleTransaction: fits });
	expect(plan.warnings.length).toBe(fits ? 0 : 1);
	expect(plan.steps).toEqual([
		`Verify all of ${id}.`,
		'Refuse while others are connected to "shop".',
		`Restore all over "shop", dropping what is there of the dump's objects, ${fits ? 'in one transaction: a failure leaves it as it was' : 'not in one transaction: a failure leaves it half restored'}.`,
		'Leave the settings and grants of "shop" as they are.',
		'Compare the tables with the 2 of the dump.',
	]);
});

test('large objects take locks too', () => {
	const blobs = table({ type: 'BLOB METADATA', definition: '1\n2\n3\n4\n' });
	const at = (present: number) =>
		planRestore(input({ request: inPlace, present, contents: contents(table(), blobs) }));
	expect(at(4786).singleTransaction).toBe(true);
	expect(at(4787).singleTransaction).toBe(false);
});

describe('refused before anything is touched', () => {
	test.each([
		['newer server', { server: { ...server, major: 14, toolMajor: 14 } }, 'database_version_mismatch'],
		[
			'newer pg_dump',
			{ contents: { ...contents(table()), dumpVersion: '18.1' } },
			'database_version_mismatch',
		],
		['newer pg_restore', { server: { ...server, major: 16 } }, 'database_version_mismatch'],
		['name taken', { request: { ...request, database: 'shop' } }, 'target_exists'],
		['no name', { request: { ...request, database: '' } }, 'invalid_parameter'],
		['name too long', { request: { ...request, database: 'x'.repeat(64) } }, 'invalid_parameter'],
		['swap unconfirmed', { request: { ...swap, confirm: '' } }, 'invalid_parameter'],
		['swap confirmed otherwise', { request: { ...swap, confirm: 'Shop' } }, 'invalid_parameter'],
		['in place unconfirmed', { request: { ...inPlace, confirm: '' } }, 'invalid_parameter'],
		[
			'in place, not there',
			{ request: { ...inPlace, database: 'gone', confirm: 'gone' } },
			'database_not_found',
		],
		[
			'a template',
			{ request: { ...swap, database: 'template1', confirm: 'template1' } },
			'invalid_parameter',
		],
		['a part by swap', { request: { ...swap, schemas: ['public'] } }, 'invalid_parameter'],
		[
			'a partial dump by swap',
			{ request: swap, description: { ...description, partial: true } },
			'invalid_parameter',
		],
		['unknown schema', { request: { ...request, schemas: ['pub*'] } }, 'invalid_parameter'],
		['unknown table', { request: { ...request, tables: ['public.a'] } }, 'invalid_parameter'],
		['only data', { contents: contents(table({ type: 'TABLE DATA' })) }, 'invalid_parameter'],
		['missing role', { contents: contents(table({ owner: 'alice' })) }, 'target_failed'],
		[
			'missing owner, contents unknown',
			{ contents: null, server: { ...server, roles: new Set(['postgres']) } },
			'target_failed',
		],
	] satisfies [string, Partial<PlanInput>, string][])('%s', (_, changes, code) => {
		expect(refusal({})).toBe('none');
		expect(refusal(changes)).toBe(code);
	});
});

describe('missing roles', () => {
	const withAlice = contents(table({ owner: 'alice' }));
	const wanting = { ...request, globals: true };

	test('come from the globals, and only those that are needed', () => {
		const globals = globalsOf([role('alice'), role('mallory')], []);
		const plan = planRestore(input({ request: wanting, contents: withAlice, globals }));
		expect(plan.globals?.created).toEqual(['alice']);
		expect(plan.steps[1]).toBe('Make the roles that are missing: "alice".');
	});

	test('that the globals do not hold either are named', () => {
		const missing = () =>
			planRestore(input({ request: wanting, contents: withAlice, globals: globalsOf([], []) }));
		expect(missing).toThrow('roles that the dump needs: "alice"');
		const none = () => planRestore(input({ request: wanting, contents: withAlice }));
		expect(none).toThrow('"alice"');
	});

	test('of what is not chosen are not needed; in place those of the database neither', () => {
		const both = contents(table(), table({ tag: 'b', schema: 's', owner: 'alice' }));
		expect(refusal({ contents: both })).toBe('target_failed');
		expect(refusal({ contents: both, request: { ...request, schemas: ['public'] } })).toBe('none');
		const settings = [{ role: 'bob', name: 'work_mem', value: '1MB' }];
		const ofBob = { ...description, settings };
		expect(refusal({ description: ofBob })).toBe('target_failed');
		expect(refusal({ description: ofBob, request: inPlace })).toBe('none');
	});
});

test('tablespaces that are not there are told, and not asked for', () => {
	const elsewhere = {
		description: { ...description, properties: { ...properties, tablespace: 'fast' } },
		contents: contents(table({ tablespace: 'slow' })),
	};
	const plan = planRestore(input(elsewhere));
	expect(plan).toMatchObject({ tablespace: null, tablespaces: false });
	expect(plan.warnings).toHaveLength(2);
	const has = { ...server, tablespaces: new Set(['fast', 'slow', 'pg_default']) };
	expect(planRestore(input({ ...elsewhere, server: has }))).toMatchObject({
		tablespace: 'fast',
		tablespaces: true,
		warnings: [],
	});
});

test('schemas that pg_restore takes for granted', () => {
	const both = contents(table(), table({ tag: 'b', schema: 's' }));
	const schemasOf = (changes: object) =>
		planRestore(input({ contents: both, request: { ...request, ...changes } })).schemaStatements;
	const created = ['CREATE SCHEMA IF NOT EXISTS "s"'];
	expect(schemasOf({})).toEqual(created);
	expect(schemasOf({ schemas: ['s'] })).toEqual(created);
	expect(schemasOf({ tables: ['b'] })).toEqual(created);
	expect(schemasOf({ schemas: ['public'] })).toEqual([]);
});

test('left-overs of earlier restores are told', () => {
	const left = 'shop__restore_20261121T134422Z-1f2e';
	const plan = planRestore(
		input({ request: swap, server: { ...server, databases: new Set(['shop', left]) } }),
	);
	expect(plan.into).toBe(`${left}_2`);
	expect(plan.warnings).toEqual([expect.stringContaining(left)]);
});

describe('comparison', () => {
	const recorded = description.tables;
	const there = (schema: string, name: string, rows: number | null = null) => ({ schema, name, rows });

	test('all there', () => {
		expect(compareTables(recorded, [there('public', 'a', 3), there('s', 'b', 9), there('x', 'y')])).toEqual({
			found: 2,
			missing: [],
			differing: [],
			nothing: false,
		});
	});

	test('what is not, and what differs', () => {
		expect(compareTables(recorded, [there('public', 'a', 2)])).toEqual({
			found: 1,
			missing: ['table "s"."b" is not there'],
			differing: ['table "public"."a" has 2 rows instead of 3'],
			nothing: false,
		});
		expect(compareTables(recorded, [there('public', 'b')])).toMatchObject({ found: 0, nothing: true });
		expect(compareTables([], [])).toMatchObject({ found: 0, nothing: false });
	});

	test('of a part, only the part is expected', () => {
		expect(expectedTables(recorded, ['s'], [])).toEqual([recorded[1]]);
		expect(expectedTables(recorded, [], ['a'])).toEqual([recorded[0]]);
		expect(expectedTables(recorded, ['s'], ['a'])).toEqual([]);
	});
});
