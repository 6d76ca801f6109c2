import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, until } from '../cli/lab';
import { postgresLab, type TestServer } from './lab';
import { contextWith, databasesOf, failureOf, pidsOf, restoreLab } from './restore-lab';

const lab = postgresLab();
const { dump, restore, repository } = restoreLab();

/** Its restore stands at the view for a minute, whatever it is called. */
const slow = `
	create table t as select 1 as a;
	create function f() returns int language plpgsql as $f$
	begin
		if current_database() <> 'slow' then perform pg_sleep(60); end if;
		return 1;
	end $f$;
	create materialized view v as select public.f();`;

async function prepare(server: TestServer) {
	await server.create('slow', slow);
	const [record] = await dump(server, ['slow']);
	await server.sql('slow', 'update t set a = 2;');
	return record!;
}

/** The restore is at work in the new database. */
const atWork = (server: TestServer) =>
	until('the restore to be at work', async () => {
		const queries = await server.sql(
			'postgres',
			"select query from pg_stat_activity where wait_event = 'PgSleep';",
		);
		return queries.includes('REFRESH');
	});

const swap = { way: 'swap', database: 'slow', confirm: 'slow' } as const;

test('a cancel and a killed pg_restore leave the old database and nothing else', async () => {
	const server = await lab.server(17);
	const record = await prepare(server);
	const unharmed = async () => {
		expect(await databasesOf(server)).toEqual(['slow']);
		expect(await server.sql('slow', 'select a from t;')).toBe('2');
		expect(await pidsOf(server, /pg_restore/)).toEqual([]);
		expect((await server.backends()).filter((name) => name.startsWith('docker-backup'))).toEqual([]);
	};
	const cancel = new AbortController();
	const cancelled = failureOf(restore(server, record, swap, contextWith(cancel.signal)));
	await atWork(server);
	cancel.abort();
	expect(await cancelled).toMatchObject({ code: 'cancelled' });
	await unharmed();

	const killed = failureOf(restore(server, record, swap));
	await atWork(server);
	for (const pid of await pidsOf(server, /^\S*pg_restore\s/)) process.kill(pid, 'SIGKILL');
	expect(await killed).toMatchObject({ code: 'target_failed' });
	await unharmed();
});

test('a killed server is a clear error, and the old database is there when it runs again', async () => {
	const server = await lab.start(17);
	const record = await prepare(server);
	const failure = failureOf(restore(server, record, swap));
	await atWork(server);
	await docker('kill', server.container);
	expect((await failure).message).toMatch(/pg_restore|postgres|container/);
	await docker('start', server.container);
	await until('the server to answer', () =>
		server.sql('slow', 'select 1;').then(
			() => true,
			() => false,
		),
	);
	expect(await server.sql('slow', 'select a from t;')).toBe('2');
});

test('a restore that stands still is ended', async () => {
	const server = await lab.server(17);
	await server.create('held', slow.replace("<> 'slow'", "= 'still'").replace('60', '4'));
	const [record] = await dump(server, ['held']);
	const before = await databasesOf(server);
	const held = failureOf(restore(server, record!, { stallLimitMs: 3_000, database: 'still' }));
	await until('pg_restore to run', async () => {
		const pids = await pidsOf(server, /^\S*pg_restore\s/);
		for (const pid of pids) process.kill(pid, 'SIGSTOP');
		return pids.length > 0;
	});
	expect(await held).toMatchObject({ code: 'timed_out' });
	expect(await databasesOf(server)).toEqual(before);
});

test('a damaged archive touches nothing', async () => {
	const server = await lab.server(17);
	await server.create('damaged', 'create table t as select 1 as a;');
	const [record] = await dump(server, ['damaged']);
	const { location } = repository();
	const file = join(location.type === 'directory' ? location.path : '', record!.filePath!);
	const bytes = readFileSync(file);
	bytes[bytes.length - 40]! ^= 1;
	writeFileSync(file, bytes);
	const before = await databasesOf(server);
	const failure = await failureOf(
		restore(server, record!, { ...swap, database: 'damaged', confirm: 'damaged' }),
	);
	expect(failure.code).toMatch(/^(checksum_mismatch|archive_tampered)$/);
	expect(await databasesOf(server)).toEqual(before);
});
