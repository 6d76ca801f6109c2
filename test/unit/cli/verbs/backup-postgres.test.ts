import { dumpOf } from '../../../../cli/verbs/backup-postgres';

const flags = {
	container: 'db',
	user: undefined,
	host: undefined,
	port: undefined,
	'password-file': undefined,
	database: [],
	all: false,
	'exclude-database': [],
	globals: false,
	'no-globals': false,
	'role-passwords': false,
	schema: [],
	'exclude-schema': [],
	table: [],
	'exclude-table': [],
	'schema-only': false,
	'data-only': false,
	'no-row-counts': false,
	'stall-limit': undefined,
	'time-limit': undefined,
};
const dump = (changes: object) => dumpOf({ ...flags, ...changes });

test('defaults: globals with all databases, rows counted, five minutes without a byte', () => {
	expect(dump({ all: true })).toEqual({
		databases: 'all',
		excludeDatabases: [],
		globals: true,
		rolePasswords: false,
		schemas: [],
		excludeSchemas: [],
		tables: [],
		excludeTables: [],
		content: 'all',
		countRows: true,
		stallLimitMs: 300_000,
		totalLimitMs: null,
	});
	expect(dump({ database: ['a', '--b'] })).toMatchObject({ databases: ['a', '--b'], globals: false });
});

test.each([
	[{ all: true, 'no-globals': true }, { globals: false }],
	[
		{ database: ['a'], globals: true, 'role-passwords': true },
		{ globals: true, rolePasswords: true },
	],
	[{ all: true, 'role-passwords': true }, { rolePasswords: true }],
	[{ all: true, 'exclude-database': ['x'] }, { excludeDatabases: ['x'] }],
	[{ all: true, 'schema-only': true }, { content: 'schema' }],
	[{ all: true, 'data-only': true }, { content: 'data' }],
	[{ all: true, 'no-row-counts': true }, { countRows: false }],
	[
		{ all: true, 'stall-limit': '5', 'time-limit': '60' },
		{ stallLimitMs: 5000, totalLimitMs: 60_000 },
	],
	[
		{ all: true, schema: ['a'], 'exclude-schema': ['b'], table: ['c'], 'exclude-table': ['d'] },
		{ schemas: ['a'], excludeSchemas: ['b'], tables: ['c'], excludeTables: ['d'] },
	],
])('%j', (changes, expected) => {
	expect(dump(changes)).toMatchObject(expected);
});

test.each([
	[{}, 'name a --database, or say --all'],
	[{ all: true, database: ['a'] }, '--database and --all exclude each other'],
	[{ database: ['a'], 'exclude-database': ['b'] }, '--exclude-database goes with --all'],
	[{ all: true, globals: true, 'no-globals': true }, '--globals and --no-globals exclude each other'],
	[{ database: ['a'], 'no-globals': true }, '--no-globals goes with --all'],
	[{ database: ['a'], 'role-passwords': true }, '--role-passwords goes with --globals or --all'],
	[
		{ all: true, 'no-globals': true, 'role-passwords': true },
		'--role-passwords goes with --globals or --all',
	],
	[{ all: true, 'schema-only': true, 'data-only': true }, '--schema-only and --data-only exclude each other'],
	[{ all: true, 'time-limit': '0' }, '--time-limit "0" is not a whole number from 1 to 604800'],
])('%j is refused', (changes, message) => {
	expect(() => dump(changes)).toThrow(expect.objectContaining({ code: 'usage', message }) as Error);
});
