/**
 * Restore: from a record into new volumes, or over one that exists. The record is believed, and its key at hand,
 * before anything is made; every byte is checked on its way in, and when one is wrong the new volumes are removed
 * again.
 */
import { createVolume, findVolume, removeVolume } from '../docker/volumes';
import { BackupError, joinErrors } from '../protocol/errors';
import type { BackupRecord, Trust } from '../protocol/record';
import { withDocker } from './executor';
import { extractVolumes, type RestoredVolume } from './extract-volumes';
import { readCatalog } from './list-records';
import {
	explained,
	inMemory,
	keptInMemory,
	planVolume,
	type Recreate,
	type VolumePlan,
} from './recreate-volumes';
import { filterOf, requireRestorable, selectOne, type Selection } from './select';
import { nothingReplaced, restoreOverVolume, type Replaced } from './restore-over-volume';
import type { ChosenArchive, RestoreReport, RestoreWay } from './restore-way';
import type { HostSettings, OperationContext, RepositorySettings, Where } from './settings';

export interface RestoreVolumesRequest extends RestoreWay {
	readonly selection: Selection;
	/** Volumes of the archive to restore; empty means all. */
	readonly volumes: readonly string[];
	/** Name of the new volume for a volume of the archive; with `into` also of one that is there. */
	readonly nameFor: (source: string) => string;
	readonly allowUnsigned: boolean;
	/** Default: `original`. */
	readonly recreate?: Recreate;
}

export interface RestoreOutcome extends RestoreReport, Replaced {
	readonly record: BackupRecord;
	readonly volumes: readonly RestoredVolume[];
	/** New volumes that were made with the driver and options of the record, or would be. */
	readonly recreated: readonly string[];
	/** What the user should know of the volumes; whole sentences. */
	readonly warnings: readonly string[];
	readonly durationMs: number;
}

const volumeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

export async function restoreVolumes(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: RestoreVolumesRequest,
): Promise<RestoreOutcome> {
	const started = context.clock.monotonic();
	const where = { type: 'runner', host: hostSettings } as const;
	const { record, key, trust } = await chooseRecord(
		context,
		where,
		repository,
		request.selection,
		request.allowUnsigned,
	);
	const sources = chooseSources(record, request.volumes);
	const targets = sources.map((source) => ({ source, volume: request.nameFor(source) }));
	const archive = { record, key };
	if (request.overwrite) {
		const over = await restoreOverVolume(context, hostSettings, repository, archive, targets, request);
		const nothingMade = { recreated: [], warnings: [] };
		return { record, volumes: targets, ...nothingMade, ...over, durationMs: since(context, started) };
	}
	const { recreate = 'original' } = request;
	const plans: VolumePlan[] = [];
	const inPlace: string[] = [];
	const report = await withDocker(hostSettings.endpoint, async (host) => {
		const created: string[] = [];
		const missing = new Set<string>();
		try {
			for (const { source, volume } of targets) {
				const found = await findVolume(host, volume, context.signal);
				if (found && request.into) {
					if (inMemory(found.options)) inPlace.push(keptInMemory(volume));
					continue;
				}
				const plan = planVolume({ record, trust, source, volume, recreate });
				plans.push(plan);
				if (!found && request.dryRun) {
					missing.add(volume);
					continue;
				}
				// One that is there already is refused.
				await createVolume(host, plan.made, context.signal);
				created.push(volume);
			}
			const mounted = targets.filter(({ volume }) => !missing.has(volume));
			return await extractVolumes(context, where, repository, archive, targets, mounted, request);
		} catch (error) {
			let failure = explained(error, plans);
			for (const volume of created) {
				// A cancelled operation still cleans up: without its signal.
				await removeVolume(host, volume).catch((later: unknown) => (failure = joinErrors(failure, later)));
			}
			throw failure;
		}
	});
	return {
		record,
		volumes: targets,
		recreated: plans.filter(({ recreated }) => recreated).map(({ made }) => made.name),
		warnings: [...plans.flatMap(({ warnings }) => warnings), ...inPlace],
		...report,
		...nothingReplaced,
		durationMs: since(context, started),
	};
}

const since = ({ clock }: OperationContext, started: number): number =>
	Math.round(clock.monotonic() - started);

/** The one record that a restore means, checked, with its key. */
export async function chooseRecord(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	selection: Selection,
	allowUnsigned: boolean,
): Promise<ChosenArchive & { readonly trust: Trust }> {
	const { entries, keyring } = await readCatalog(context, where, repository, filterOf(selection));
	const entry = selectOne(entries, selection, keyring);
	requireRestorable(entry, keyring, allowUnsigned);
	return { record: entry.record, key: await keyring.keyOf(entry.record), trust: entry.trust };
}

export function chooseSources(record: BackupRecord, wanted: readonly string[]): string[] {
	if (record.kind !== 'volume' && record.kind !== 'container') {
		throw new BackupError(
			'archive_kind_mismatch',
			`${record.id} is a ${record.kind} archive, not one of volumes`,
			{ hint: 'Choose a backup of volumes, or the restore that is meant for this kind.' },
		);
	}
	const all = record.sources.filter(({ type }) => type !== 'container').map(({ name }) => name);
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
