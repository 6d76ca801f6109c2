/**
 * Verify Archive: reads archives again and compares them with their records. One item out per archive,
 * `{ok, id, job, level, checksum, error, …}`. A bad archive fails the node once all were looked at, so that
 * a scheduled verify pass alarms like any failed workflow; an option makes it a plain result instead.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { verifyArchives } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { hostSettings } from '../shared/host-settings';
import { searchJobs, searchRecords } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { selectionOf } from '../shared/selection';
import { verifyProperties } from './properties';
import { outcomesOf } from './outcomes';

export class VerifyArchive implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Verify Archive',
		name: 'verifyArchive',
		icon: { light: 'file:verifyArchive.svg', dark: 'file:verifyArchive.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["level"] === "deep" ? "deep" : "checksum" }}',
		description: 'Check that backups can still be trusted: re-read, re-hash, decrypt, compare',
		defaults: { name: 'Verify Archive' },
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
		properties: verifyProperties,
	};

	methods = {
		listSearch: { searchJobs, searchRecords },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const where = { type: 'runner', host: hostSettings(await credential('dockerHostApi')) } as const;
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			const level = parameters.oneOf('level', 'Level', ['checksum', 'deep']);
			const failOnBad = parameters.flag('failOnBad', 'Fail When an Archive Is Bad');
			const request = { selection: selectionOf(parameters), level };
			return outcomesOf(await verifyArchives(context, where, repository, request), failOnBad);
		});
	}
}
