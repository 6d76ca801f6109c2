/**
 * Snapshots of SQLite databases: their place is mounted read-only into a runner, which makes one archive of each file.
 * One that fails leaves a failed record, and the others go on. Throws as `runBackup`, and `sqlite_not_found` where
 * nothing is to be backed up.
 */
import { describeHost } from '../../docker/client';
import { BackupError } from '../../protocol/errors';
import { parseJobName, parsePathBelow } from '../../protocol/names';
import { withDocker } from '../executor';
import { planIds } from '../plan-ids';
import { requireSoundOptions, runBackup, type BackUpOutcome } from '../run-backup';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { mountSources } from '../volume-sources';
import { listSqliteFiles } from './list-files';
import { describePlace, mountOf, placeRoot, tidied } from './place';
import type { FilePlace, SnapshotSqliteRequest } from './requests';

/** What restores of ours have put beside a database. */
const ours = /\.(restore|before|incoming)\.[A-Za-z0-9._-]+-\d{8}T\d{6}Z-[0-9a-f]{4}(\.\d+)?$/;
const longestBusyLimitMs = 24 * 3600_000;

export async function snapshotSqlite(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: SnapshotSqliteRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	requireSoundOptions(request, repository);
	const { compression, encrypt, tags, lockWaitMs, busyLimitMs } = request;
	if (!Number.isInteger(busyLimitMs) || busyLimitMs < 0 || busyLimitMs > longestBusyLimitMs)
		throw new BackupError(
			'invalid_parameter',
			`a busy limit of ${busyLimitMs} ms is not between 0 and a day`,
		);
	const place = tidied(request.place);
	mountOf(place, true);
	const paths = await choosePaths(context, hostSettings, place, request.paths);
	const { mounts, host } = await withDocker(hostSettings.endpoint, async (docker) => ({
		mounts: await mountSources(
			docker,
			[{ type: place.type, name: place.name, from: place.name, path: placeRoot }],
			repository.location,
			context.signal,
		),
		host: (await describeHost(docker, context.signal)).name,
	}));
	const newIds = planIds(job, context);
	const plans = paths.map((path) => ({
		...newIds(path),
		series: `${place.name}:${path}`,
		kind: 'sqlite' as const,
		sources: [
			{ type: 'file' as const, name: `${place.name}/${path}`, path: `${placeRoot}/./${path}` },
		] as const,
		expectedBytes: null,
	}));
	const run = { job, host, plans, mounts, compression, encrypt, tags, lockWaitMs, busyLimitMs };
	return await runBackup(context, hostSettings, repository, run);
}

async function choosePaths(
	context: OperationContext,
	host: HostSettings,
	place: FilePlace,
	wanted: readonly string[],
): Promise<readonly string[]> {
	const twice = wanted.find((path, position) => wanted.indexOf(path) !== position);
	if (twice !== undefined)
		throw new BackupError('invalid_parameter', `"${twice}" is selected twice`, {
			hint: 'Name each database once.',
		});
	if (wanted.length > 0) return wanted.map(parsePathBelow);
	const found = await listSqliteFiles(context, host, place);
	const paths = found.map(({ path }) => path).filter((path) => !ours.test(path));
	if (paths.length > 0) return paths;
	throw new BackupError('sqlite_not_found', `there is no SQLite database in ${describePlace(place)}`, {
		hint: 'Choose the volume that holds it, or name its path.',
	});
}
