import { describeDatabase, withTables } from '../../../../operations/postgres/describe';
import { describeGlobals } from '../../../../operations/postgres/globals';
import { parseDescription } from '../../../../protocol/description';
import { description, properties } from './restore-fixtures';
import { scriptedSession } from './scripted-session';

const login = {
	container: 'id',
	containerName: 'db',
	image: 'postgres:15',
	user: 'postgres',
	environment: { PGPASSWORD: 'secret' },
	connectionArguments: [],
	maintenanceDatabase: 'postgres',
	superuser: true,
	serverVersion: '15.18',
	serverMajor: 15,
	dumpVersion: '15.18',
	dumpMajor: 15,
};
const grant = { grantee: null, grantor: 'owner', privilege: 'CONNECT', grantable: false };

const described = (changes: object = {}, name = 'shop') => {
	const session = scriptedSession([
		[/pg_database_size/, [{ ...properties, granted: false, size: 1, ...changes }]],
		[/pg_db_role_setting/, [{ role: null, name: 'work_mem', value: '5MB' }]],
		[/aclexplode/, [grant]],
		[/pg_extension/, [{ name: 'citext' }, { name: 'hstore' }]],
		[/pg_class/, [{ relations: 10 }]],
	]);
	return { session, done: describeDatabase(session, login, name, false) };
};

test('a database is described by what the server answered, and nothing of the login but its versions', async () => {
	const found = await described().done;
	expect(found).toEqual({
		...description,
		settings: [{ role: null, name: 'work_mem', value: '5MB' }],
		extensions: ['citext', 'hstore'],
		tables: [],
	});
	expect(JSON.stringify(found)).not.toContain('secret');
});

test('grants are those that were made; the defaults are not written down', async () => {
	expect((await described({ granted: true }).done).grants).toEqual([grant]);
	expect((await described({ granted: false }).done).grants).toBeNull();
});

test('the name stands in every statement as a text', async () => {
	const { session, done } = described({}, "o'shop\\");
	await done;
	const named = session.statements.filter((sql) => sql.includes('datname ='));
	expect(named).toHaveLength(3);
	for (const sql of named) expect(sql).toContain(`d.datname =  E'o''shop\\\\'`);
});

test.each([
	['no database of that name', []],
	['a size that is none', [{ ...properties, granted: false, size: 'much' }]],
	['an unknown provider of locales', [{ ...properties, granted: false, size: 1, localeProvider: 'x' }]],
])('%s is no description', async (_, rows) => {
	const session = scriptedSession([
		[/pg_database_size/, rows],
		[/pg_class/, [{ relations: 0 }]],
		[/./, []],
	]);
	await expect(describeDatabase(session, login, 'shop', false)).rejects.toMatchObject({
		code: expect.stringMatching(/source_failed|archive_malformed/) as string,
	});
});

test('with its tables it is what a restore reads', () => {
	const { tables } = description;
	expect(parseDescription(withTables({ ...description, tables: [] }, tables))).toEqual(description);
});

test('globals are described by their number', () => {
	const globals = { version: 1, roles: [], memberships: [], tablespaces: [] } as const;
	const found = describeGlobals(login, globals, true);
	expect(parseDescription(JSON.stringify(found))).toEqual({
		version: 1,
		type: 'postgres-globals',
		serverVersion: '15.18',
		serverMajor: 15,
		image: 'postgres:15',
		roles: 0,
		passwords: true,
	});
});
