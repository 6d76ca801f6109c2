/** The engine's part of a restore into volumes: in a runner that has each mounted where its job says. */
import { extractInto, jobOf, type ChosenArchive, type RestoreReport, type RestoreWay } from './restore-way';
import { runJob } from './run-job';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface RestoredVolume {
	readonly source: string;
	readonly volume: string;
}

const targetDirectory = '/targets/volumes';

/**
 * `mounted`: the targets that are there; the others are only asked about. `replacing`: the run that what is at rest
 * belongs to, and what is done before anything is replaced.
 */
export async function extractVolumes(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	archive: ChosenArchive,
	targets: readonly RestoredVolume[],
	mounted: readonly RestoredVolume[],
	way: RestoreWay,
	replacing?: { readonly runId: string; readonly before: () => Promise<void> },
): Promise<RestoreReport> {
	const mounts = mounted.map(({ source, volume }) => ({
		type: 'volume' as const,
		source: volume,
		target: `${targetDirectory}/${source}`,
		readOnly: way.dryRun ?? false,
		missingCode: 'volume_not_found' as const,
	}));
	const work = {
		job: {
			verb: 'restore',
			...jobOf(way),
			mode: 'volume',
			targets: targets.map(({ source }) => ({ source, path: `${targetDirectory}/${source}` })),
		},
		role: 'extract',
		mounts,
		labelledJob: archive.record.job,
		...(replacing && { runId: replacing.runId }),
	} as const;
	return await runJob(context, where, repository, work, (session) =>
		extractInto(session, archive, replacing?.before),
	);
}
