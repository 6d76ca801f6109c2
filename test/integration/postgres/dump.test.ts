/** Dumps of real servers: what becomes a record, and what it says. */
import {
	parseGlobals,
	type GlobalsDescription,
	type PostgresDescription,
} from '../../../protocol/description';
import { listDatabases } from '../../../operations/postgres/databases';
import { docker } from '../cli/lab';
import { contextWith, dockerHost, dumps, encryptedRepository, filesWith, requestFor } from './dump-lab';
import { hostileNames } from './fixtures';
import { postgresLab } from './lab';

const lab = postgresLab();
const { directory, dump, contentOf } = dumps();

describe.each([15, 17] as const)('server of version %d', (version) => {
	test('one record for each database, and one for the globals; all of it in the description', async () => {
		const server = await lab.server(version);
		await server.createRich('shop');
		await server.create('globals', 'create table only_one (a integer);');
		const repository = encryptedRepository(directory());
		const request = requestFor(server.server, 'all', {
			excludeDatabases: ['unknown'],
			globals: true,
			rolePasswords: true,
			tags: ['nightly'],
		});
		const { records, repositoryCreated } = await dump(repository, request);

		expect(repositoryCreated).toBe(true);
		const { container } = server;
		expect(records.map(({ series }) => series)).toEqual([
			`${container}:"globals"`,
			`${container}:postgres`,
			`${container}:shop`,
			`${container}:globals`,
		]);
		for (const record of records) {
			expect(record).toMatchObject({
				status: 'success',
				error: null,
				kind: 'postgres',
				encrypted: true,
				tags: ['nightly'],
				warnings: [],
			});
			expect(record.contentBytes).toBeGreaterThan(0);
		}
		const [, , shop, globals] = records;
		expect(shop?.sources).toEqual([{ type: 'database', name: `${container}/shop` }]);
		expect(shop?.id).toMatch(/^dumps-shop-/);
		// zstd by pg_dump itself where it can.
		expect(shop?.compression.algorithm).toBe(version === 17 ? 'none' : 'zstd');

		const restored = await contentOf(repository, shop?.id ?? '');
		const toc = (await server.run(['pg_restore', '--list'], restored.content)).toString();
		expect(toc).toMatch(/TABLE DATA shop customers/);
		expect(toc).toMatch(/MATERIALIZED VIEW shop totals/);
		const description = restored.description as PostgresDescription;
		expect(description).toMatchObject({
			type: 'postgres-database',
			serverMajor: version,
			image: server.image,
			database: 'shop',
			properties: {
				owner: 'shop_owner',
				encoding: 'UTF8',
				collate: 'en_US.utf8',
				localeProvider: 'libc',
				locale: null,
				tablespace: 'pg_default',
				connectionLimit: 77,
				comment: "a 'database' with a comment",
			},
			settings: [
				{ role: null, name: 'work_mem', value: '5MB' },
				{ role: null, name: 'search_path', value: 'shop, "odd schema ""x""", public' },
				{ role: 'shop_reader', name: 'statement_timeout', value: '12s' },
			],
			extensions: ['citext', 'hstore', 'pg_trgm', 'plpgsql'],
			partial: false,
		});
		expect(description.dumpVersion).toMatch(new RegExp(`^${version}\\.`));
		expect(description.grants).toContainEqual({
			grantee: 'shop_reader',
			grantor: 'shop_owner',
			privilege: 'CONNECT',
			grantable: true,
		});
		expect(description.grants).not.toContainEqual(
			expect.objectContaining({ grantee: null, privilege: 'CONNECT' }),
		);
		expect(description.relations).toBeGreaterThan(25);
		const rows = Object.fromEntries(
			description.tables.map(({ schema, name, rows: n }) => [`${schema}.${name}`, n]),
		);
		expect(rows).toEqual({
			'odd schema "x".odd table \'y\'': 2,
			'public.empty_one': 0,
			'public.unlogged_one': 1,
			'shop.counters': 50,
			'shop.customers': 500,
			'shop.events_2025': 213,
			'shop.events_2026': 365,
			'shop.events_rest': 422,
			'shop.totals': 1,
			'shop.unfilled': null,
		});
		expect((await contentOf(repository, records[1]?.id ?? '')).description).toMatchObject({ grants: null });

		const roles = await contentOf(repository, globals?.id ?? '');
		expect(roles.description).toEqual<GlobalsDescription>({
			version: 1,
			type: 'postgres-globals',
			serverVersion: description.serverVersion,
			serverMajor: version,
			image: server.image,
			roles: 4,
			passwords: true,
		});
		const parsed = parseGlobals(roles.content.toString());
		expect(parsed.roles.map(({ name }) => name).sort()).toEqual(
			['odd "role" \'x\'', 'postgres', 'shop_owner', 'shop_reader'].sort(),
		);
		expect(parsed.roles.find(({ name }) => name === 'odd "role" \'x\'')).toMatchObject({
			login: true,
			connectionLimit: 7,
			validUntil: '2040-01-02T03:04:05.000000Z',
			password: expect.stringMatching(/^SCRAM-SHA-256\$/) as string,
		});
		expect(parsed.roles.find(({ name }) => name === 'shop_reader')).toMatchObject({
			inherit: false,
			comment: "reads, 'quotes' and more",
			settings: [{ name: 'work_mem', value: '8MB' }],
		});
		expect(parsed.memberships).toContainEqual({
			role: 'shop_reader',
			member: 'odd "role" \'x\'',
			grantor: 'postgres',
			admin: true,
			inherit: version === 17 ? true : null,
			set: version === 17 ? true : null,
		});
		expect(parsed.tablespaces).toEqual([]);
	});
});

test('known failure 33: databases with hostile names', async () => {
	const server = await lab.server(17);
	for (const name of hostileNames) await server.create(name, 'create table t as select 1 as a;');
	const repository = encryptedRepository(directory());
	const { records } = await dump(repository, requestFor(server.server, hostileNames));
	expect(records.map(({ error }) => error)).toEqual(hostileNames.map(() => null));
	for (const [index, name] of hostileNames.entries()) {
		const { content, description } = await contentOf(repository, records[index]?.id ?? '');
		expect(description).toMatchObject({
			database: name,
			tables: [{ schema: 'public', name: 't', rows: 1 }],
		});
		const toc = (await server.run(['pg_restore', '--list'], content)).toString();
		expect(toc).toMatch(/TABLE DATA public t postgres/);
	}
	const listed = await listDatabases(contextWith(), dockerHost, server.server);
	expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining([...hostileNames, 'postgres']));
	expect(listed.map(({ name }) => name)).not.toContain('template1');
	expect(await server.run(['sh', '-c', 'ls /tmp'])).toEqual(Buffer.alloc(0));
});

test('chosen schemas and tables, only the schema, only the data, uncompressed', async () => {
	const server = await lab.server(17);
	await server.create(
		'parts',
		'create schema a; create schema b; create table a.x as select 1 as n; create table a.y as select 2 as n; create table b.z as select 3 as n;',
	);
	const repository = encryptedRepository(directory());
	const tocOf = async (changes: Parameters<typeof requestFor>[2]) => {
		const { records } = await dump(repository, requestFor(server.server, ['parts'], changes));
		const { content, description } = await contentOf(repository, records[0]?.id ?? '');
		expect(description).toMatchObject({ partial: true });
		const toc = (await server.run(['pg_restore', '--list'], content)).toString();
		return toc.match(/TABLE (?:DATA )?\w \w/g);
	};
	expect(await tocOf({ schemas: ['a'], excludeTables: ['a.y'] })).toEqual(['TABLE a x', 'TABLE DATA a x']);
	expect(await tocOf({ tables: ['b.*'] })).toEqual(['TABLE b z', 'TABLE DATA b z']);
	expect(await tocOf({ excludeSchemas: ['a'], content: 'schema' })).toEqual(['TABLE b z']);
	expect(await tocOf({ content: 'data', compression: { algorithm: 'none', level: null } })).toEqual([
		'TABLE DATA a x',
		'TABLE DATA a y',
		'TABLE DATA b z',
	]);
	const { records } = await dump(repository, requestFor(server.server, ['parts'], { tables: ['nothing'] }));
	expect(records[0]?.error).toMatchObject({
		code: 'source_failed',
		message: expect.stringMatching(/no matching tables were found/) as string,
	});
});

test('counts are of the dumped snapshot, and not of what came after', async () => {
	const server = await lab.server(17);
	await server.create(
		'moving',
		`create table grows as select n from generate_series(1, 1000) n;
		create table truncated as select n, md5(n::text) from generate_series(1, 400000) n;`,
	);
	const repository = encryptedRepository(directory());
	let changed: Promise<unknown> | undefined;
	const request = requestFor(server.server, ['moving'], { compression: { algorithm: 'none', level: null } });
	const { records } = await dump(repository, request, {
		onEvent: (event) => {
			if (event.event !== 'taken') return;
			changed ??= server.sql('moving', 'insert into grows select 1; truncate truncated;');
		},
	});
	expect(changed).toBeDefined();
	await changed;
	const { description } = await contentOf(repository, records[0]?.id ?? '');
	expect((description as PostgresDescription).tables[0]).toEqual({
		schema: 'public',
		name: 'grows',
		rows: 1000,
	});
	// Whichever came first, its emptiness is never taken for the dump's.
	expect([null, 400_000]).toContain((description as PostgresDescription).tables[1]?.rows);
});

test('what pg_dump complains of is in the record', async () => {
	const server = await lab.server(17);
	await server.create(
		'circle',
		'create table nodes (id integer primary key, next integer references nodes); insert into nodes values (1, 1);',
	);
	const { records } = await dump(
		encryptedRepository(directory()),
		requestFor(server.server, ['circle'], { content: 'data' }),
	);
	expect(records[0]).toMatchObject({
		status: 'success',
		warnings: [{ code: 'pg_dump_warning', message: expect.stringMatching(/circular foreign-key/) as string }],
	});
});

test('a role that is no superuser: its own database, the roles without passwords', async () => {
	const server = await lab.server(17);
	await server.sql('postgres', `create role app login password 'app-secret'; create database app owner app;`);
	const asApp = { ...server.server, user: 'app', password: 'app-secret' };
	const repository = encryptedRepository(directory());
	const { records } = await dump(repository, requestFor(asApp, ['app'], { globals: true }));
	expect(records.map(({ status }) => status)).toEqual(['success', 'success']);
	const { content } = await contentOf(repository, records[1]?.id ?? '');
	expect(parseGlobals(content.toString()).roles.map(({ password }) => password)).not.toContain(
		expect.anything(),
	);
	await expect(
		dump(repository, requestFor(asApp, ['app'], { globals: true, rolePasswords: true })),
	).rejects.toMatchObject({ code: 'invalid_parameter' });
});

test('another port and TCP instead of the socket', async () => {
	const server = await lab.start(15, 'port=6543');
	const repository = encryptedRepository(directory());
	const request = requestFor({ ...server.server, host: '127.0.0.1', port: 6543 }, ['postgres']);
	expect((await dump(repository, request)).records[0]).toMatchObject({ status: 'success' });
});

test('the password appears nowhere', async () => {
	const server = await lab.server(17);
	const { password, container } = server;
	await server.create(
		'secretive',
		'create table filler as select md5(n::text) from generate_series(1, 300000) n;',
	);
	const path = directory();
	const events: unknown[] = [];
	const lists: Promise<string>[] = [];
	const request = requestFor(server.server, ['secretive'], {
		globals: true,
		encrypt: false,
		rolePasswords: true,
	});
	const repository = { ...encryptedRepository(path) };
	const { records } = await dump(repository, request, {
		onEvent: (event) => {
			events.push(event);
			if (event.event === 'taken' && lists.length < 5)
				lists.push(server.processes(), docker('inspect', container));
		},
	});
	const seen = (await Promise.all(lists)).join('\n');
	expect(seen).toMatch(/pg_dump/);
	// The container's own configuration has it, as whoever made the container put it there.
	const ours = seen.split('\n').filter((line) => !line.includes('"POSTGRES_PASSWORD='));
	const encodedPassword = JSON.stringify(password).slice(1, -1);
	for (const secret of [password, encodedPassword]) {
		expect(ours.join('\n')).not.toContain(secret);
		expect(JSON.stringify([records, events])).not.toContain(secret);
		expect(filesWith(path, secret)).toBe('');
		expect(await docker('logs', container)).not.toContain(secret);
	}
});
