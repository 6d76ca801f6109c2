/**
 * Where each mount of an archived container comes to lie, and its content there: volumes and directories that the host
 * has not are made from the archive; those that it has must be empty, or are kept as they are. New ones are removed again
 * by `undo`. Throws `target_not_empty`, `invalid_parameter`, and as the extraction does.
 */
import type { DockerHost } from '../../docker/client';
import { createVolume, findVolume, removeVolume } from '../../docker/volumes';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { Trust } from '../../protocol/record';
import { extractVolumes, type RestoredVolume } from '../extract-volumes';
import { planVolume, type VolumePlan } from '../recreate-volumes';
import type { ChosenArchive } from '../restore-way';
import type { OperationContext, RepositorySettings, Where } from '../settings';
import type { ArchivedMount, ContainerDocument } from './document';
import type { PlacedMount, RestoreContainerRequest } from './requests';
import type { Undo } from './undo';

export interface MountPlan {
	readonly placed: readonly PlacedMount[];
	readonly placeOf: (mount: ArchivedMount) => string;
	/** Volumes to be filled; those to be made first have a plan. */
	readonly fill: readonly (RestoredVolume & { readonly made?: VolumePlan })[];
	readonly warnings: readonly string[];
}

export interface MountsAt {
	readonly context: OperationContext;
	readonly where: Where;
	readonly repository: RepositorySettings;
	readonly archive: ChosenArchive & { readonly trust: Trust };
	readonly host: DockerHost;
}

export async function planMountPlaces(
	{ host, context, archive: { record, trust } }: MountsAt,
	{ mounts }: ContainerDocument,
	container: string,
	{ volumes: { rename, suffix }, keepExisting }: RestoreContainerRequest,
): Promise<MountPlan> {
	const known = mounts.map(({ name }) => name);
	const unknown = Object.keys(rename).find((name) => !known.includes(name));
	if (unknown !== undefined) {
		throw new BackupError('invalid_parameter', `${record.id} holds no volume "${unknown}"`, {
			hint: `It holds: ${known.filter((name) => name !== null).join(', ')}.`,
		});
	}
	const placeOf = ({ type, name, from, anonymous }: ArchivedMount): string => {
		if (type !== 'volume' || name === null) return from;
		return rename[name] ?? `${anonymous ? `${container}-${name}` : name}${suffix}`;
	};
	const placed: PlacedMount[] = [];
	const fill = new Map<string, MountPlan['fill'][number]>();
	const warnings: string[] = [];
	for (const mount of mounts) {
		const { name: source, type, destination } = mount;
		const place = placeOf(mount);
		if (source === null || type !== 'volume') {
			placed.push({ source, type, place, destination, action: 'kept' });
			continue;
		}
		const exists = (await findVolume(host, place, context.signal)) !== undefined;
		const action = exists && keepExisting ? 'kept' : 'created';
		placed.push({ source, type, place, destination, action });
		if (action === 'kept' || fill.has(source)) continue;
		const plan = { record, trust, source, volume: place, recreate: 'original' } as const;
		const made = exists ? undefined : planVolume(plan);
		fill.set(source, { source, volume: place, ...(made && { made }) });
		warnings.push(...(made?.warnings ?? []));
	}
	return { placed, placeOf, fill: [...fill.values()], warnings };
}

/** What would become of volumes that exist: an extraction that writes nothing looks into each. */
export async function lookIntoVolumes(at: MountsAt, { fill, placed }: MountPlan): Promise<PlacedMount[]> {
	const refused: string[] = [];
	for (const { made, ...target } of fill) {
		if (made) continue;
		try {
			await extract(at, [target], true);
		} catch (error) {
			if (toBackupError(error).code !== 'target_not_empty') throw error;
			refused.push(target.source);
		}
	}
	return placed.map((mount) =>
		mount.source !== null && refused.includes(mount.source) ? { ...mount, action: 'refused' } : mount,
	);
}

export async function fillVolumes(at: MountsAt, { fill }: MountPlan, undo: Undo): Promise<void> {
	const { host, context } = at;
	for (const { made } of fill) {
		if (!made) continue;
		const { name } = await createVolume(host, made.made, context.signal);
		undo.add(() => removeVolume(host, name));
	}
	if (fill.length === 0) return;
	try {
		await extract(at, fill, false);
	} catch (error) {
		const { code, message } = toBackupError(error);
		if (code !== 'target_not_empty') throw error;
		throw new BackupError(code, message, {
			hint: 'Keep existing volumes as they are, give the volumes other names (a suffix for all), or remove what is there.',
			cause: error,
		});
	}
}

async function extract(
	{ context, where, repository, archive }: MountsAt,
	targets: readonly RestoredVolume[],
	dryRun: boolean,
): Promise<void> {
	await extractVolumes(context, where, repository, archive, targets, targets, { dryRun });
}
