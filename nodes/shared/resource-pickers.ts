/** Lists of a Docker host's containers and Compose projects, for the editor. */
import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';
import { listContainerResources, listProjects } from '../../operations';
import { hostSettings } from './host-settings';
import { briefContext } from './operation-context';
import { limitMs, matches, shown } from './pickers';

/** Compose projects, each with what it consists of. */
export async function getProjects(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await shown(this, async () => await projectsOf(this));
}

/** The same, to choose one. */
export async function searchProjects(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return await shown(this, async () => {
		const projects = (await projectsOf(this)).filter(({ value }) => matches(value, filter));
		return { results: projects.map(({ value, description }) => ({ name: value, value, description })) };
	});
}

/** All containers, running ones first, each with its image and state. */
export async function getContainers(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await shown(this, async () => {
		const containers = await listContainerResources(briefContext(limitMs), await host(this));
		return containers
			.toSorted((a, b) => Number(b.running) - Number(a.running))
			.map(({ name, image, state }) => ({
				name,
				value: name,
				description: state === 'running' ? image : `${image}, ${state}`,
			}));
	});
}

async function projectsOf(functions: ILoadOptionsFunctions) {
	const projects = await listProjects(briefContext(limitMs), await host(functions));
	return projects.map(({ name, containers, volumes }) => ({
		name,
		value: name,
		description: `${counted(containers, 'container')}, ${counted(volumes, 'named volume')}`,
	}));
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const host = async (functions: ILoadOptionsFunctions) =>
	hostSettings(await functions.getCredentials('dockerHostApi'));
