import { dumpRequest } from '../../../../nodes/DumpPostgres/request';
import { fieldsIn } from '../../../../nodes/shared/fields';

const panel = { job: 'databases', databasesBy: 'all', excludeDatabases: '', options: {} };
const request = (changes: object = {}) => dumpRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		job: 'databases',
		compression: { algorithm: 'zstd', level: 1 },
		encrypt: true,
		tags: [],
		lockWaitMs: 0,
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
});

test.each([
	[{ excludeDatabases: 'scratch, old' }, { databases: 'all', excludeDatabases: ['scratch', 'old'] }],
	[{ excludeDatabases: [' a, b '] }, { excludeDatabases: [' a, b '] }],
	[{ databasesBy: 'list', databases: ['shop', ' a, b ', ''] }, { databases: ['shop', ' a, b '] }],
	[{ databasesBy: 'name', databaseNames: 'shop, crm' }, { databases: ['shop', 'crm'] }],
	[{ databasesBy: 'name', databaseNames: ['--x=$(y)'] }, { databases: ['--x=$(y)'] }],
	[{ databasesBy: 'name', databaseNames: 'shop', excludeDatabases: 'shop' }, { excludeDatabases: [] }],
	[{ options: { globals: false, rolePasswords: true } }, { globals: false, rolePasswords: true }],
	[{ options: { schemas: ['a*'], excludeSchemas: ['b'] } }, { schemas: ['a*'], excludeSchemas: ['b'] }],
	[{ options: { tables: ['a.b'], excludeTables: ['c.*'] } }, { tables: ['a.b'], excludeTables: ['c.*'] }],
	[{ options: { content: 'schema' } }, { content: 'schema' }],
	[{ options: { content: 'data' } }, { content: 'data' }],
	[{ options: { countRows: false } }, { countRows: false }],
	[{ options: { stallLimit: 5, totalLimit: 60 } }, { stallLimitMs: 5000, totalLimitMs: 60_000 }],
	[{ options: { totalLimit: 0 } }, { totalLimitMs: null }],
	[
		{ options: { compression: 'none', compressionLevel: 9 } },
		{ compression: { algorithm: 'none', level: null } },
	],
	[{ options: { compressionLevel: 9 } }, { compression: { algorithm: 'zstd', level: 9 } }],
	[
		{ options: { encrypt: false, tags: 'a, b', lockWait: 90 } },
		{ encrypt: false, tags: ['a', 'b'], lockWaitMs: 90_000 },
	],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	[{ job: ' ' }],
	[{ databasesBy: 'some' }],
	[{ databasesBy: 'list', databases: [] }],
	[{ databasesBy: 'name', databaseNames: ' , ' }],
	[{ options: { content: 'rows' } }],
	[{ options: { stallLimit: 0 } }],
	[{ options: { totalLimit: -1 } }],
	[{ options: { encrypt: 'no' } }],
	[{ options: { compression: 'gzip' } }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
