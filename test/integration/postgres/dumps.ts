/**
 * Archives of dumps whose description, or whose dump itself, is as a test wants it. Made by the operation that all
 * backups share, from the real pg_dump of a real server.
 */
import { planIds } from '../../../operations/plan-ids';
import { runBackup } from '../../../operations/run-backup';
import { defaultRunner, type HostSettings, type RepositorySettings } from '../../../operations/settings';
import type { Description, PostgresDescription } from '../../../protocol/description';
import type { BackupRecord } from '../../../protocol/record';
import { testContext } from '../../engine/in-process';
import type { TestServer } from './lab';

export const host: HostSettings = {
	endpoint: { type: 'socket', socketPath: '/var/run/docker.sock' },
	runner: defaultRunner,
};

export interface OddDump {
	readonly server: TestServer;
	readonly database: string;
	/** Of the description as it is. */
	readonly change?: (description: PostgresDescription) => Description;
	/** More arguments of pg_dump. */
	readonly arguments?: readonly string[];
	/** Instead of what pg_dump gives. */
	readonly content?: Buffer;
}

export async function storeDump(
	repository: RepositorySettings,
	job: string,
	{ server, database, change = (description) => description, content, ...dump }: OddDump,
): Promise<BackupRecord> {
	const context = testContext();
	const described = change(await describe(server, database));
	const dumped =
		content ??
		(await server.run([
			'pg_dump',
			'-U',
			'postgres',
			'-w',
			'-Fc',
			'-Z0',
			...(dump.arguments ?? []),
			'-d',
			`dbname='${database}'`,
		]));
	const { records } = await runBackup(context, host, repository, {
		job,
		host: 'test',
		plans: [
			{
				...planIds(job, context)(database),
				series: `${server.container}:${database}`,
				kind: 'postgres',
				sources: [{ type: 'database', name: `${server.container}/${database}`, path: '' }],
				expectedBytes: null,
			},
		],
		mounts: [],
		compression: { algorithm: 'zstd', level: 1 },
		encrypt: repository.secret !== null,
		tags: [],
		lockWaitMs: 0,
		produce: async (_id, write) => {
			await write(dumped);
			return { description: JSON.stringify(described), warnings: [] };
		},
	});
	const [record] = records;
	if (record?.status !== 'success') throw new Error(`the dump was not stored: ${record?.error?.message}`);
	return record;
}

/** By hand, not by the code under test; one table's rows are recorded for every table of the schema public. */
async function describe(server: TestServer, database: string): Promise<PostgresDescription> {
	const ask = (sql: string) => server.sql(database, sql);
	const [collate = '', ctype = ''] = (
		await ask('select datcollate, datctype from pg_database where datname = current_database()')
	).split('|');
	const names = (await ask("select tablename from pg_tables where schemaname = 'public' order by 1"))
		.split('\n')
		.filter((name) => name !== '');
	const tables = await Promise.all(
		names.map(async (name) => ({
			schema: 'public',
			name,
			rows: Number(await ask(`select count(*) from public."${name}"`)),
		})),
	);
	return {
		version: 1,
		type: 'postgres-database',
		serverVersion: await ask('show server_version'),
		serverMajor: server.version,
		image: server.image,
		database,
		dumpVersion: `${server.version}.0`,
		sizeBytes: 0,
		properties: {
			owner: 'postgres',
			encoding: 'UTF8',
			collate,
			ctype,
			localeProvider: 'libc',
			locale: null,
			icuRules: null,
			tablespace: 'pg_default',
			connectionLimit: -1,
			comment: null,
		},
		settings: [],
		grants: null,
		extensions: [],
		tables,
		relations: tables.length,
		partial: false,
	};
}
