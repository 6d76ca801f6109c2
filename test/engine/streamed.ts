/** Archives without entries in any storage, fed to the engine's backup job by the orchestrator's own side of it. */
import type { Engine } from '../../engine/environment';
import { formatRecord } from '../../engine/index';
import { backUp } from '../../engine/jobs/backup';
import { stream } from '../../engine/jobs/stream';
import { verify } from '../../engine/jobs/verify';
import type { Storage } from '../../engine/repository/storage';
import type { Introduced } from '../../operations/introduce';
import { receiveEntries } from '../../operations/list-records';
import type { OperationContext, RepositorySettings } from '../../operations/settings';
import { Resting } from '../../operations/quiesce/resting';
import { keysFor, signAndCollect, type Produce } from '../../operations/run-backup';
import type { Session } from '../../operations/session';
import { closingRecord } from '../../operations/stale-runs';
import type { GlobalsDescription } from '../../protocol/description';
import type { VerifyResult } from '../../protocol/events';
import { emptyGo, type ArchivePlan, type BackupJob, type DataEndFrame } from '../../protocol/job';
import type { BackupRecord, Kind } from '../../protocol/record';
import { idOf } from './backups';
import { inProcess, testContext } from './in-process';

const base = {
	version: 1,
	runId: 'run-x',
	location: { type: 'directory', path: '/nowhere' },
	scratch: null,
} as const;

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

/** What a producer says that ended well. */
export const endedWell: DataEndFrame = { description: descriptionText, warnings: [] };

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
}: Omit<FedPlan, 'produce'>): {
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
		quiesced: false,
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
	return await converseFed(storage, repository, plan, context, async (session, { keyring }) => {
		const { work, plans } = fedJob(plan);
		const { job, compression } = work;
		const { staleRuns } = await session.next('ready');
		const closeRuns = staleRuns.map((run) => ({
			id: run.id,
			recordText: formatRecord(closingRecord(run, context.clock.now()), keyring.current?.signer ?? null),
		}));
		session.send('go', { ...emptyGo, closeRuns });
		const run = {
			job,
			compression,
			encrypt: repository.secret !== null,
			tags: [],
			lockWaitMs: 0,
			host: 'test',
		};
		return await signAndCollect(
			session,
			keyring,
			{ ...run, plans, mounts: [], produce: plan.produce },
			context,
			new Resting(session, undefined),
		);
	});
}

/** An orchestrator that dies when it has sent so much of the content. */
export async function dieFeeding(
	storage: Storage,
	repository: RepositorySettings,
	plan: Omit<FedPlan, 'produce'>,
	content: Buffer,
): Promise<void> {
	const death = new Error('the orchestrator is dead');
	const dying = converseFed(storage, repository, plan, testContext(), async (session) => {
		await session.next('ready');
		session.send('go', emptyGo);
		const { window } = await session.next('feed');
		await session.feed(window)(content);
		throw death;
	});
	await expect(dying).rejects.toBe(death);
}

async function converseFed<T>(
	storage: Storage,
	repository: RepositorySettings,
	plan: Omit<FedPlan, 'produce'>,
	context: OperationContext,
	body: (session: Session, introduced: Introduced) => Promise<T>,
): Promise<T> {
	const { work, plans } = fedJob(plan);
	const encrypt = repository.secret !== null;
	const run = async (engine: Engine) => await backUp({ ...work, encrypt }, engine);
	return await inProcess(
		run,
		storage,
		repository,
		body,
		(keyring) => keysFor(keyring, plans, encrypt),
		context,
	);
}

/** What a deep verification of it says. */
export async function verifyDeep(
	storage: Storage,
	repository: RepositorySettings,
	record: BackupRecord,
): Promise<VerifyResult> {
	const work = { ...base, verb: 'verify', job: null, id: record.id } as const;
	return await inProcess(
		(engine) => verify(work, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			await receiveEntries(session, 'ready', keyring);
			const archives = [{ record, key: await keyring.keyOf(record) }];
			session.send('go', { ...emptyGo, level: 'deep', archives });
			const result = await session.next('verified');
			await session.next('done');
			return result;
		},
	);
}

export interface Streamed {
	readonly description: string | null;
	readonly content: Buffer;
}

/** Its content, by the engine's `stream`; `sent` is told of every byte. */
export async function streamOut(
	storage: Storage,
	repository: RepositorySettings,
	record: BackupRecord,
	{ send = true, sent = () => undefined }: { send?: boolean; sent?: (bytes: number) => void } = {},
): Promise<Streamed> {
	return await inProcess(
		(engine, stdout) => stream({ ...base, verb: 'stream', id: record.id }, engine, stdout),
		storage,
		repository,
		async (session, { keyring }) => {
			await receiveEntries(session, 'ready', keyring);
			const chunks: Buffer[] = [];
			const output = session.output();
			output.on('data', (chunk: Buffer) => {
				chunks.push(chunk);
				sent(chunk.length);
			});
			const ended = new Promise((resolve) => output.once('end', resolve));
			output.resume();
			session.send('go', { ...emptyGo, archives: [{ record, key: await keyring.keyOf(record) }] });
			const { description } = await session.next('described');
			await session.next('ready');
			if (send) {
				session.send('go', emptyGo);
				await session.next('done');
				await ended;
			}
			return { description, content: Buffer.concat(chunks) };
		},
	);
}
