/**
 * The containers, images and Compose projects of a Docker host, as they are at this moment; runners of ours are left
 * out. Throws what the Docker Engine's API throws (`docker/api.ts`).
 */
import { projectOf, serviceOf } from '../docker/compose';
import { listImages, type ListedImage } from '../docker/image-list';
import { listAllContainers, type ContainerMount, type ListedContainer } from '../docker/running-containers';
import { isAnonymous } from '../docker/volumes';
import { withDocker } from './executor';
import { matchesFilter, projectsOf, type ResourceFilter } from './resources-filter';
import type { HostSettings, OperationContext } from './settings';
import { takeInventory } from './volume-inventory';

export interface ContainerResource extends ListedContainer {
	readonly running: boolean;
	/** Of Docker Compose; null: it is of none. */
	readonly project: string | null;
	readonly service: string | null;
	readonly mounts: readonly ContainerMount[];
}

export interface ImageResource extends ListedImage {
	/** Names of the containers made of it, running or not. */
	readonly usedBy: readonly string[];
}

export interface ComposeProject {
	readonly name: string;
	/** How many it has; volumes: named ones, its own and those that its containers use. */
	readonly containers: number;
	readonly volumes: number;
}

export const everything: ResourceFilter = { labels: [], name: null, project: null };

export async function listContainerResources(
	{ signal }: OperationContext,
	host: HostSettings,
	filter: ResourceFilter = everything,
): Promise<ContainerResource[]> {
	const containers = await withDocker(
		host.endpoint,
		async (docker) => await listAllContainers(docker, signal),
	);
	return containers
		.map((container) => ({
			...container,
			running: container.state === 'running',
			project: projectOf(container.labels),
			service: serviceOf(container.labels),
		}))
		.filter(({ name, labels, project }) =>
			matchesFilter({ names: [name], labels, projects: project === null ? [] : [project] }, filter),
		);
}

export async function listImageResources(
	{ signal }: OperationContext,
	host: HostSettings,
	filter: ResourceFilter = everything,
): Promise<ImageResource[]> {
	const { images, containers } = await withDocker(host.endpoint, async (docker) => ({
		images: await listImages(docker, signal),
		containers: await listAllContainers(docker, signal),
	}));
	return images
		.map((image) => ({ image, users: containers.filter(({ imageId }) => imageId === image.id) }))
		.filter(({ image: { tags, id, labels }, users }) =>
			matchesFilter(
				{ names: [...tags, ...tags.map(withoutTag), id], labels, projects: projectsOf({}, users) },
				filter,
			),
		)
		.map(({ image, users }) => ({ ...image, usedBy: users.map(({ name }) => name) }));
}

/** `registry:5000/app:1` is `registry:5000/app`. */
const withoutTag = (reference: string): string => reference.replace(/:[^:/]*$/, '');

/** By name. */
export async function listProjects(
	{ signal }: OperationContext,
	host: HostSettings,
): Promise<ComposeProject[]> {
	const { volumes, containers } = await withDocker(
		host.endpoint,
		async (docker) => await takeInventory(docker, signal),
	);
	const ofContainers = containers.flatMap(({ labels }) => projectOf(labels) ?? []);
	const ofVolumes = volumes
		.filter((volume) => !isAnonymous(volume))
		.flatMap(({ labels, users }) => projectsOf(labels, users));
	const count = (all: readonly string[], name: string) => all.filter((each) => each === name).length;
	return [...new Set([...ofContainers, ...ofVolumes])].toSorted().map((name) => ({
		name,
		containers: count(ofContainers, name),
		volumes: count(ofVolumes, name),
	}));
}
