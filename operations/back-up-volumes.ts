/**
 * Backup of volumes and directories: find out which are meant, mount them into a runner, and let it read them into one
 * archive or one each. Throws as `selectVolumes` and `runBackup`.
 */
import { describeHost } from '../docker/client';
import { BackupError } from '../protocol/errors';
import { parseJobName } from '../protocol/names';
import { withDocker } from './executor';
import { createQuieting } from './quiesce/quiesce';
import { noQuiesce, type QuiesceRequest } from './quiesce/requests';
import { usedSources } from './quiesce/used-sources';
import { requireSoundOptions, runBackup, type BackupOptions, type BackUpOutcome } from './run-backup';
import { newRunId } from './run-job';
import { selectVolumes, type VolumeChoice } from './select-volumes';
import type { HostSettings, OperationContext, RepositorySettings } from './settings';
import { describeSources, mountSources, planArchives, sourcesOf } from './volume-sources';

export interface BackUpRequest extends BackupOptions {
	/** Names, or what to choose them by. */
	readonly volumes: readonly string[] | VolumeChoice;
	/** Absolute paths on the Docker host. */
	readonly directories: readonly string[];
	/** One archive for each source instead of one for all. */
	readonly separate: boolean;
	readonly exclude: readonly string[];
	/** What becomes of the containers that use them; default: nothing. */
	readonly quiesce?: QuiesceRequest;
}

export async function backUpVolumes(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: BackUpRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	const { directories } = request;
	const choice =
		'by' in request.volumes ? request.volumes : ({ by: 'name', names: request.volumes } as const);
	if (choice.by === 'name' && choice.names.length + directories.length === 0) {
		throw new BackupError('invalid_parameter', 'no volume is selected', {
			hint: 'Name at least one volume.',
		});
	}
	requireSoundOptions(request, repository);
	const { signal } = context;
	const { location } = repository;
	const { sources, mounts, host } = await withDocker(hostSettings.endpoint, async (docker) => {
		const volumes = await selectVolumes(docker, choice, { job, repository: location }, signal);
		const chosen = sourcesOf({ volumes, directories });
		const mounts = await mountSources(docker, chosen, location, signal);
		const sources = await describeSources(docker, chosen, signal);
		return { sources, mounts, host: (await describeHost(docker, signal)).name };
	});
	const plans = planArchives(job, sources, request.separate, context);
	const { exclude, compression, encrypt, tags, lockWaitMs } = request;
	const runId = newRunId(context);
	const quieting = createQuieting(context, hostSettings, {
		runId,
		job,
		request: request.quiesce ?? noQuiesce,
		sources: new Map(plans.map((plan) => [plan.id, usedSources(plan, sources)])),
	});
	const options = { job, exclude, compression, encrypt, tags, lockWaitMs };
	const run = { ...options, host, plans, mounts, runId, ...(quieting && { quieting }) };
	return await runBackup(context, hostSettings, repository, run);
}
