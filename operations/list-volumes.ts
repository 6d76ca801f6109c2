/** The volumes of a Docker host, for pickers: by name, with who uses them. */
import { listVolumes } from '../docker/volumes';
import { withDocker } from './executor';
import type { HostSettings } from './settings';

export interface VolumeListing {
	readonly name: string;
	readonly driver: string;
	readonly labels: Readonly<Record<string, string>>;
	/** Names of the containers that mount it, running or not. */
	readonly usedBy: readonly string[];
}

export async function listDockerVolumes(host: HostSettings, signal: AbortSignal): Promise<VolumeListing[]> {
	const volumes = await withDocker(host.endpoint, async (docker) => await listVolumes(docker, {}, signal));
	return volumes
		.map(({ name, driver, labels, usedBy }) => ({
			name,
			driver,
			labels,
			usedBy: usedBy.map((user) => user.name),
		}))
		.sort((a, b) => a.name.localeCompare(b.name));
}
