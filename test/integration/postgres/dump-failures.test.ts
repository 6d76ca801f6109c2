/** Dumps that must fail: each with an error that tells why, and nothing that could be taken for a backup. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DumpPostgresRequest, PostgresServer } from '../../../operations/postgres/requests';
import type { OperationEvent } from '../../../operations/settings';
import { docker, filesOf, unique, until } from '../cli/lab';
import { dumps, encryptedRepository, requestFor } from './dump-lab';
import { imageOf, postgresLab, type TestServer } from './lab';

const lab = postgresLab();
const { directory, dump } = dumps();

const containers: string[] = [];
afterAll(async () => {
	if (containers.length > 0) await docker('rm', '-f', '-v', ...containers);
});

async function sleeper(image: string): Promise<string> {
	const name = unique('sleeper');
	containers.push(name);
	await docker('run', '--detach', '--name', name, '--entrypoint', 'sleep', image, '1000');
	return name;
}

/** More than is under way at any time, and not compressed. */
const uncompressed = { compression: { algorithm: 'none', level: null } } as const;
const filler = `create table filler as select n, repeat(md5(n::text), 10) as text from generate_series(1, 70000) n;`;

/** Calls it once the engine has taken some of the content; while it runs, this process does nothing else. */
function inMidDump(act: () => void): (event: OperationEvent) => void {
	let done = false;
	return (event) => {
		if (done || event.event !== 'taken') return;
		done = true;
		act();
	};
}

const now = (...args: string[]): string => execFileSync('docker', args).toString();

/** Process ids on this machine. */
const dumpsIn = (container: string): string[] =>
	[...now('top', container, '-eo', 'pid,args').matchAll(/^\s*(\d+)\s+\S*pg_dump /gm)].map(
		([, pid = '']) => pid,
	);

async function nothingLeft({ container, backends }: TestServer): Promise<void> {
	expect(dumpsIn(container)).toEqual([]);
	await until('the connections to end', async () => (await backends()).length === 0);
}

function expectNothingPublished(repository: string): void {
	const files = filesOf(repository, 'dumps');
	expect(files.filter((name) => !name.endsWith('.json'))).toEqual([]);
}

describe('before anything starts', () => {
	const refused = async (server: PostgresServer, changes: Partial<DumpPostgresRequest> = {}) => {
		const path = join(directory(), 'repository');
		mkdirSync(path);
		const error: unknown = await dump(
			encryptedRepository(path),
			requestFor(server, ['postgres'], changes),
		).catch((thrown: unknown) => thrown);
		expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
		expect(error).toMatchObject({ hint: expect.stringMatching(/\w/) as string });
		return error;
	};

	test('wrong password, none, a role that there is not', async () => {
		const { server } = await lab.server(17);
		for (const changes of [{ password: 'wrong' }, { password: null }, { user: 'nobody' }]) {
			const error = await refused({ ...server, ...changes });
			expect(error).toMatchObject({ code: 'database_login_failed' });
			expect((error as Error).message).not.toContain('wrong');
		}
	});

	test('a missing database, also beside one that is there', async () => {
		const { server, container } = await lab.server(17);
		expect(await refused(server, { databases: ['postgres', 'missing'] })).toMatchObject({
			code: 'database_not_found',
			message: `container "${container}" has no database "missing"`,
		});
	});

	test('no such container, a stopped one, one without Postgres, one whose server does not run', async () => {
		const { server } = await lab.server(17);
		expect(await refused({ ...server, container: unique('none') })).toMatchObject({
			code: 'container_not_found',
		});

		const other = await sleeper(process.env['RUNNER_IMAGE'] ?? '');
		expect(await refused({ ...server, container: other })).toMatchObject({
			code: 'postgres_not_found',
			message: `container "${other}" has no pg_dump`,
		});
		await docker('kill', other);
		expect(await refused({ ...server, container: other })).toMatchObject({ code: 'container_not_running' });

		const asleep = await sleeper(imageOf(17));
		expect(await refused({ ...server, container: asleep })).toMatchObject({
			code: 'postgres_not_found',
			message: expect.stringMatching(/no postgres server answers/) as string,
		});
	});

	test('known failure 38: a pg_dump that is older than the server', async () => {
		const { server, container } = await lab.server(17);
		const older = await sleeper(imageOf(15));
		const host = await docker('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', container);
		expect(await refused({ ...server, container: older, host })).toMatchObject({
			code: 'database_version_mismatch',
			message: expect.stringMatching(/is 15\.\S+, older than the server's 17\./) as string,
		});
	});
});

describe('in mid-dump', () => {
	test('cancelled: no pg_dump is left in the container', async () => {
		const server = await lab.server(17);
		await server.create('cancelled', filler);
		const path = directory();
		const controller = new AbortController();
		let running: string[] = [];
		const cancelled = dump(
			encryptedRepository(path),
			requestFor(server.server, ['cancelled', 'postgres'], uncompressed),
			{
				signal: controller.signal,
				onEvent: inMidDump(() => {
					running = dumpsIn(server.container);
					controller.abort();
				}),
			},
		);
		await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
		expect(running).toHaveLength(1);
		await nothingLeft(server);
		expectNothingPublished(path);
	});

	test('known failures 6 and 32: pg_dump killed; the next database is dumped all the same', async () => {
		const server = await lab.server(17);
		await server.create('killed', filler);
		const path = directory();
		const { records } = await dump(
			encryptedRepository(path),
			requestFor(server.server, ['killed', 'postgres'], uncompressed),
			{ onEvent: inMidDump(() => process.kill(Number(dumpsIn(server.container)[0]), 'SIGKILL')) },
		);
		expect(records.map(({ status }) => status)).toEqual(['failed', 'success']);
		expect(records[0]).toMatchObject({
			filePath: null,
			error: {
				code: 'source_failed',
				message: expect.stringMatching(/pg_dump of database "killed" .* was killed \(signal 9\)/) as string,
			},
		});
		await nothingLeft(server);
	});

	test('its connection ended by the server', async () => {
		const server = await lab.server(17);
		await server.create('terminated', filler);
		const { records } = await dump(
			encryptedRepository(directory()),
			requestFor(server.server, ['terminated'], uncompressed),
			{
				onEvent: inMidDump(() =>
					now(
						...[
							'exec',
							'-e',
							`PGPASSWORD=${server.password}`,
							server.container,
							'psql',
							'-U',
							'postgres',
							'-c',
						],
						`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'terminated'`,
					),
				),
			},
		);
		expect(records[0]).toMatchObject({ status: 'failed', error: { code: 'source_failed' } });
		expect(records[0]?.error?.message).toMatch(/terminat|closed the connection/);
	});

	test('the container killed', async () => {
		const server = await lab.start(15);
		await server.create('gone', filler);
		const path = directory();
		const { records } = await dump(
			encryptedRepository(path),
			requestFor(server.server, ['gone', 'postgres'], uncompressed),
			{ onEvent: inMidDump(() => now('kill', server.container)) },
		);
		expect(records.map(({ status }) => status)).toEqual(['failed', 'failed']);
		expect(records.map(({ error }) => error?.code)).toEqual([
			expect.stringMatching(/source_failed|container_not_running/),
			'container_not_running',
		]);
		expectNothingPublished(path);
	});

	test('known failure 24: a dump that stands still', async () => {
		const server = await lab.server(17);
		await server.create('still', filler);
		const { records } = await dump(
			encryptedRepository(directory()),
			requestFor(server.server, ['still'], { ...uncompressed, stallLimitMs: 4000 }),
			{ onEvent: inMidDump(() => process.kill(Number(dumpsIn(server.container)[0]), 'SIGSTOP')) },
		);
		expect(records[0]?.error).toMatchObject({
			code: 'timed_out',
			message: expect.stringMatching(/gave nothing for 4 s and was ended/) as string,
		});
		await nothingLeft(server);
	});

	test('over its total limit', async () => {
		const server = await lab.server(17);
		await server.create('long', filler);
		const { records } = await dump(
			encryptedRepository(directory()),
			requestFor(server.server, ['long'], { ...uncompressed, totalLimitMs: 6000 }),
			{ onEvent: inMidDump(() => process.kill(Number(dumpsIn(server.container)[0]), 'SIGSTOP')) },
		);
		expect(records[0]?.error).toMatchObject({
			code: 'timed_out',
			message: expect.stringMatching(/did not end within 6 s/) as string,
		});
		await nothingLeft(server);
	});

	test('the disk of the repository full', async () => {
		const server = await lab.server(17);
		await server.create('large', filler);
		const path = directory();
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'docker-backup-test', path]);
		try {
			const { records } = await dump(
				encryptedRepository(path),
				requestFor(server.server, ['large'], uncompressed),
			);
			expect(records[0]).toMatchObject({ status: 'failed', error: { code: 'repository_full' } });
			expectNothingPublished(path);
			await nothingLeft(server);
		} finally {
			execFileSync('umount', [path]);
		}
	});
});

test('a lock that another holds: an error that says so', async () => {
	const server = await lab.server(17);
	await server.create('locked', 'create table held (a integer);');
	const holding = server.sql('locked', 'begin; lock table held; select pg_sleep(250); rollback;');
	// Looked at below, and it may have failed before.
	holding.catch(() => undefined);
	await until('the lock', async () => {
		const held = await server.sql(
			'locked',
			`select count(*) from pg_locks where mode = 'AccessExclusiveLock';`,
		);
		return held !== '0';
	});
	const { records } = await dump(
		encryptedRepository(directory()),
		requestFor(server.server, ['locked'], { stallLimitMs: 3000 }),
	);
	expect(records[0]?.error).toMatchObject({
		code: 'source_busy',
		message: expect.stringMatching(/LOCK TABLE public.held/) as string,
	});
	await server.sql(
		'postgres',
		`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'locked' and pid <> pg_backend_pid();`,
	);
	await expect(holding).rejects.toThrow(/terminat|closed/);
});

test('a database that vanishes fails only its own archive', async () => {
	const server = await lab.server(17);
	for (const name of ['first', 'vanishing', 'last']) await server.create(name);
	const { records } = await dump(
		encryptedRepository(directory()),
		requestFor(server.server, ['first', 'vanishing', 'last']),
		{
			onEvent: ({ event }) => {
				if (event !== 'ready') return;
				now(
					...['exec', '-e', `PGPASSWORD=${server.password}`, server.container, 'psql', '-U', 'postgres'],
					...['-c', 'drop database vanishing'],
				);
			},
		},
	);
	expect(records.map(({ status }) => status)).toEqual(['success', 'failed', 'success']);
	expect(records[1]?.error).toMatchObject({ code: 'database_not_found' });
});
