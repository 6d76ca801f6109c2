import { spawn } from 'node:child_process';
import { until } from '../cli/lab';
import { postgresLab, type TestServer } from './lab';
import { databasesOf, failureOf, restoreLab } from './restore-lab';

const lab = postgresLab();
const { dump, restore } = restoreLab();

/** A client that stays connected, under a name of its own. */
async function connect(server: TestServer, database: string): Promise<{ readonly gone: Promise<unknown> }> {
	const { container, password } = server;
	const client = spawn(
		'docker',
		[
			'exec',
			'-i',
			'-e',
			'PGPASSWORD',
			'-e',
			'PGAPPNAME=the shop',
			container,
			'psql',
			'-X',
			'-U',
			'postgres',
			'-d',
			database,
		],
		{ env: { ...process.env, PGPASSWORD: password }, stdio: ['pipe', 'ignore', 'ignore'] },
	);
	client.stdin.on('error', () => undefined);
	client.stdin.write('select pg_sleep(600);\n');
	await until('the client to be connected', async () => (await server.backends()).includes('the shop'));
	return { gone: new Promise((resolve) => client.once('close', resolve)) };
}

test('a database in use is left alone, or its users are sent out', async () => {
	const server = await lab.server(17);
	await server.create('used', 'create table t as select 1 as a;');
	const [record] = await dump(server, ['used']);
	await server.sql('used', 'update t set a = 2;');
	const client = await connect(server, 'used');
	const swap = { way: 'swap', database: 'used', confirm: 'used' } as const;

	const refusal = await failureOf(restore(server, record!, swap));
	expect(refusal).toMatchObject({ code: 'database_in_use' });
	expect(refusal.message).toContain('1 connection to database "used": the shop (1)');
	expect(await databasesOf(server)).toEqual(['used']);
	expect(await failureOf(restore(server, record!, { ...swap, way: 'in-place' }))).toMatchObject({
		code: 'database_in_use',
	});
	expect(await server.sql('used', 'select a from t;')).toBe('2');

	const outcome = await restore(server, record!, { ...swap, connections: 'end' });
	await client.gone;
	expect(await server.sql('used', 'select a from t;')).toBe('1');
	expect(await server.sql(outcome.previousDatabase!, 'select a from t;')).toBe('2');
	expect(await databasesOf(server)).toEqual(['used', outcome.previousDatabase]);
});

test('the old one is dropped when that is wished; one that is gone is simply there again; postgres too', async () => {
	const server = await lab.server(17);
	await server.create('dropped', 'create table t as select 1 as a;');
	const [record] = await dump(server, ['dropped']);
	await server.sql('dropped', 'update t set a = 2;');
	const swap = { way: 'swap', confirm: 'dropped' } as const;
	const outcome = await restore(server, record!, { ...swap, previous: 'drop' });
	expect(outcome).toMatchObject({ database: 'dropped', previousDatabase: null, warnings: [] });
	expect((await databasesOf(server)).filter((name) => name.includes('dropped'))).toEqual(['dropped']);
	expect(await server.sql('dropped', 'select a from t;')).toBe('1');

	await server.sql('postgres', 'drop database dropped;');
	expect(await restore(server, record!, swap)).toMatchObject({ previousDatabase: null });
	expect(await server.sql('dropped', 'select a from t;')).toBe('1');

	await server.sql('postgres', 'create table mine as select 7 as a;');
	const [own] = await dump(server, ['postgres']);
	await server.sql('postgres', 'drop table mine;');
	const again = await restore(server, own!, { way: 'swap', confirm: 'postgres', connections: 'end' });
	expect(await server.sql('postgres', 'select a from mine;')).toBe('7');
	expect(again.previousDatabase).toMatch(/^postgres__before_/);
});

test('what is not confirmed, or taken, or asked to be looked at only, touches nothing', async () => {
	const server = await lab.server(17);
	await server.create('kept', 'create table t as select 1 as a;');
	const [record] = await dump(server, ['kept']);
	await server.sql('kept', 'update t set a = 2;');
	const before = await databasesOf(server);
	const codeOf = async (changes: object) => (await failureOf(restore(server, record!, changes))).code;
	for (const way of ['swap', 'in-place']) {
		expect(await codeOf({ way, confirm: '' })).toBe('invalid_parameter');
		expect(await codeOf({ way, database: 'kept', confirm: 'Kept' })).toBe('invalid_parameter');
	}
	expect(await codeOf({ database: 'kept' })).toBe('target_exists');
	expect(await codeOf({ way: 'in-place', database: 'gone', confirm: 'gone' })).toBe('database_not_found');
	for (const way of ['new', 'swap', 'in-place'] as const) {
		const outcome = await restore(server, record!, { way, confirm: 'kept', dryRun: true });
		expect(outcome).toMatchObject({ dryRun: true, tables: 1 });
		expect(outcome.steps.length).toBeGreaterThan(3);
	}
	expect(await databasesOf(server)).toEqual(before);
	expect(await server.sql('kept', 'select a from t;')).toBe('2');
});
