/** What the restore tests share: a repository on this machine, dumps into it and restores out of it. */
import { randomBytes } from 'node:crypto';
import { restorePostgres } from '../../../operations/postgres/restore-postgres';
import { dumpPostgres } from '../../../operations/postgres/dump-postgres';
import type {
	DumpPostgresRequest,
	RestorePostgresOutcome,
	RestorePostgresRequest,
} from '../../../operations/postgres/requests';
import {
	defaultRunner,
	type HostSettings,
	type OperationContext,
	type RepositorySettings,
} from '../../../operations/settings';
import { systemClock } from '../../../protocol/clock';
import { systemRandom } from '../../../protocol/random';
import type { BackupRecord } from '../../../protocol/record';
import { rawSecret, settingsFor } from '../../engine/backups';
import { scratchDirectories } from '../../fakes/directories';
import type { TestServer } from './lab';

export const hostSettings: HostSettings = {
	endpoint: { type: 'socket', socketPath: '/var/run/docker.sock' },
	runner: { ...defaultRunner, image: process.env['RUNNER_IMAGE'] ?? defaultRunner.image },
};

export const contextWith = (signal = new AbortController().signal): OperationContext => ({
	clock: systemClock,
	random: systemRandom,
	signal,
	workflow: null,
	onEvent: () => undefined,
});

/** Call it at the top of a test file. */
export function restoreLab() {
	const directory = scratchDirectories();
	let repository: RepositorySettings | undefined;
	const settings = (): RepositorySettings =>
		(repository ??= settingsFor({ type: 'directory', path: directory() }, rawSecret()));
	return {
		repository: settings,
		dump: async (
			server: TestServer,
			databases: readonly string[],
			changes: Partial<DumpPostgresRequest> = {},
		): Promise<BackupRecord[]> => {
			const { records } = await dumpPostgres(contextWith(), hostSettings, settings(), {
				job: `restore-${randomBytes(4).toString('hex')}`,
				compression: { algorithm: 'zstd', level: 1 },
				encrypt: true,
				tags: [],
				lockWaitMs: 0,
				server: server.server,
				databases,
				excludeDatabases: [],
				globals: false,
				rolePasswords: false,
				schemas: [],
				excludeSchemas: [],
				tables: [],
				excludeTables: [],
				content: 'all',
				countRows: true,
				stallLimitMs: 60_000,
				totalLimitMs: null,
				...changes,
			});
			expect(records.map(({ error }) => error)).toEqual(records.map(() => null));
			return [...records];
		},
		restore: async (
			server: TestServer,
			record: Pick<BackupRecord, 'id'>,
			changes: Partial<RestorePostgresRequest> = {},
			context = contextWith(),
		): Promise<RestorePostgresOutcome> =>
			await restorePostgres(context, hostSettings, settings(), {
				selection: { by: 'id', id: record.id },
				server: server.server,
				way: 'new',
				database: null,
				confirm: '',
				previous: 'keep',
				connections: 'refuse',
				schemas: [],
				tables: [],
				globals: false,
				allowUnsigned: false,
				dryRun: false,
				stallLimitMs: 60_000,
				...changes,
			}),
	};
}

/** Names of the server's databases but its own. */
export async function databasesOf(server: TestServer): Promise<string[]> {
	const names = await server.sql(
		'postgres',
		"select json_agg(datname order by datname) from pg_database where not datistemplate and datname <> 'postgres';",
	);
	return (JSON.parse(names === '' ? '[]' : names) ?? []) as string[];
}

/** The code and message of what must fail. */
export async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
	const [settled] = await Promise.allSettled([work]);
	if (settled.status === 'fulfilled') throw new Error('it did not fail');
	return settled.reason as { code: string; message: string };
}

/** Host pids of the container's processes whose command line matches. */
export async function pidsOf(server: TestServer, pattern: RegExp): Promise<number[]> {
	const processes = (await server.processes()).split('\n').slice(1);
	return processes
		.map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
		.filter((found) => found !== null && pattern.test(found[2] ?? ''))
		.map((found) => Number(found?.[1]));
}
