/** Databases as a user of n8n backs them up: dumps of a real Postgres with drills and restores, SQLite snapshots. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { docker, filesOf, mountpoint, runnersOf, unique, until } from '../../integration/cli/lab';
import { postgresLab, type TestServer } from '../../integration/postgres/lab';
import { trigger, type Lab } from '../lab/lab';
import type { Execution, Item } from '../lab/rest';
import { chain, credentialIds, type Workflow } from '../lab/workflows';

const byId = (id: unknown): object => ({ __rl: true, mode: 'id', value: id });
const byName = (name: string): object => ({ __rl: true, mode: 'name', value: name });
/** Hostile, as far as a name of a database can be. */
const oddName = `o'dd "$(x)" =1, -- `;

export function databaseSuite(lab: Lab): void {
	let login: string;

	/** A node of ours, with a Postgres Login beside the lab's credentials. */
	const workflow = (type: string, parameters: object, more: object = {}): Workflow => {
		const made = chain(`databases ${type}`, ['Node', type, { options: {}, ...parameters }, more]);
		const credentials = made.nodes[1]!['credentials'] as Record<string, object>;
		credentials['postgresLoginApi'] = { id: login, name: 'Postgres Login' };
		return made;
	};
	const run = (type: string, parameters: object, more?: object): Promise<Execution> =>
		lab.execute(workflow(type, parameters, more));
	const items = async (type: string, parameters: object): Promise<Item['json'][]> => {
		const { output, error } = await run(type, parameters);
		expect(error).toBeUndefined();
		return output('Node')!.map(({ json }) => json);
	};
	const list = <T>(kind: string, node: string, methodName: string, currentNodeParameters: object) =>
		lab.rest.post<T>(`/rest/dynamic-node-parameters/${kind}`, {
			path: 'parameters.x',
			methodName,
			currentNodeParameters,
			nodeTypeAndVersion: { name: `n8n-nodes-docker-backup.${node}`, version: 1 },
			credentials: {
				...Object.fromEntries(Object.entries(credentialIds).map(([type, id]) => [type, { id, name: type }])),
				postgresLoginApi: { id: login, name: 'Postgres Login' },
			},
		});

	describe('databases: dumps', () => {
		const postgres = postgresLab();
		let server: TestServer;
		let job: string;
		/** Of the password, what no way of writing it changes. */
		let core: string;
		let records: Item['json'][];
		const titleOf = (database: string) => `${server.container}/${database}`;
		const recordOf = (database: string) =>
			records.find(({ sources }) =>
				(sources as { name: string }[]).some(({ name }) => name === titleOf(database)),
			)!;
		const at = () => ({ container: byName(server.container), logInAs: 'credential' });
		const newLogin = async (password: string): Promise<string> => {
			const data = { user: 'postgres', password, host: '', port: 0, container: server.container };
			const made = { name: 'Postgres Login', type: 'postgresLoginApi', data };
			return (await lab.rest.post<{ id: string }>('/rest/credentials', made)).id;
		};

		beforeAll(async () => {
			server = await postgres.server(17);
			core = /[0-9a-f]{12}/.exec(server.password)![0];
			login = await newLogin(server.password);
			await server.create('shop', 'create table orders as select n from generate_series(1, 1000) n;');
			await server.create(oddName, 'create table t as select 1 as n;');
			job = lab.job();
			records = await items('dumpPostgres', { ...at(), job, databasesBy: 'all' });
		});

		test('all databases and the roles, an archive each', async () => {
			expect(records.map(({ status, kind, encrypted }) => ({ status, kind, encrypted }))).toEqual(
				Array(4).fill({ status: 'success', kind: 'postgres', encrypted: true }),
			);
			for (const name of ['shop', oddName, 'postgres']) expect(recordOf(name)).toBeDefined();
			const listed = await items('backupCatalog', { operation: 'getAll', job: byName(job), returnAll: true });
			expect(listed.map(({ id }) => id).toSorted()).toEqual(records.map(({ id }) => id).toSorted());
		});

		test('the pickers: containers, databases, and those of a job', async () => {
			type Options = { value: string; name: string }[];
			const found = await list<{ results: Options }>(
				'resource-locator-results',
				'dumpPostgres',
				'searchContainers',
				{},
			);
			expect(found.results).toContainEqual({
				name: `${server.container} · ${server.image}`,
				value: server.container,
			});
			const databases = await list<Options>('options', 'dumpPostgres', 'getDatabases', at());
			expect(databases.map(({ value }) => value)).toEqual(expect.arrayContaining(['shop', oddName]));
			const series = await list<{ results: Options }>('resource-locator-results', 'restore', 'searchSeries', {
				kind: 'postgres',
				select: 'latest',
				job: byName(job),
			});
			expect(series.results).toContainEqual({
				name: titleOf('shop'),
				value: recordOf('shop')['series'],
			});
		});

		const drill = (check: object, more: object = {}) => ({
			select: 'latest',
			job: byName(job),
			jobSeries: { __rl: true, mode: 'series', value: recordOf('shop')['series'] },
			level: 'drill',
			checks: { check: [{ statement: 'select count(*) from orders', ...check }] },
			failOnBad: true,
			...more,
		});

		test('a drill passes, and its evidence is kept', async () => {
			const [result] = await items(
				'verifyArchive',
				drill({ comparison: 'greaterOrEqual', expected: '1000' }),
			);
			expect(result).toMatchObject({
				ok: true,
				pass: true,
				level: 'drill',
				error: null,
				evidenceNotKept: null,
			});
			expect(result!['checks']).toContainEqual(
				expect.objectContaining({ name: 'select count(*) from orders', pass: true, actual: '1000' }),
			);
			const [kept] = await items('backupCatalog', {
				operation: 'get',
				record: byId(recordOf('shop')['id']),
			});
			expect(JSON.stringify(kept)).toContain('"level":"drill"');
		});

		test('a drill that fails, fails the node; or is an item beside the others', async () => {
			const failing = drill({ comparison: 'equal', expected: '7' });
			const { output, error } = await run('verifyArchive', failing, { onError: 'continueRegularOutput' });
			expect(error).toBeUndefined();
			expect(output('Node')).toMatchObject([
				{ json: { ok: false, pass: false, error: { code: 'drill_failed', message: expect.any(String) } } },
			]);
		});

		test('a drill that fails, at the error output', async () => {
			const failing = drill({ comparison: 'equal', expected: '7' });
			const { output, error } = await run('verifyArchive', failing, { onError: 'continueErrorOutput' });
			expect(error).toBeUndefined();
			expect(output('Node', 0) ?? []).toEqual([]);
			expect(output('Node', 1)).toMatchObject([{ json: { details: { error: { code: 'drill_failed' } } } }]);
		});

		test("as the container's own user, over its socket", async () => {
			const name = unique('own-user');
			await docker('run', '--detach', '--name', name, '--env', 'POSTGRES_PASSWORD=x', server.image);
			try {
				await until('the server to answer', () =>
					docker('exec', name, 'pg_isready', '-q', '-h', '127.0.0.1').then(
						() => true,
						() => false,
					),
				);
				const own = { container: byName(name), logInAs: 'container', job: lab.job() };
				const [dump] = await items('dumpPostgres', {
					...own,
					databasesBy: 'name',
					databaseNames: 'postgres',
					options: { globals: false },
				});
				expect(dump).toMatchObject({ status: 'success', series: expect.stringContaining('postgres') });
			} finally {
				await docker('rm', '-f', '-v', name);
			}
		});

		test('a restore into a new database', async () => {
			const [restored] = await items('restore', {
				...at(),
				kind: 'postgres',
				select: 'id',
				record: byId(recordOf('shop')['id']),
				databaseWay: 'new',
				newDatabase: 'shop again',
			});
			expect(restored).toMatchObject({ database: 'shop again', previousDatabase: null, tables: 1 });
			expect(await server.sql('shop again', 'select count(*) from orders')).toBe('1000');
		});

		test.each(['swap', 'in-place'])('a replacement with the name typed: %s', async (databaseWay) => {
			await server.sql('shop', 'delete from orders where n > 10;');
			const [restored] = await items('restore', {
				...at(),
				kind: 'postgres',
				select: 'id',
				record: byId(recordOf('shop')['id']),
				databaseWay,
				confirmDatabase: 'shop',
			});
			expect(restored).toMatchObject({ database: 'shop', tables: 1 });
			expect(await server.sql('shop', 'select count(*) from orders')).toBe('1000');
			const previous = restored!['previousDatabase'] as string | null;
			expect(previous === null).toBe(databaseWay === 'in-place');
			if (previous !== null) expect(await server.sql(previous, 'select count(*) from orders')).toBe('10');
		});

		test('a replacement without the name typed is refused, and changes nothing', async () => {
			const { error } = await run('restore', {
				...at(),
				kind: 'postgres',
				select: 'id',
				record: byId(recordOf('shop')['id']),
				databaseWay: 'swap',
				confirmDatabase: 'Shop',
			});
			expect(error?.context?.['code']).toBe('invalid_parameter');
			expect(await server.sql('shop', 'select count(*) from orders')).toBe('1000');
		});

		test('a wrong password: its own error, and it shows nowhere', async () => {
			const right = login;
			const wrong = randomBytes(6).toString('hex');
			login = await newLogin(wrong);
			try {
				const refused = await run('dumpPostgres', { ...at(), job: lab.job(), databasesBy: 'all' });
				expect(refused.status).toBe('error');
				expect(refused.error?.context?.['code']).toBe('database_login_failed');
				expect(refused.text).not.toContain(wrong);
			} finally {
				login = right;
			}
		});

		test('a login that is for one container is not used in another', async () => {
			const elsewhere = { ...at(), container: byName('another'), job: lab.job(), databasesBy: 'all' };
			const { error } = await run('dumpPostgres', elsewhere);
			expect(error?.context?.['code']).toBe('invalid_parameter');
			expect(error?.message).toContain('is for container');
		});

		test("the password is in no execution, no log and nowhere in n8n's database", async () => {
			const { text, error } = await run('dumpPostgres', { ...at(), job: lab.job(), databasesBy: 'all' });
			expect(error).toBeUndefined();
			expect(text).toContain(server.container);
			expect(text).not.toContain(core);
			expect(lab.n8n.log()).not.toContain(core);
			const home = join(lab.n8n.folder, '.n8n');
			const files = readdirSync(home).filter((name) => name.startsWith('database.sqlite'));
			const kept = Buffer.concat(files.map((name) => readFileSync(join(home, name))));
			// The search is not blind.
			expect(kept.includes(server.container)).toBe(true);
			expect(kept.includes(core)).toBe(false);
		});

		test('a dump that is cancelled leaves no pg_dump in the container, and no success', async () => {
			const locked = lab.job();
			const holder = server.sql('shop', 'begin; lock table orders; select pg_sleep(120);').catch(() => '');
			await until('the lock', async () => {
				const held = "select count(*) from pg_locks where relation = 'orders'::regclass and granted";
				return (await server.sql('shop', held)) === '1';
			});
			try {
				const dump = { ...at(), job: locked, databasesBy: 'name', databaseNames: 'shop' };
				const options = { countRows: false, globals: false };
				const id = await lab.rest.run(
					await lab.save(workflow('dumpPostgres', { ...dump, options })),
					trigger,
				);
				const isDumping = async () => (await server.processes()).includes('pg_dump ');
				await until('pg_dump to wait for the lock', isDumping);
				await lab.rest.post(`/rest/executions/${id}/stop`, {});
				expect((await lab.rest.ended(id)).status).toBe('canceled');
				await until('pg_dump to be gone', async () => !(await isDumping()));
				await until('the runner to be gone', async () => (await runnersOf(locked)).length === 0);
				expect(filesOf(lab.repository, locked).filter((name) => !name.endsWith('.json'))).toEqual([]);
			} finally {
				await server.sql(
					'postgres',
					"select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(120)%' and pid <> pg_backend_pid();",
				);
				await holder;
			}
		});
	});

	describe('databases: files', () => {
		let volume: string;
		let job: string;
		let records: Item['json'][];
		const place = () => ({ placeType: 'volume', volume: byName(volume) });

		beforeAll(async () => {
			volume = await lab.volume('sqlite');
			const database = new DatabaseSync(join(await mountpoint(volume), 'app.db'));
			database.exec('pragma journal_mode = wal; create table t (n); insert into t values (1), (2);');
			database.close();
			job = lab.job();
			records = await items('snapshotSqlite', { ...place(), job, databasesBy: 'all' });
		});

		test('a snapshot of what is found', async () => {
			expect(records).toMatchObject([{ status: 'success', kind: 'sqlite', consistency: 'snapshot' }]);
			const files = await list<{ value: string }[]>('options', 'snapshotSqlite', 'getSqliteFiles', place());
			expect(files.map(({ value }) => value)).toEqual(['app.db']);
		});

		test('a restore beside', async () => {
			const [restored] = await items('restore', {
				kind: 'sqlite',
				select: 'latest',
				job: byName(job),
				placeType: 'original',
				fileWay: 'beside',
			});
			expect(restored).toMatchObject({ place: { type: 'volume', name: volume }, previousPath: null });
			const path = join(await mountpoint(volume), String(restored!['path']));
			expect(path).toContain('app.db.restore.');
			expect(existsSync(path)).toBe(true);
			const database = new DatabaseSync(path, { readOnly: true });
			expect(database.prepare('select sum(n) as sum from t').get()).toEqual({ sum: 3 });
			database.close();
		});

		test('a swap, which stops the container that uses the volume and starts it again', async () => {
			const root = await mountpoint(volume);
			const live = new DatabaseSync(join(root, 'app.db'));
			live.exec('insert into t values (40);');
			live.close();
			const user = unique('file-user');
			const mount = `type=volume,source=${volume},target=/data`;
			const image = process.env['RUNNER_IMAGE'] ?? '';
			await docker('run', '--detach', '--init', '--name', user, '--mount', mount, image, 'sleep', 'infinity');
			const startedAt = () => docker('inspect', '-f', '{{.State.Status}} {{.State.StartedAt}}', user);
			const before = await startedAt();
			try {
				const [restored] = await items('restore', {
					kind: 'sqlite',
					select: 'latest',
					job: byName(job),
					placeType: 'original',
					fileWay: 'swap',
					confirmFile: 'app.db',
					stopFileUsers: true,
				});
				expect(restored).toMatchObject({
					path: 'app.db',
					previousPath: expect.stringContaining('app.db.before.'),
				});
				const sumIn = (path: string) => {
					const database = new DatabaseSync(join(root, path), { readOnly: true });
					try {
						return database.prepare('select sum(n) as sum from t').get()?.['sum'];
					} finally {
						database.close();
					}
				};
				expect([sumIn('app.db'), sumIn(String(restored!['previousPath']))]).toEqual([3, 43]);
				const after = await startedAt();
				expect(after).toMatch(/^running /);
				expect(after).not.toBe(before);
			} finally {
				await docker('rm', '-f', user);
			}
		});
	});
}
