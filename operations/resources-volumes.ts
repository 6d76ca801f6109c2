/**
 * The volumes of a Docker host: what they are, who uses them, and when they were last backed up into a repository.
 * Volumes of ours are left out. Throws what the Docker Engine's API throws, and what reading a repository does.
 */
import { describeHost } from '../docker/client';
import { volumeSizes } from '../docker/disk-usage';
import { shownOptions } from '../docker/volume-definition';
import { isAnonymous, placesOf, type Volume } from '../docker/volumes';
import { withDocker } from './executor';
import { matchesFilter, projectsOf, type ResourceFilter } from './resources-filter';
import { lastProtections, type Protection } from './resources-protection';
import type { HostSettings, OperationContext, RepositorySettings, Where } from './settings';
import { takeInventory, type InventoriedVolume } from './volume-inventory';
import { holdsRepository } from './volume-sources';

export interface VolumeResource extends Volume {
	/** Docker gave it its name. */
	readonly anonymous: boolean;
	/** Of Docker Compose; null: it is of none. */
	readonly project: string | null;
	/** Null: nobody asked, or its driver does not tell. */
	readonly sizeBytes: number | null;
	/** Whether a container that runs has it mounted. */
	readonly inUse: boolean;
	readonly usedBy: readonly {
		readonly container: string;
		/** `running`, `exited`, `created`, `paused`, … */
		readonly state: string;
		readonly readOnly: boolean;
	}[];
	/** The newest backup that holds it; null: there is none. Absent where no repository was looked into. */
	readonly lastProtected?: Protection | null;
}

export interface VolumesRequest {
	readonly filter: ResourceFilter;
	/** Whether to measure them: the daemon walks through all volumes of the host for it. */
	readonly sizes: boolean;
	/** Whether those without a name of their own count. */
	readonly anonymous: boolean;
}

/** Where backups are looked for, and from where. */
export interface LookIn {
	readonly where: Where;
	readonly repository: RepositorySettings;
}

export async function listVolumeResources(
	context: OperationContext,
	host: HostSettings,
	request: VolumesRequest,
	lookIn: LookIn | null,
): Promise<VolumeResource[]> {
	return (await look(context, host, request, lookIn)).map(({ resource }) => resource);
}

export interface UnprotectedRequest extends VolumesRequest {
	/** An older backup does not count; null: any does. */
	readonly maxAgeMs: number | null;
}

/** Those that no sound backup of the repository holds; never the repository's own. */
export async function listUnprotectedVolumes(
	context: OperationContext,
	host: HostSettings,
	request: UnprotectedRequest,
	lookIn: LookIn,
): Promise<VolumeResource[]> {
	const { location } = lookIn.repository;
	const oldest = request.maxAgeMs === null ? -Infinity : context.clock.now() - request.maxAgeMs;
	return (await look(context, host, request, lookIn))
		.filter(({ volume }) => !holdsRepository({ volume: volume.name, places: placesOf(volume) }, location))
		.map(({ resource }) => resource)
		.filter(({ lastProtected }) => !lastProtected || Date.parse(lastProtected.at) < oldest);
}

interface Looked {
	readonly volume: InventoriedVolume;
	readonly resource: VolumeResource;
}

async function look(
	context: OperationContext,
	host: HostSettings,
	{ filter, sizes, anonymous }: VolumesRequest,
	lookIn: LookIn | null,
): Promise<Looked[]> {
	const { signal } = context;
	const found = await withDocker(host.endpoint, async (docker) => ({
		inventory: await takeInventory(docker, signal),
		measured: sizes ? await volumeSizes(docker, { signal }) : null,
		hostName: lookIn && (await describeHost(docker, signal)).name,
	}));
	const wanted = found.inventory.volumes
		.filter((volume) => anonymous || !isAnonymous(volume))
		.filter(({ name, labels, users }) =>
			matchesFilter({ names: [name], labels, projects: projectsOf(labels, users) }, filter),
		);
	const protections =
		lookIn === null || found.hostName === null
			? null
			: await lastProtections(context, lookIn.where, lookIn.repository, found.hostName);
	return wanted.map((volume) => ({
		volume,
		resource: {
			...describe(volume, found.measured?.get(volume.name) ?? null),
			...(protections && { lastProtected: protections.get(volume.name) ?? null }),
		},
	}));
}

function describe(
	{ users, usedBy, ...volume }: InventoriedVolume,
	sizeBytes: number | null,
): Omit<VolumeResource, 'lastProtected'> {
	return {
		...volume,
		options: shownOptions(volume.options),
		anonymous: isAnonymous(volume),
		project: projectsOf(volume.labels, users)[0] ?? null,
		sizeBytes,
		inUse: users.some(({ state }) => state !== 'created' && state !== 'exited' && state !== 'dead'),
		usedBy: usedBy.map(({ name, state, readOnly }) => ({ container: name, state, readOnly })),
	};
}
