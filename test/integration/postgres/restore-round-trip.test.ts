import { hostileNames } from './fixtures';
import { postgresLab, quoted, type TestServer } from './lab';
import { databasesOf, failureOf, restoreLab } from './restore-lab';

const lab = postgresLab();
const { dump, restore } = restoreLab();

/** Roles, memberships and settings; passwords too. */
const rolesOf = (server: TestServer) =>
	server.sql(
		'postgres',
		`select json_agg(a order by rolname) from (select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
				rolreplication, rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil at time zone 'UTC' as until,
				shobj_description(oid, 'pg_authid') as comment
			from pg_authid where rolname !~ '^(pg_|postgres$)') a;
		select roleid::regrole, member::regrole, admin_option, to_jsonb(m) -> 'inherit_option', to_jsonb(m) -> 'set_option'
			from pg_auth_members m where roleid::regrole::text !~ '^pg_' order by roleid::regrole::text, member::regrole::text;
		select setrole::regrole, setconfig from pg_db_role_setting where setdatabase = 0 order by setrole::regrole::text;`,
	);

describe.each([15, 17] as const)('PostgreSQL %i', (version) => {
	test('a database is the same afterwards: beside it, in its place, and on another server', async () => {
		const [server, other] = await Promise.all([lab.server(version), lab.start(version)]);
		await server.createRich('shop');
		const before = await server.dumpText('shop', '--create');
		const [record] = await dump(server, ['shop'], { globals: true, rolePasswords: true });

		// The globals beside it are another series, and not what a restore of the latest means.
		const latest = { by: 'latest', job: record!.job } as const;
		const beside = await restore(server, record!, { selection: latest });
		expect(beside).toMatchObject({
			record: { id: record!.id },
			previousDatabase: null,
			warnings: [],
			dryRun: false,
		});
		expect(beside.database).toMatch(/^shop__restore_\d{8}T\d{6}Z-[0-9a-f]{4}$/);
		expect(beside.tables).toBeGreaterThan(8);
		expect(await server.dumpText(beside.database)).toEqual(await server.dumpText('shop'));

		await server.sql('shop', 'drop schema shop cascade; create table public.later (a int);');
		await server.sql('postgres', "alter database shop reset all; comment on database shop is 'other';");
		const swapped = await restore(server, record!, { way: 'swap', database: 'shop', confirm: 'shop' });
		expect(await server.dumpText('shop', '--create')).toEqual(before);
		expect(swapped.database).toBe('shop');
		expect(swapped.previousDatabase).toMatch(/^shop__before_\d{8}T\d{6}Z$/);
		expect(await server.sql(swapped.previousDatabase!, 'select count(*) from public.later;')).toBe('0');

		const refusal = await failureOf(restore(other, record!, { database: 'shop' }));
		expect(refusal.code).toBe('target_failed');
		for (const role of ['shop_owner', 'shop_reader']) expect(refusal.message).toContain(`"${role}"`);
		expect(await databasesOf(other)).toEqual([]);

		const elsewhere = await restore(other, record!, { database: 'shop', globals: true });
		expect(elsewhere.warnings).toEqual([]);
		expect(await other.dumpText('shop', '--create')).toEqual(before);
	});

	test('globals alone: the roles that are missing, as they were', async () => {
		const [server, other] = await Promise.all([lab.server(version), lab.start(version)]);
		await server.createRich('for_globals');
		await other.sql(
			'postgres',
			"create role shop_reader login; alter role shop_reader set work_mem = '9MB';",
		);
		const [, globals] = await dump(server, ['postgres'], { globals: true, rolePasswords: true });
		const dryRun = await restore(other, globals!, { dryRun: true });
		expect(dryRun.steps.join()).toContain('shop_owner');
		expect(await other.sql('postgres', "select count(*) from pg_roles where rolname = 'shop_owner';")).toBe(
			'0',
		);
		const outcome = await restore(other, globals!);
		expect(outcome.warnings).toEqual([]);
		expect(
			await other.sql(
				'postgres',
				"select rolcanlogin, rolconfig from pg_roles where rolname = 'shop_reader';",
			),
		).toBe('t|{work_mem=9MB}');
		await other.sql(
			'postgres',
			"alter role shop_reader nologin noinherit; alter role shop_reader set work_mem = '8MB'; comment on role shop_reader is 'reads, ''quotes'' and more';",
		);
		expect(await rolesOf(other)).toEqual(await rolesOf(server));
		expect((await restore(other, globals!)).steps[0]).toMatch(/^Make no roles/);
	});

	test('names that would be taken for something else', async () => {
		const server = await lab.server(version);
		// The odd ones here, the even ones there: each is a whole restore.
		const names = hostileNames.filter((_, index) => index % 2 === version % 4 >> 1);
		for (const name of names) await server.create(name, 'create table t as select 1 as a;');
		const records = await dump(server, names);
		const outcomes = await Promise.all(
			records.map((record, index) => {
				const name = names[index]!;
				return restore(server, record, { way: 'swap', database: name, confirm: name });
			}),
		);
		const there = await databasesOf(server);
		for (const [index, name] of names.entries()) {
			expect(there).toEqual(expect.arrayContaining([name, outcomes[index]!.previousDatabase]));
			expect(await server.sql(name, 'select a from t;')).toBe('1');
		}
		for (const name of there)
			if (/__before_/.test(name)) await server.sql('postgres', `drop database ${quoted(name)};`);
	});
});

test('a dump of an older version into a newer server; a newer one into an older is refused', async () => {
	const [old, young] = await Promise.all([lab.server(15), lab.server(17)]);
	await old.createRich('upgraded');
	const [older] = await dump(old, ['upgraded']);
	const outcome = await restore(young, older!, { database: 'upgraded' });
	expect(outcome.tables).toBeGreaterThan(8);
	expect(
		await young.sql('upgraded', "select nextval('shop.invoice_numbers'), count(*) from shop.customers;"),
	).toBe('123456792|500');
	await young.create('young', 'create table t (a int);');
	const [younger] = await dump(young, ['young']);
	const before = await databasesOf(old);
	const refusal = await failureOf(restore(old, younger!));
	expect(refusal).toMatchObject({ code: 'database_version_mismatch' });
	expect(refusal.message).toMatch(/17\.\d+.*15\.\d+/);
	expect(await databasesOf(old)).toEqual(before);
});
