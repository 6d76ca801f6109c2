/** A container and all that must be known to make it again, as it is at this moment. Throws `container_not_found`. */
import { pathInContainer } from '../../docker/container-paths';
import { inspectWhole, findContainer } from '../../docker/create-container';
import type { DockerHost, HostDescription } from '../../docker/client';
import { inspectImage } from '../../docker/image-details';
import { imageEnvironment } from '../../docker/image-environment';
import { labels } from '../../docker/labels';
import { findNetwork } from '../../docker/networks';
import { findVolume, placesOf } from '../../docker/volumes';
import { BackupError } from '../../protocol/errors';
import type { Fields } from '../../protocol/parse';
import type { RecordWarning } from '../../protocol/record';
import type { RepositoryLocation } from '../settings';
import type { ContainerDocument } from './document';
import { fieldsIn, nameOf, textIn, textsIn } from './inspected';
import { maskContainer } from './masking';
import { mountsOf, planMounts, type LookedAt } from './mounts';
import type { Mask } from './requests';

export interface Inspecting {
	readonly repository: RepositoryLocation;
	readonly bindMounts: boolean;
	readonly mask: Mask;
	/** Milliseconds since 1970. */
	readonly now: number;
	readonly signal: AbortSignal;
}

export interface TakenInspection {
	readonly id: string;
	readonly name: string;
	readonly document: ContainerDocument;
	/** Whether the host still has its image. */
	readonly hasImage: boolean;
	readonly warnings: readonly RecordWarning[];
}

export async function takeInspection(
	host: DockerHost,
	{ name: hostName, version }: HostDescription,
	nameOrId: string,
	inspecting: Inspecting,
): Promise<TakenInspection> {
	const { mask, now, signal } = inspecting;
	const whole = await inspectWhole(host, nameOrId, signal);
	const id = textIn(whole, 'Id');
	const name = nameOf(whole);
	if (Object.hasOwn(textsIn(fieldsIn(whole, 'Config'), 'Labels'), labels.role)) {
		throw new BackupError('invalid_parameter', `container "${name}" is a runner of this program`, {
			hint: 'It goes away by itself; choose another container.',
		});
	}
	const imageId = textIn(whole, 'Image');
	const image = await inspectImage(host, imageId, signal);
	const own = image ? await imageEnvironment(host, imageId, signal) : {};
	const { container, ...masked } = maskContainer(whole, mask, own);
	const looked = await lookAtMounts(host, whole, signal);
	const { mounts, warnings } = planMounts(whole, looked, inspecting);
	const reference = textIn(fieldsIn(whole, 'Config'), 'Image');
	const gone = {
		code: 'image_missing',
		message: `the image of "${name}" (${reference}) is gone from the host: a restore must find it elsewhere`,
		path: null,
	};
	return {
		id,
		name,
		document: {
			version: 1,
			takenAt: new Date(now).toISOString(),
			docker: { host: hostName, version },
			container,
			masked,
			image: { reference, id: imageId, digests: image?.digests ?? [] },
			networks: await networksOf(host, whole, signal),
			mounts,
			containers: await containersOf(host, whole, signal),
		},
		hasImage: image !== undefined,
		warnings: [...(image ? [] : [gone]), ...warnings],
	};
}

async function lookAtMounts(host: DockerHost, container: Fields, signal: AbortSignal): Promise<LookedAt[]> {
	const looked: LookedAt[] = [];
	for (const mount of mountsOf(container)) {
		switch (textIn(mount, 'Type')) {
			case 'volume': {
				const volume = await findVolume(host, textIn(mount, 'Name'), signal);
				looked.push({ mount, ...(volume && { volume: { ...volume, places: placesOf(volume) } }) });
				break;
			}
			case 'bind': {
				const path = textIn(mount, 'Destination');
				looked.push({ mount, bound: await pathInContainer(host, textIn(container, 'Id'), path, signal) });
				break;
			}
			default:
				looked.push({ mount });
		}
	}
	return looked;
}

/** Which others are in them is nobody's business. */
async function networksOf(host: DockerHost, container: Fields, signal: AbortSignal): Promise<Fields[]> {
	const networks: Fields[] = [];
	for (const name of Object.keys(fieldsIn(fieldsIn(container, 'NetworkSettings'), 'Networks'))) {
		const network = await findNetwork(host, name, signal);
		if (!network) continue;
		const { Containers: _containers, Peers: _peers, Services: _services, ...kept } = network;
		networks.push(kept);
	}
	return networks;
}

async function containersOf(
	host: DockerHost,
	container: Fields,
	signal: AbortSignal,
): Promise<Record<string, string>> {
	const hostConfig = fieldsIn(container, 'HostConfig');
	const names: Record<string, string> = {};
	for (const mode of ['NetworkMode', 'IpcMode', 'PidMode']) {
		const shared = /^container:(.+)$/.exec(textIn(hostConfig, mode))?.[1];
		if (shared === undefined) continue;
		const other = await findContainer(host, shared, signal);
		if (other) names[shared] = nameOf(other);
	}
	return names;
}
