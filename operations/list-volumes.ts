/** The volumes of a Docker host, for pickers: by name, with who uses them. */
import { connectDocker } from '../docker/client';
import { listVolumes } from '../docker/volumes';
import type { HostSettings } from './settings';

export interface VolumeListing {
	readonly name: string;
	readonly driver: string;
	readonly labels: Readonly<Record<string, string>>;
	/** Names of the containers that mount it, running or not. */
	readonly usedBy: readonly string[];
}

export async function listDockerVolumes(host: HostSettings, signal: AbortSignal): Promise<VolumeListing[]> {
	const volumes = await listVolumes(connectDocker(host.endpoint), {}, signal);
	return volumes
		.map(({ name, driver, labels, usedBy }) => ({ name, driver, labels, usedBy: usedBy.map((user) => user.name) }))
		.sort((a, b) => a.name.localeCompare(b.name));
}
