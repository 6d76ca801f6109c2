/**
 * Backup Catalog: what is in a repository. One item out per record, newest first, with its trust (signed,
 * unsigned, forged, unchecked); runs under way and records that can't be read are listed too.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { getRecord, listRecords } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { hostSettings } from '../shared/host-settings';
import { searchJobs, searchRecords } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { entryJson } from './entry-json';
import { catalogProperties } from './properties';
import { catalogRequest } from './request';

export class BackupCatalog implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Backup Catalog',
		name: 'backupCatalog',
		icon: { light: 'file:backupCatalog.svg', dark: 'file:backupCatalog.dark.svg' },
		group: ['input'],
		version: 1,
		subtitle: '={{ $parameter["operation"] === "get" ? "get" : "get many" }}',
		description: 'List the backups in a repository, or get one record',
		defaults: { name: 'Backup Catalog' },
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
		properties: catalogProperties,
	};

	methods = {
		listSearch: { searchJobs, searchRecords },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const where = { type: 'runner', host: hostSettings(await credential('dockerHostApi')) } as const;
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			const request = catalogRequest(parameters);
			const entries =
				request.operation === 'get'
					? [await getRecord(context, where, repository, request.id)]
					: await listRecords(context, where, repository, request);
			return { outcomes: entries.map((entry) => ({ data: entryJson(entry) })) };
		});
	}
}
