/**
 * Backup of volumes and directories: check the request, mount them into a runner, and let it read them into one
 * archive or one each. Throws as `runBackup`.
 */
import { describeHost } from '../docker/client';
import { BackupError } from '../protocol/errors';
import { parseJobName } from '../protocol/names';
import { withDocker } from './executor';
import { requireSoundOptions, runBackup, type BackupOptions, type BackUpOutcome } from './run-backup';
import type { HostSettings, OperationContext, RepositorySettings } from './settings';
import { mountSources, planArchives, sourcesOf, type ChosenSources } from './volume-sources';

export interface BackUpRequest extends ChosenSources, BackupOptions {
	/** One archive for each source instead of one for all. */
	readonly separate: boolean;
	readonly exclude: readonly string[];
}

export async function backUpVolumes(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: BackUpRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	if (request.volumes.length + request.directories.length === 0) {
		throw new BackupError('invalid_parameter', 'no volume is selected', {
			hint: 'Name at least one volume.',
		});
	}
	requireSoundOptions(request, repository);
	const sources = sourcesOf(request);
	const { mounts, host } = await withDocker(hostSettings.endpoint, async (docker) => ({
		mounts: await mountSources(docker, sources, repository.location, context.signal),
		host: (await describeHost(docker, context.signal)).name,
	}));
	const plans = planArchives(job, sources, request.separate, context);
	const { exclude, compression, encrypt, tags, lockWaitMs } = request;
	const run = { job, host, plans, mounts, exclude, compression, encrypt, tags, lockWaitMs };
	return await runBackup(context, hostSettings, repository, run);
}
