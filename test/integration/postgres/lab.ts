/**
 * Real Postgres servers in containers, for the tests of a file: one of each version, started when it is first asked
 * for and removed in the end. Every connection needs the password. Looked at by the docker command and the server's own tools, never by
 * the code under test.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { databaseSettings, richSchema, roles } from './fixtures';
import { docker, until } from '../cli/lab';
import type { PostgresServer } from '../../../operations/postgres/requests';

export type Version = 15 | 17;

export interface TestServer {
	readonly version: Version;
	readonly image: string;
	/** Name of the container. */
	readonly container: string;
	readonly password: string;
	/** As an operation is told it. */
	readonly server: PostgresServer;
	/** Runs statements; what they gave, unaligned, a row a line. */
	sql(database: string, statements: string): Promise<string>;
	/** Makes a database of this name and runs statements in it. */
	create(database: string, statements?: string): Promise<void>;
	/** Makes a database with everything of `fixtures.ts`. */
	createRich(database: string): Promise<void>;
	/** Its `pg_dump` as SQL, without what differs between any two dumps. */
	dumpText(database: string, ...more: string[]): Promise<string>;
	/** Names of our backends on the server, by what they run. */
	backends(): Promise<string[]>;
	/** Command lines of the processes in the container. */
	processes(): Promise<string>;
	/** A tool with arguments in the container; its output. */
	run(command: readonly string[], input?: string | Buffer): Promise<Buffer>;
}

export const imageOf = (version: Version): string => {
	const image = process.env[`POSTGRES_${version}_IMAGE`];
	if (!image) throw new Error(`POSTGRES_${version}_IMAGE is not set: run the tests by scripts/jest`);
	return image;
};

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const conninfo = (name: string): string => `dbname='${name.replaceAll(/[\\']/g, '\\$&')}'`;

/** Call it at the top of a test file. */
export function postgresLab() {
	const started = new Map<string, Promise<TestServer>>();
	const containers: string[] = [];
	afterAll(async () => {
		await Promise.allSettled(started.values());
		if (containers.length > 0) await docker('rm', '-f', '-v', ...containers);
	});
	const start = async (version: Version, ...settings: string[]): Promise<TestServer> => {
		const container = `dbk-pg${version}-${randomBytes(4).toString('hex')}`;
		containers.push(container);
		return await startServer(version, container, settings);
	};
	return {
		/** The file's own server of this version. */
		server(version: Version): Promise<TestServer> {
			const known = started.get(String(version));
			if (known) return known;
			const server = start(version);
			started.set(String(version), server);
			return server;
		},
		/** One more, to be killed or set up in another way (`name=value`). */
		start,
	};
}

async function startServer(
	version: Version,
	container: string,
	settings: readonly string[],
): Promise<TestServer> {
	const image = imageOf(version);
	const password = `pw ${randomBytes(6).toString('hex')}'"$`;
	await docker(
		...['run', '--detach', '--name', container, '--shm-size', '256m', '--memory', '1g'],
		...['--env', `POSTGRES_PASSWORD=${password}`],
		...['--env', 'POSTGRES_INITDB_ARGS=--no-sync --auth-local=scram-sha-256 --auth-host=scram-sha-256'],
		image,
		...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', ...settings].flatMap((s) => ['-c', s]),
	);
	const run = (command: readonly string[], input: string | Buffer = '') =>
		exec(container, password, command, input);
	const sql = async (database: string, statements: string) => {
		const flags = ['-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres'];
		return (await run(['psql', ...flags, '-d', conninfo(database)], statements)).toString().trim();
	};
	// Only the real server listens on TCP, not the one that sets the cluster up.
	const port = settings.find((setting) => setting.startsWith('port='))?.slice('port='.length) ?? '5432';
	await until(`${container} to answer`, () =>
		run(['pg_isready', '-q', '-h', '127.0.0.1', '-p', port]).then(
			() => true,
			() => false,
		),
	);
	const create = async (database: string, statements = '') => {
		await sql('postgres', `create database ${quoted(database)};`);
		if (statements !== '') await sql(database, statements);
	};
	return {
		version,
		image,
		container,
		password,
		server: { container, user: null, password, host: null, port: null },
		sql,
		create,
		async createRich(database) {
			await sql('postgres', roles);
			await create(database, richSchema);
			await sql('postgres', databaseSettings(quoted(database)));
		},
		async dumpText(database, ...more) {
			const text = await run(['pg_dump', '-U', 'postgres', '-w', ...more, '-d', conninfo(database)]);
			return comparable(text.toString());
		},
		async backends() {
			const names = await sql(
				'postgres',
				"select application_name from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid();",
			);
			return names.split('\n').filter((name) => name !== '');
		},
		processes: () => docker('top', container, '-eo', 'pid,args'),
		run,
	};
}

/** What `pg_dump` gave, without what differs between any two dumps. */
export function comparable(dump: string): string {
	const lines = dump.trim().split('\n');
	return lines.filter((line) => !/^\\(?:un)?restrict /.test(line)).join('\n');
}

/** By the docker command: the password in the environment only. */
function exec(
	container: string,
	password: string,
	command: readonly string[],
	input: string | Buffer,
): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const child = spawn('docker', ['exec', '-i', '-e', 'PGPASSWORD', container, ...command], {
			env: { ...process.env, PGPASSWORD: password },
		});
		const [out, err]: [Buffer[], Buffer[]] = [[], []];
		child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
		child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
		child.stdin.on('error', () => undefined);
		child.stdin.end(input);
		child.once('error', reject);
		child.once('close', (code) => {
			if (code === 0) resolve(Buffer.concat(out));
			else
				reject(
					new Error(`${command[0]} in ${container} ended with ${code}: ${Buffer.concat(err).toString()}`),
				);
		});
	});
}
