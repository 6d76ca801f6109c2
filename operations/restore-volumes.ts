/**
 * Restore: from a record into new volumes. The record is believed, and its key at hand, before anything
 * is made; every byte is checked on its way in, and when one is wrong the new volumes are removed again.
 */
import { createVolume, removeVolume } from '../docker/volumes';
import { BackupError, joinErrors } from '../protocol/errors';
import type { BackupRecord } from '../protocol/record';
import { withDocker } from './executor';
import { readCatalog } from './list-records';
import { filterOf, requireRestorable, selectEntries, type Selection } from './select';
import { runJob } from './run-job';
import type { EventOf, Session } from './session';
import type { HostSettings, OperationContext, RepositorySettings, Where } from './settings';

export interface RestoreVolumesRequest {
	readonly selection: Selection;
	/** Volumes of the archive to restore; empty means all. */
	readonly volumes: readonly string[];
	/** Name of the new volume for a volume of the archive. */
	readonly nameFor: (source: string) => string;
	readonly allowUnsigned: boolean;
}

export interface RestoredVolume {
	readonly source: string;
	readonly volume: string;
}

export interface RestoreOutcome {
	readonly record: BackupRecord;
	readonly volumes: readonly RestoredVolume[];
	readonly entries: number;
	readonly bytes: number;
	readonly durationMs: number;
}

const volumeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const targetDirectory = '/targets/volumes';

export async function restoreVolumes(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: RestoreVolumesRequest,
): Promise<RestoreOutcome> {
	const started = context.clock.monotonic();
	const where = { type: 'runner', host: hostSettings } as const;
	const { record, key } = await chooseRecord(
		context,
		where,
		repository,
		request.selection,
		request.allowUnsigned,
	);
	const sources = chooseSources(record, request.volumes);
	const targets = sources.map((source) => ({ source, volume: request.nameFor(source) }));
	const figures = await withDocker(hostSettings.endpoint, async (host) => {
		const created: string[] = [];
		try {
			for (const { source, volume } of targets) {
				const labels = {
					'n8n-nodes-docker-backup.restored-from': record.id,
					'n8n-nodes-docker-backup.source': source,
				};
				await createVolume(host, { name: volume, labels }, context.signal);
				created.push(volume);
			}
			return await extract(context, where, repository, { record, key }, targets);
		} catch (error) {
			let failure: unknown = error;
			for (const volume of created) {
				// A cancelled operation still cleans up: without its signal.
				await removeVolume(host, volume).catch((later: unknown) => (failure = joinErrors(failure, later)));
			}
			throw failure;
		}
	});
	const durationMs = Math.round(context.clock.monotonic() - started);
	return { record, volumes: targets, entries: figures.entries, bytes: figures.bytes, durationMs };
}

/** One pass from the archive into the volumes, which are empty. */
async function extract(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	archive: ChosenArchive,
	targets: readonly RestoredVolume[],
): Promise<EventOf<'done'>> {
	const mounts = targets.map(({ source, volume }) => ({
		type: 'volume' as const,
		source: volume,
		target: `${targetDirectory}/${source}`,
		readOnly: false,
		missingCode: 'volume_not_found' as const,
	}));
	const work = {
		job: {
			verb: 'restore',
			mode: 'volume',
			targets: targets.map(({ source }) => ({ source, path: `${targetDirectory}/${source}` })),
		},
		role: 'extract',
		mounts,
		labelledJob: archive.record.job,
	} as const;
	return await runJob(context, where, repository, work, (session) => extractInto(session, archive));
}

/** What remains to be said once the engine knows its targets. */
export async function extractInto(session: Session, archive: ChosenArchive): Promise<EventOf<'done'>> {
	await session.next('ready');
	session.send('go', { closeRuns: [], level: 'deep', archives: [archive] });
	return await session.next('done');
}

export interface ChosenArchive {
	readonly record: BackupRecord;
	/** Key of the archive, base64; null when it is not encrypted. */
	readonly key: string | null;
}

/** The one record that a restore means, checked, with its key. */
export async function chooseRecord(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	selection: Selection,
	allowUnsigned: boolean,
): Promise<ChosenArchive> {
	const { entries, keyring } = await readCatalog(context, where, repository, filterOf(selection));
	const found = selectEntries(entries, selection, keyring);
	const [entry] = found;
	if (entry === undefined || found.length > 1) {
		throw new BackupError(
			'invalid_parameter',
			`the job has ${found.length} series of archives; a restore takes one`,
			{
				hint: `Name the record's id: ${found.map((candidate) => candidate.id).join(', ')}.`,
			},
		);
	}
	requireRestorable(entry, keyring, allowUnsigned);
	return { record: entry.record, key: await keyring.keyOf(entry.record) };
}

export function chooseSources(record: BackupRecord, wanted: readonly string[]): string[] {
	if (record.kind !== 'volume') {
		throw new BackupError(
			'invalid_parameter',
			`${record.id} is a ${record.kind} archive, not one of volumes`,
		);
	}
	const all = record.sources.map((source) => source.name);
	// They become paths, and where there is no key nobody vouches for a record.
	const odd = all.find((name) => !volumeName.test(name));
	if (odd !== undefined) {
		throw new BackupError('record_malformed', `record ${record.id} names a volume ${JSON.stringify(odd)}`);
	}
	const unknown = wanted.find((name) => !all.includes(name));
	if (unknown !== undefined) {
		throw new BackupError('invalid_parameter', `${record.id} holds no volume "${unknown}"`, {
			hint: `It holds: ${all.join(', ')}.`,
		});
	}
	return wanted.length === 0 ? all : [...wanted];
}
