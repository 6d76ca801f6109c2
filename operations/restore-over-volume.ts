/**
 * Restore over a volume that exists, behind a lock of its own: whoever asks types the volume's name. Everything that
 * can be checked is checked first; then the containers that use it are stopped, it is backed up when that is wished,
 * its content is replaced, and the containers run again, whatever happened.
 */
import type { DockerHost } from '../docker/api';
import { inspectVolume, placesOf } from '../docker/volumes';
import { BackupError, isErrorCode, toBackupError } from '../protocol/errors';
import { parseJobName } from '../protocol/names';
import { backUpVolumes } from './back-up-volumes';
import { extractVolumes, type RestoredVolume } from './extract-volumes';
import { withDocker } from './executor';
import { inMemory } from './recreate-volumes';
import type { ChosenArchive, Overwrite, RestoreReport, RestoreWay } from './restore-way';
import { newRunId } from './run-job';
import type { HostSettings, OperationContext, RepositoryLocation, RepositorySettings } from './settings';
import { activeUsers, interrupting } from './stopped-containers';
import { holdsRepository } from './volume-sources';

/** What a restore did to what was there. */
export interface Replaced {
	readonly over: 'new' | 'overwrite';
	/** Names; of a dry run: those that would be stopped. */
	readonly containersStopped: readonly string[];
	readonly containersStarted: readonly string[];
	/** Id of the backup that was made before. */
	readonly safetyBackup: string | null;
	readonly previousContentRemoved: boolean;
}

export const nothingReplaced: Replaced = {
	over: 'new',
	containersStopped: [],
	containersStarted: [],
	safetyBackup: null,
	previousContentRemoved: false,
};

export async function restoreOverVolume(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	archive: ChosenArchive,
	targets: readonly RestoredVolume[],
	way: RestoreWay & { readonly overwrite?: Overwrite },
): Promise<RestoreReport & Replaced> {
	const { overwrite, dryRun = false } = way;
	if (!overwrite) throw new BackupError('invalid_parameter', 'nothing says that a volume may be overwritten');
	const { volume } = requireLock(targets, way, overwrite);
	const { stopContainers: mayStop, safetyBackupJob, wipeFirst } = overwrite;
	const { signal } = context;
	return await withDocker(hostSettings.endpoint, async (host) => {
		await requireTarget(host, volume, repository.location, signal);
		const planned = await activeUsers(host, volume, { mayStop, runners: 0 }, signal);
		const where = { type: 'runner', host: hostSettings } as const;
		if (dryRun) {
			const report = await extractVolumes(context, where, repository, archive, targets, targets, way);
			const containersStopped = planned.map(({ name }) => name);
			return { ...report, ...nothingReplaced, over: 'overwrite', containersStopped };
		}
		let safetyBackup: string | null = null;
		let replacing = false;
		let previousContentRemoved = true;
		const watching: OperationContext = {
			...context,
			onEvent(event) {
				if (event.event === 'warning' && event.code === 'previous_content_left')
					previousContentRemoved = false;
				context.onEvent(event);
			},
		};
		const runId = newRunId(context);
		const resting = { context, hostSettings, runId, job: archive.record.job, replaced: true };
		const { report, interruption } = await interrupting(host, resting, async (interruption) => {
			const before = async () => {
				await interruption.stop(() => activeUsers(host, volume, { mayStop, runners: 1 }, signal));
				if (safetyBackupJob !== undefined)
					safetyBackup = await backUp(context, hostSettings, repository, volume, safetyBackupJob);
				replacing = true;
			};
			try {
				const report = await extractVolumes(watching, where, repository, archive, targets, targets, way, {
					runId,
					before,
				});
				return { report, interruption };
			} catch (error) {
				throw replacing ? interrupted(error, volume, wipeFirst) : error;
			}
		});
		return {
			...report,
			over: 'overwrite',
			containersStopped: interruption.stopped,
			containersStarted: interruption.started,
			safetyBackup,
			previousContentRemoved,
		};
	});
}

function requireLock(
	targets: readonly RestoredVolume[],
	{ paths = [], into = '', salvage = false }: RestoreWay,
	{ confirm, safetyBackupJob }: Overwrite,
): RestoredVolume {
	const [target, ...others] = targets;
	if (!target || others.length > 0) {
		throw new BackupError('invalid_parameter', 'a restore overwrites one volume at a time', {
			hint: `Choose one of the archive's volumes: ${targets.map(({ source }) => source).join(', ')}.`,
		});
	}
	if (paths.length > 0 || into !== '' || salvage) {
		throw new BackupError(
			'invalid_parameter',
			'only a whole, sound archive can replace what a volume holds',
			{
				hint: 'Restore chosen paths, or what a damaged archive still gives, into a new volume; or below a new directory of this one, without overwriting.',
			},
		);
	}
	if (confirm !== target.volume) {
		throw new BackupError(
			'invalid_parameter',
			confirm === ''
				? `overwriting volume "${target.volume}" is not confirmed`
				: `overwriting volume "${target.volume}" is confirmed with another name, ${JSON.stringify(confirm)}`,
			{ hint: `To replace all that it holds, type its name: ${target.volume}` },
		);
	}
	if (safetyBackupJob !== undefined) parseJobName(safetyBackupJob);
	return target;
}

async function requireTarget(
	host: DockerHost,
	name: string,
	repository: RepositoryLocation,
	signal: AbortSignal,
): Promise<void> {
	const volume = await inspectVolume(host, name, signal);
	// Its containers are stopped for it, so nobody would hold what was restored.
	if (inMemory(volume.options)) {
		throw new BackupError(
			'invalid_parameter',
			`volume "${name}" is in memory (tmpfs) and can't be overwritten`,
			{
				hint: 'Its content lives only while a running container has it mounted: restore into a new directory of it, or under another name.',
			},
		);
	}
	if (!holdsRepository({ volume: name, places: placesOf(volume) }, repository)) return;
	throw new BackupError('invalid_parameter', `volume "${name}" holds the repository itself`, {
		hint: 'Overwriting it would remove the backups: restore into a new volume.',
	});
}

async function backUp(
	context: OperationContext,
	host: HostSettings,
	repository: RepositorySettings,
	volume: string,
	job: string,
): Promise<string> {
	const { records } = await backUpVolumes(context, host, repository, {
		job,
		volumes: [volume],
		directories: [],
		separate: false,
		exclude: [],
		compression: { algorithm: 'zstd', level: 1 },
		encrypt: repository.secret !== null,
		tags: ['safety'],
		lockWaitMs: 0,
	});
	const [record] = records;
	if (record?.status === 'success') return record.id;
	const { code, message, hint } = record?.error ?? { code: 'unexpected', message: 'no record', hint: null };
	throw new BackupError(isErrorCode(code) ? code : 'unexpected', `the safety backup failed: ${message}`, {
		hint: hint ?? undefined,
	});
}

/** What the volume holds after a failure is for the user to know, whoever died. */
function interrupted(thrown: unknown, volume: string, wipeFirst: boolean): BackupError {
	const { code, message, hint } = toBackupError(thrown);
	if (!wipeFirst) {
		return new BackupError(code, message, {
			hint:
				hint ?? `Should the restore have been cut off, another one over "${volume}" finishes or undoes it.`,
			cause: thrown,
		});
	}
	return new BackupError(
		code,
		`${message}; volume "${volume}" was being wiped and is incomplete until a restore over it succeeds`,
		{ hint: hint ?? 'Restore over it again.', cause: thrown },
	);
}
