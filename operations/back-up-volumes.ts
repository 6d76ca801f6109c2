/**
 * Backup: check the request, start a runner beside the volumes, let it read, sign what it sealed, and
 * return the records. Nothing is published without our signature on it; a failed archive has a record
 * too. Throws before there is anything to record: names, volumes, images, repository, lease.
 */
import { describeHost } from '../docker/client';
import { archiveKey, formatRecord } from '../engine/index';
import { BackupError } from '../protocol/errors';
import type { StaleRun } from '../protocol/events';
import { emptyGo, type ArchivePlan, type Compression, type KeysFrame } from '../protocol/job';
import { parseJobName } from '../protocol/names';
import type { BackupRecord } from '../protocol/record';
import { withDocker } from './executor';
import type { Keyring } from './keyring';
import { runJob } from './run-job';
import type { Session } from './session';
import { closingRecord } from './stale-runs';
import type { HostSettings, OperationContext, RepositorySettings } from './settings';
import { mountSources, planArchives, sourcesOf, type ChosenSources } from './volume-sources';

export interface BackUpRequest extends ChosenSources {
	readonly job: string;
	/** One archive for each source instead of one for all. */
	readonly separate: boolean;
	readonly exclude: readonly string[];
	readonly compression: Compression;
	readonly encrypt: boolean;
	readonly tags: readonly string[];
	readonly lockWaitMs: number;
}

export interface BackUpOutcome {
	/** One of every archive; failed ones say why in `error`. */
	readonly records: readonly BackupRecord[];
	readonly repositoryCreated: boolean;
}

export async function backUpVolumes(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: BackUpRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	requireSound(request, repository);
	const sources = sourcesOf(request);
	const { mounts, hostName } = await withDocker(hostSettings.endpoint, async (host) => ({
		mounts: await mountSources(host, sources, repository.location, context.signal),
		hostName: (await describeHost(host, context.signal)).name,
	}));
	const plans = planArchives(job, sources, request.separate, context);
	const where = { type: 'runner', host: hostSettings } as const;
	const work = {
		job: {
			verb: 'backup',
			job,
			host: hostName,
			archives: plans,
			exclude: request.exclude,
			compression: request.compression,
			encrypt: request.encrypt,
			lockWaitMs: request.lockWaitMs,
		},
		role: 'read',
		mounts,
		writesRepository: true,
		labelledJob: job,
		keysFor: (keyring: Keyring) => keysFor(keyring, plans, request.encrypt),
	} as const;
	return await runJob(context, where, repository, work, async (session, { keyring, repositoryCreated }) => {
		const { staleRuns } = await session.next('ready');
		const closeRuns = staleRuns.map((run) => closing(run, keyring, context));
		session.send('go', { ...emptyGo, closeRuns });
		return { records: await signAndCollect(session, keyring, request, context), repositoryCreated };
	});
}

/** Signs each record that the engine proposes; a record counts once the engine has stored it. */
async function signAndCollect(
	session: Session,
	keyring: Keyring,
	request: BackUpRequest,
	context: OperationContext,
): Promise<BackupRecord[]> {
	const proposed = new Map<string, BackupRecord>();
	const stored: BackupRecord[] = [];
	for (;;) {
		const event = await session.next('sealed', 'failed', 'stored', 'source-read', 'done');
		switch (event.event) {
			case 'sealed':
			case 'failed': {
				const record: BackupRecord = { ...event.record, tags: request.tags, workflow: context.workflow };
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
			case 'source-read':
				break;
			case 'done':
				return stored;
		}
	}
}

function requireSound(request: BackUpRequest, repository: RepositorySettings): void {
	if (request.volumes.length + request.directories.length === 0) {
		throw new BackupError('invalid_parameter', 'no volume is selected', {
			hint: 'Name at least one volume.',
		});
	}
	if (request.encrypt && repository.secret === null) {
		throw new BackupError('key_missing', 'encryption is on and the repository has no key', {
			hint: 'Set an encryption key or passphrase in the Backup Repository credential (make one with: docker-backup keygen), or switch encryption off.',
		});
	}
	const { algorithm, level } = request.compression;
	if (algorithm === 'none' ? level !== null : level === null || level < 1 || level > 19) {
		throw new BackupError('invalid_parameter', `compression level ${level} is not between 1 and 19`, {
			hint: 'Level 1 is the fastest and fits most; higher ones take much longer for a little less space.',
		});
	}
}

function keysFor(
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
