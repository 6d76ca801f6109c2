/**
 * Docker Resources: the containers, volumes and images of a Docker host as they are, and which volumes no backup of a
 * repository holds. One item out per resource; none, when there is none.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { hostSettings } from '../shared/host-settings';
import { repositorySettings } from '../shared/repository-settings';
import { searchProjects } from '../shared/resource-pickers';
import { runItems } from '../shared/run-items';
import { whereForCatalog } from '../shared/where';
import { perform } from './perform';
import { resourcesProperties } from './properties';
import { looksIntoRepository, resourcesRequest } from './request';

export class DockerResources implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Docker Resources',
		name: 'dockerResources',
		icon: { light: 'file:dockerResources.svg', dark: 'file:dockerResources.dark.svg' },
		group: ['input'],
		version: 1,
		subtitle:
			'={{ $parameter["operation"] === "unprotected" ? "unprotected volumes" : $parameter["operation"] }}',
		description:
			'List the containers, volumes and images of a Docker host, and the volumes that no backup holds',
		defaults: { name: 'Docker Resources' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [
			{ name: 'dockerHostApi', displayName: 'Docker Host', required: true, testedBy: 'dockerHostTest' },
			{
				name: 'backupRepositoryApi',
				displayName: 'Backup Repository (Optional for Volumes)',
				required: false,
				testedBy: 'backupRepositoryTest',
				displayOptions: { show: { operation: [...looksIntoRepository] } },
			},
		],
		properties: resourcesProperties,
	};

	methods = {
		listSearch: { searchProjects },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential, optionalCredential }) => {
			const request = resourcesRequest(parameters);
			const host = hostSettings(await credential('dockerHostApi'));
			// One may be left from another operation.
			const chosen = looksIntoRepository.some((operation) => operation === request.operation)
				? await optionalCredential('backupRepositoryApi')
				: null;
			const repository = chosen === null ? null : repositorySettings(chosen);
			const lookIn = repository && { repository, where: whereForCatalog(host, repository.location) };
			const resources = await perform(context, host, request, lookIn);
			return { outcomes: resources.map((data) => ({ data })) };
		});
	}
}
