/**
 * Backup Volume: reads Docker volumes and directories of the host in a runner beside them and writes one archive, or one for each, into
 * the repository. One item out per archive: its record, and whether the repository was made by this run.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { backUpVolumes } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { hostSettings } from '../shared/host-settings';
import { getVolumes } from '../shared/pickers';
import { getProjects } from '../shared/resource-pickers';
import { livesOnOf } from '../shared/quiesce';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { backupProperties } from './properties';
import { outcomesOf } from '../shared/backup-outcomes';
import { backUpRequest } from './request';

export class BackupVolume implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Backup Volume',
		name: 'backupVolume',
		icon: { light: 'file:backupVolume.svg', dark: 'file:backupVolume.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["job"] }}',
		description: 'Back up Docker volumes: encrypted, checksummed, restorable without n8n',
		defaults: { name: 'Backup Volume' },
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
		properties: backupProperties,
	};

	methods = {
		loadOptions: { getProjects, getVolumes },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const host = hostSettings(await credential('dockerHostApi'));
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			const request = backUpRequest(parameters, livesOnOf(host.endpoint, process.env));
			return outcomesOf(await backUpVolumes(context, host, repository, request));
		});
	}
}
