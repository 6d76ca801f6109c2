/**
 * Dumps in these tests: by the operation, in this process, into a repository of the test; and what came of them, read
 * back by the engine in this process. The dump is looked at by Postgres' own pg_restore.
 */
import { execFileSync } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { dumpPostgres } from '../../../operations/postgres/dump-postgres';
import type { DumpPostgresRequest, PostgresServer } from '../../../operations/postgres/requests';
import type { BackUpOutcome } from '../../../operations/run-backup';
import {
	defaultRunner,
	defaultSocket,
	type HostSettings,
	type OperationContext,
	type OperationEvent,
	type RepositorySettings,
} from '../../../operations/settings';
import { streamArchive } from '../../../operations/stream-archive';
import { systemClock } from '../../../protocol/clock';
import type { Description } from '../../../protocol/description';
import { systemRandom } from '../../../protocol/random';
import { scratchDirectories } from '../../fakes/directories';

export const dockerHost: HostSettings = {
	endpoint: { type: 'socket', socketPath: defaultSocket },
	runner: { ...defaultRunner, image: process.env['RUNNER_IMAGE'] ?? defaultRunner.image },
};

export interface Telling {
	readonly signal?: AbortSignal;
	onEvent?(event: OperationEvent): void;
}

export const contextWith = ({ signal, onEvent }: Telling = {}): OperationContext => ({
	clock: systemClock,
	random: systemRandom,
	signal: signal ?? new AbortController().signal,
	workflow: null,
	onEvent: onEvent ?? (() => undefined),
});

export const encryptedRepository = (path: string): RepositorySettings => ({
	location: { type: 'directory', path },
	secret: { type: 'raw', key: Buffer.alloc(32, 7).toString('base64') },
	previousSecrets: [],
	mayCreate: true,
	id: null,
});

export const requestFor = (
	server: PostgresServer,
	databases: DumpPostgresRequest['databases'],
	changes: Partial<DumpPostgresRequest> = {},
): DumpPostgresRequest => ({
	job: 'dumps',
	compression: { algorithm: 'zstd', level: 1 },
	encrypt: true,
	tags: [],
	lockWaitMs: 0,
	server,
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
	stallLimitMs: 120_000,
	totalLimitMs: null,
	...changes,
});

export interface Restored {
	readonly content: Buffer;
	readonly description: Description | null;
}

/** Call it at the top of a test file. */
export function dumps() {
	const directory = scratchDirectories();
	return {
		directory,
		dump: (
			repository: RepositorySettings,
			request: DumpPostgresRequest,
			telling?: Telling,
		): Promise<BackUpOutcome> => dumpPostgres(contextWith(telling), dockerHost, repository, request),
		/** What an archive holds. */
		contentOf: (repository: RepositorySettings, id: string): Promise<Restored> =>
			streamArchive(
				contextWith(),
				{ type: 'process' },
				repository,
				{ selection: { by: 'id', id }, allowUnsigned: false, kinds: ['postgres'] },
				async ({ description }, content) => ({ content: await buffer(content()), description }),
			),
	};
}

/** Every file below a directory, searched for a text: what must not be found there. */
export function filesWith(directory: string, text: string): string {
	try {
		return execFileSync('grep', ['-rlaF', '-e', text, directory]).toString();
	} catch {
		return '';
	}
}
