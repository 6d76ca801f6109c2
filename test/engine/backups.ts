/** Real archives in any storage: small directories, read by GNU tar and written by the engine's backup job. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backUp } from '../../engine/jobs/backup';
import { archiveKey, formatRecord, type Secret } from '../../engine/index';
import type { Storage } from '../../engine/repository/storage';
import type { RepositoryLocation, RepositorySettings } from '../../operations/settings';
import { emptyGo, type BackupJob } from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import { inProcess } from './in-process';

export const rawSecret = (byte = 7): Secret => ({
	type: 'raw',
	key: Buffer.alloc(32, byte).toString('base64'),
});

export function settingsFor(
	location: RepositoryLocation,
	secret: Secret | null,
	changes: Partial<RepositorySettings> = {},
): RepositorySettings {
	return { location, secret, previousSecrets: [], mayCreate: true, id: null, ...changes };
}

export interface BackupPlan {
	readonly job: string;
	/** Distinguishes the ids of a test: seconds of the time in the id. */
	readonly second: number;
	readonly scratch: string;
	readonly volumes?: readonly string[];
	readonly content?: string;
	readonly compressed?: boolean;
}

export const idOf = (job: string, second: number): string =>
	`${job}-20260131T0300${String(second).padStart(2, '0')}Z-1f2e`;

/** Backs up new directories of these names; resolves to the record that was stored. */
export async function makeBackup(
	storage: Storage,
	repository: RepositorySettings,
	{ job, second, scratch, volumes = ['data'], content = 'hello', compressed = true }: BackupPlan,
): Promise<BackupRecord> {
	const id = idOf(job, second);
	const sources = volumes.map((name) => {
		const path = join(scratch, id, 'volumes', name);
		mkdirSync(path, { recursive: true });
		writeFileSync(join(path, 'file'), `${content} of ${name} at ${second}`);
		return { type: 'volume' as const, name, path };
	});
	const archiveId = String(second).padStart(2, '0').repeat(16);
	const work: BackupJob = {
		version: 1,
		verb: 'backup',
		runId: `run-${second}`,
		location: { type: 'directory', path: '/nowhere' },
		scratch: null,
		job,
		host: 'test',
		archives: [{ id, archiveId, series: 'volumes', kind: 'volume', sources, expectedBytes: null }],
		exclude: [],
		compression: compressed ? { algorithm: 'zstd', level: 1 } : { algorithm: 'none', level: null },
		encrypt: repository.secret !== null,
		lockWaitMs: 0,
		quiesced: false,
		busyLimitMs: 0,
	};
	return await inProcess(
		(engine) => backUp(work, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			await session.next('ready');
			session.send('go', emptyGo);
			await session.next('source-read');
			const { record } = await session.next('sealed');
			session.send('commit', { id, recordText: formatRecord(record, keyring.current?.signer ?? null) });
			await session.next('stored');
			await session.next('done');
			return record;
		},
		({ current }) =>
			current === null
				? { kdf: null, keyId: null, keys: [] }
				: {
						kdf: current.kdf,
						keyId: current.keyId,
						keys: [{ id, key: archiveKey(current.master, archiveId).toString('base64') }],
					},
	);
}
