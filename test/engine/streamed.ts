/** Archives without entries in any storage, fed to the engine's backup job by the orchestrator's own side of it. */
import { backUp } from '../../engine/jobs/backup';
import type { Storage } from '../../engine/repository/storage';
import type { OperationContext, RepositorySettings } from '../../operations/settings';
import { keysFor, signAndCollect, type Produce } from '../../operations/run-backup';
import type { GlobalsDescription } from '../../protocol/description';
import { emptyGo, type ArchivePlan, type BackupJob } from '../../protocol/job';
import type { BackupRecord, Kind } from '../../protocol/record';
import { idOf } from './backups';
import { inProcess, testContext } from './in-process';

export const globalsDescription: GlobalsDescription = {
	version: 1,
	type: 'postgres-globals',
	serverVersion: '17.2',
	serverMajor: 17,
	image: null,
	roles: 3,
	passwords: false,
};

export const descriptionText = JSON.stringify(globalsDescription);

/** Bytes that tell their place, and do not compress to nothing. */
export function contentOf(length: number): Buffer {
	const bytes = Buffer.allocUnsafe(length);
	let state = 1;
	for (let index = 0; index < length; index++) {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		bytes[index] = index % 64 < 32 ? state >>> 24 : index >>> 12;
	}
	return bytes;
}

/** Produces these bytes in chunks, and the description. */
export const producing =
	(content: Buffer, { chunkBytes = 100_000, description = descriptionText } = {}): Produce =>
	async (_id, write) => {
		for (let start = 0; start < content.length; start += chunkBytes) {
			await write(content.subarray(start, start + chunkBytes));
		}
		return { description, warnings: [] };
	};

export interface FedPlan {
	readonly job: string;
	/** Distinguishes the ids of a test; one archive for each. */
	readonly seconds: readonly number[];
	readonly kind?: Kind;
	readonly compressed?: boolean;
	readonly expectedBytes?: number | null;
	readonly produce: Produce;
}

export function fedJob({
	job,
	seconds,
	kind = 'postgres',
	compressed = true,
	expectedBytes = null,
}: FedPlan): {
	readonly work: Omit<BackupJob, 'encrypt'>;
	readonly plans: readonly ArchivePlan[];
} {
	const plans = seconds.map((second) => ({
		id: idOf(job, second),
		archiveId: String(second).padStart(2, '0').repeat(16),
		series: `database:${second}`,
		kind,
		sources: [{ type: 'database' as const, name: `db${second}`, path: '' }],
		expectedBytes,
	}));
	const work = {
		version: 1,
		verb: 'backup',
		runId: `run-${seconds.join('-')}`,
		location: { type: 'directory', path: '/nowhere' },
		scratch: null,
		job,
		host: 'test',
		archives: plans,
		exclude: [],
		compression: compressed
			? ({ algorithm: 'zstd', level: 1 } as const)
			: ({ algorithm: 'none', level: null } as const),
		lockWaitMs: 0,
		busyLimitMs: 0,
	} as const;
	return { work, plans };
}

/** Resolves to the records that were stored, failed ones too. */
export async function feedBackup(
	storage: Storage,
	repository: RepositorySettings,
	plan: FedPlan,
	context: OperationContext = testContext(),
): Promise<readonly BackupRecord[]> {
	const { work, plans } = fedJob(plan);
	const { job, compression } = work;
	const encrypt = repository.secret !== null;
	return await inProcess(
		(engine) => backUp({ ...work, encrypt }, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			await session.next('ready');
			session.send('go', emptyGo);
			const { produce } = plan;
			const run = {
				job,
				compression,
				encrypt,
				tags: [],
				lockWaitMs: 0,
				host: 'test',
				plans,
				mounts: [],
				produce,
			};
			return await signAndCollect(session, keyring, run, context);
		},
		(keyring) => keysFor(keyring, plans, encrypt),
		context,
	);
}
