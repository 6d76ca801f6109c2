/**
 * The part that backups of every kind share: an engine takes the job's lease, writes the planned archives, and has
 * each record signed. Nothing is published without our signature on it; a failed archive has a record too.
 * Throws before there is anything to record: names, mounts, images, repository, lease.
 */
import type { RunnerMount } from '../docker/runner';
import { archiveKey, formatRecord } from '../engine/index';
import { BackupError, joinErrors, toBackupError } from '../protocol/errors';
import { reportOf, type StaleRun } from '../protocol/events';
import {
	emptyGo,
	type ArchivePlan,
	type Compression,
	type DataEndFrame,
	type KeysFrame,
} from '../protocol/job';
import type { BackupRecord } from '../protocol/record';
import type { Introduced } from './introduce';
import type { Keyring } from './keyring';
import type { Quieting } from './quiesce/quieting';
import { Resting } from './quiesce/resting';
import { runJob } from './run-job';
import type { Session } from './session';
import type { HostSettings, OperationContext, RepositorySettings } from './settings';
import { closingRecord } from './stale-runs';

/** What a backup of any kind is asked. */
export interface BackupOptions {
	readonly job: string;
	readonly compression: Compression;
	readonly encrypt: boolean;
	readonly tags: readonly string[];
	/** How long to wait for another run of this job to end; 0 refuses at once. */
	readonly lockWaitMs: number;
}

/**
 * Writes the content of a streamed archive, chunk after chunk; each `write` waits until there is room, and throws when
 * the engine does not want more. Resolves once the producer has ended well; what it throws fails that archive.
 */
export type Produce = (id: string, write: (chunk: Buffer) => Promise<void>) => Promise<DataEndFrame>;

export interface BackupRun extends BackupOptions {
	/** As the record names the Docker host. */
	readonly host: string;
	readonly plans: readonly ArchivePlan[];
	readonly mounts: readonly RunnerMount[];
	readonly exclude?: readonly string[];
	/** sqlite: as `BackupJob` says. */
	readonly busyLimitMs?: number;
	/** Brings to rest what uses the sources, archive by archive. */
	readonly quieting?: Quieting;
	/** For plans whose content is streamed; called in the order of the plans. */
	readonly produce?: Produce;
	/** As labels and records have it; default: a new one. */
	readonly runId?: string;
	/** Once the engine holds the lease and before anything is read. */
	readonly onReady?: () => Promise<void>;
}

export interface BackUpOutcome {
	/** One of every archive; failed ones say why in `error`. */
	readonly records: readonly BackupRecord[];
	readonly repositoryCreated: boolean;
}

export async function runBackup(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	run: BackupRun,
): Promise<BackUpOutcome> {
	const { job, host, plans, mounts, compression, encrypt, lockWaitMs } = run;
	const where = { type: 'runner', host: hostSettings } as const;
	const work = {
		job: {
			verb: 'backup',
			job,
			host,
			archives: plans,
			exclude: run.exclude ?? [],
			compression,
			encrypt,
			lockWaitMs,
			quiesced: run.quieting !== undefined,
			busyLimitMs: run.busyLimitMs ?? 0,
		},
		role: 'read',
		mounts,
		writesRepository: true,
		labelledJob: job,
		...(run.runId !== undefined && { runId: run.runId }),
		keysFor: (keyring: Keyring) => keysFor(keyring, plans, encrypt),
	} as const;
	let problem: BackupError | undefined;
	const body = async (session: Session, { keyring, repositoryCreated }: Introduced) => {
		const { staleRuns } = await session.next('ready');
		await run.onReady?.();
		const closeRuns = staleRuns.map((stale) => closing(stale, keyring, context));
		session.send('go', { ...emptyGo, closeRuns });
		const resting = new Resting(session, run.quieting);
		let records: readonly BackupRecord[] = [];
		try {
			records = await signAndCollect(session, keyring, run, context, resting);
		} finally {
			await resting.end();
			problem = resting.problem(records);
		}
		return { records, repositoryCreated };
	};
	const [made] = await Promise.allSettled([runJob(context, where, repository, work, body)]);
	// Told whatever else happened, also after a cancel.
	const failure = joinErrors(made.status === 'rejected' ? made.reason : undefined, problem);
	if (made.status === 'fulfilled' && failure === undefined) return made.value;
	throw failure;
}

/** Signs each record that the engine proposes; a record counts once the engine has stored it. */
export async function signAndCollect(
	session: Session,
	keyring: Keyring,
	run: BackupRun,
	context: OperationContext,
	resting: Resting,
): Promise<BackupRecord[]> {
	const proposed = new Map<string, BackupRecord>();
	const stored: BackupRecord[] = [];
	for (;;) {
		const event = await session.next(
			'about-to-read',
			'feed',
			'source-read',
			'sealed',
			'failed',
			'stored',
			'done',
		);
		switch (event.event) {
			case 'about-to-read':
				await resting.begin(event.id);
				break;
			case 'source-read':
				resting.sourceRead(event.id);
				break;
			case 'feed':
				await feed(session, event, run);
				break;
			case 'sealed':
			case 'failed': {
				const told: BackupRecord = { ...event.record, tags: run.tags, workflow: context.workflow };
				const record = await resting.judge(told);
				if (record === null) break;
				proposed.set(record.id, record);
				session.send('commit', {
					id: record.id,
					recordText: formatRecord(record, keyring.current?.signer ?? null),
				});
				break;
			}
			case 'stored': {
				const record = proposed.get(event.id);
				if (record === undefined)
					throw new BackupError(
						'protocol_violation',
						`the engine stored ${event.id}, which it never proposed`,
					);
				stored.push(record);
				break;
			}
			case 'done':
				return stored;
		}
	}
}

/** The end is told only after the producer's own: what broke off before is never published. */
async function feed(
	session: Session,
	{ id, window }: { readonly id: string; readonly window: number },
	{ produce }: BackupRun,
): Promise<void> {
	if (!produce)
		throw new BackupError('protocol_violation', `the engine wants content of ${id}, which has none`);
	try {
		session.send('dataEnd', await produce(id, session.feed(window)));
	} catch (thrown) {
		session.send('dataError', reportOf(toBackupError(thrown)));
	}
}

/** Throws `key_missing`, `invalid_parameter`. */
export function requireSoundOptions(
	{ compression: { algorithm, level }, encrypt }: BackupOptions,
	repository: RepositorySettings,
): void {
	if (encrypt && repository.secret === null) {
		throw new BackupError('key_missing', 'encryption is on and the repository has no key', {
			hint: 'Set an encryption key or passphrase in the Backup Repository credential (make one with: docker-backup keygen), or switch encryption off.',
		});
	}
	if (algorithm === 'none' ? level !== null : level === null || level < 1 || level > 19) {
		throw new BackupError('invalid_parameter', `compression level ${level} is not between 1 and 19`, {
			hint: 'Level 1 is the fastest and fits most; higher ones take much longer for a little less space.',
		});
	}
}

export function keysFor(
	keyring: Keyring,
	plans: readonly ArchivePlan[],
	encrypt: boolean,
): Omit<KeysFrame, 'create'> {
	const { current } = keyring;
	if (!encrypt || current === null) return { kdf: null, keyId: null, keys: [] };
	const keys = plans.map((plan) => ({
		id: plan.id,
		key: archiveKey(current.master, plan.archiveId).toString('base64'),
	}));
	return { kdf: current.kdf, keyId: current.keyId, keys };
}

function closing(
	run: StaleRun,
	keyring: Keyring,
	context: OperationContext,
): { id: string; recordText: string } {
	return {
		id: run.id,
		recordText: formatRecord(closingRecord(run, context.clock.now()), keyring.current?.signer ?? null),
	};
}
