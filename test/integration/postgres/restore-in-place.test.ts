import { postgresLab } from './lab';
import { databasesOf, failureOf, restoreLab } from './restore-lab';

const lab = postgresLab();
const { dump, restore } = restoreLab();

test.each([15, 17] as const)('PostgreSQL %i: what was changed is as it was dumped', async (version) => {
	const server = await lab.server(version);
	await server.createRich('place');
	const before = await server.dumpText('place', '--create');
	const [record] = await dump(server, ['place']);
	await server.sql(
		'place',
		'drop table shop.events; drop view shop.happy; alter table shop.customers drop column tags;',
	);
	const outcome = await restore(server, record!, { way: 'in-place', database: 'place', confirm: 'place' });
	expect(outcome).toMatchObject({ database: 'place', previousDatabase: null, warnings: [] });
	expect(outcome.steps.join()).toContain('in one transaction: a failure leaves it as it was');
	expect(await server.dumpText('place', '--create')).toEqual(before);
	expect(await databasesOf(server)).toEqual(['place']);
});

const failing = `
	create table t as select 1 as a;
	create function f() returns int language plpgsql as $f$
	begin
		if current_setting('app.fails', true) = 'yes' then raise exception 'it fails'; end if;
		return 1;
	end $f$;
	create materialized view v as select public.f();`;

test('one that fails leaves what was there, and takes a new database away again', async () => {
	const server = await lab.server(17);
	await server.create('failing', failing);
	const [record] = await dump(server, ['failing']);
	await server.sql('failing', 'update t set a = 2;');
	await server.sql('postgres', "alter system set app.fails = 'yes'; select pg_reload_conf();");
	const before = await databasesOf(server);
	for (const way of ['new', 'swap', 'in-place'] as const) {
		const failure = await failureOf(restore(server, record!, { way, confirm: 'failing' }));
		expect(failure).toMatchObject({ code: 'target_failed' });
		expect(failure.message).toContain('it fails');
		expect(await databasesOf(server)).toEqual(before);
		expect(await server.sql('failing', 'select a from t;')).toBe('2');
	}
	await server.sql('postgres', 'alter system reset app.fails; select pg_reload_conf();');
});

test('a server whose lock table is too small is told of, and restored over without one transaction', async () => {
	const server = await lab.start(
		17,
		'max_locks_per_transaction=10',
		'max_connections=10',
		'max_wal_senders=0',
	);
	const tables = Array.from({ length: 60 }, (_, n) => `create table t${n} as select ${n} as a;`).join('\n');
	await server.create('many', tables);
	const [record] = await dump(server, ['many']);
	await server.sql('many', 'drop table t7; update t8 set a = 0;');
	const outcome = await restore(server, record!, { way: 'in-place', confirm: 'many' });
	expect(outcome.warnings.join()).toContain('max_locks_per_transaction');
	expect(outcome.steps.join()).toContain('not in one transaction');
	expect(await server.sql('many', 'select t7.a, t8.a from t7, t8;')).toBe('7|8');
});

test('chosen schemas and tables', async () => {
	const server = await lab.server(17);
	await server.createRich('parts');
	const [record] = await dump(server, ['parts']);
	const odd = 'odd schema "x"';
	const bySchema = await restore(server, record!, { database: 'by schema', schemas: [odd] });
	expect(bySchema.tables).toBe(1);
	const tablesIn = (database: string) =>
		server.sql(
			database,
			"select string_agg(relname, ',') from pg_class where relkind = 'r' and oid >= 16384;",
		);
	expect(await tablesIn('by schema')).toBe("odd table 'y'");
	const byTable = await restore(server, record!, { database: 'by table', tables: ["odd table 'y'"] });
	expect(byTable).toMatchObject({ tables: 1, warnings: [expect.stringContaining('without their indexes')] });
	expect(await server.sql('by table', `select count(*) from "odd schema ""x"""."odd table 'y'";`)).toBe('2');

	await server.sql('parts', `truncate "odd schema ""x"""."odd table 'y'"; delete from shop.counters;`);
	await restore(server, record!, {
		way: 'in-place',
		database: 'parts',
		confirm: 'parts',
		tables: ["odd table 'y'"],
	});
	expect(await server.sql('parts', `select count(*) from "odd schema ""x"""."odd table 'y'";`)).toBe('2');
	// Its pg_dump has left the schema itself out.
	await server.sql('parts', 'create schema apart; create table apart.plain as select 1 as a;');
	const [ofTable] = await dump(server, ['parts'], { tables: ['apart.plain'] });
	await restore(server, ofTable!, { database: 'dumped by table' });
	expect(await tablesIn('dumped by table')).toBe('plain');
	// And has put in what every database has.
	const [ofSchema] = await dump(server, ['parts'], { schemas: ['public'] });
	await restore(server, ofSchema!, { database: 'dumped by schema' });

	const unknown = await failureOf(restore(server, record!, { database: 'none', tables: ['nothing'] }));
	expect(unknown).toMatchObject({ code: 'invalid_parameter' });
	expect(await databasesOf(server)).not.toContain('none');
});
