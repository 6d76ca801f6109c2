/**
 * Restore: from a record into new volumes, checked while it is written; an existing volume is never touched.
 * One item out: which volumes were made, from which record.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { restoreVolumes, systemClock } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { hostSettings } from '../shared/host-settings';
import { getArchivedVolumes, searchJobs, searchRecords } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { restoreProperties } from './properties';
import { restoreRequest } from './request';

export class Restore implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Restore',
		name: 'restore',
		icon: { light: 'file:restore.svg', dark: 'file:restore.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["select"] === "id" ? "one backup" : "latest of a job" }}',
		description: 'Restore Docker volumes from a backup, into new volumes',
		defaults: { name: 'Restore' },
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
		properties: restoreProperties,
	};

	methods = {
		loadOptions: { getArchivedVolumes },
		listSearch: { searchJobs, searchRecords },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const host = hostSettings(await credential('dockerHostApi'));
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			const { record, volumes, entries, bytes, durationMs } = await restoreVolumes(
				context,
				host,
				repository,
				restoreRequest(parameters),
			);
			const at = new Date(systemClock.now()).toISOString();
			const data = {
				id: record.id,
				job: record.job,
				series: record.series,
				volumes,
				entries,
				bytes,
				durationMs,
				at,
				record,
			};
			return { outcomes: [{ data }] };
		});
	}
}
