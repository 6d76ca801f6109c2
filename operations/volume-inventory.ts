/** The volumes of a host that are not ours, each with the containers (not ours either) that mount it. */
import type { DockerHost } from '../docker/client';
import { listAllContainers, type ListedContainer } from '../docker/running-containers';
import { isOurs, listVolumes, type Volume, type VolumeUser } from '../docker/volumes';

export interface InventoriedVolume extends Volume {
	readonly usedBy: readonly VolumeUser[];
	/** The same containers, as they are listed. */
	readonly users: readonly ListedContainer[];
}

export interface VolumeInventory {
	/** By name. */
	readonly volumes: readonly InventoriedVolume[];
	readonly containers: readonly ListedContainer[];
}

export async function takeInventory(docker: DockerHost, signal: AbortSignal): Promise<VolumeInventory> {
	const [listed, containers] = await Promise.all([
		listVolumes(docker, {}, signal),
		listAllContainers(docker, signal),
	]);
	const byId = new Map(containers.map((container) => [container.id, container]));
	const volumes = listed
		.filter((volume) => !isOurs(volume))
		.map((volume) => {
			const usedBy = volume.usedBy.filter(({ id }) => byId.has(id));
			const users = [...new Set(usedBy.map(({ id }) => id))].flatMap((id) => byId.get(id) ?? []);
			return { ...volume, usedBy, users };
		});
	return { volumes, containers };
}
