/**
 * Backup Container: how containers are made, with their volumes, each an archive in the repository; and images, as
 * docker save gives them. One item out per archive: its record, and whether the repository was made by this run.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { backUpContainers, backUpImages } from '../../operations';
import { outcomesOf } from '../shared/backup-outcomes';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { hostSettings } from '../shared/host-settings';
import { livesOnOf } from '../shared/quiesce';
import { repositorySettings } from '../shared/repository-settings';
import { getContainers } from '../shared/resource-pickers';
import { runItems } from '../shared/run-items';
import { containerProperties } from './properties';
import { backUpRequest } from './request';

export class BackupContainer implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Backup Container',
		name: 'backupContainer',
		icon: { light: 'file:backupContainer.svg', dark: 'file:backupContainer.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["job"] }}: {{ $parameter["resource"] }}',
		description: 'Back up containers with their volumes and settings, and images',
		defaults: { name: 'Backup Container' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [
			{ name: 'dockerHostApi', displayName: 'Docker Host', required: true, testedBy: 'dockerHostTest' },
			{
				name: 'backupRepositoryApi',
				displayName: 'Backup Repository',
				required: true,
				testedBy: 'backupRepositoryTest',
			},
		],
		properties: containerProperties,
	};

	methods = {
		loadOptions: { getContainers },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const host = hostSettings(await credential('dockerHostApi'));
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			const asked = backUpRequest(parameters, livesOnOf(host.endpoint, process.env));
			return outcomesOf(
				asked.resource === 'image'
					? await backUpImages(context, host, repository, asked.request)
					: await backUpContainers(context, host, repository, asked.request),
			);
		});
	}
}
