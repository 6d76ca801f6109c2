/**
 * Restore: from a record into new volumes, a new database, a file beside or the host's images, checked before anything that exists is
 * changed, or over what exists where its name was typed to confirm it. One item out: what was written, from which
 * record, and what was done to what was there.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { searchContainers } from '../shared/database-pickers';
import { hostSettings } from '../shared/host-settings';
import {
	getArchivedVolumes,
	searchJobs,
	searchRecords,
	searchSeries,
	searchVolumes,
} from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { asOptionsSay } from '../shared/versions';
import { performRestore } from './perform';
import { restoreProperties } from './properties';

export class Restore implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Restore',
		name: 'restore',
		icon: { light: 'file:restore.svg', dark: 'file:restore.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ $parameter["kind"] }}: {{ $parameter["select"] === "id" ? "one backup" : "latest of " + ($parameter["job"]?.value || $parameter["job"] || "a job") }}',
		description: 'Restore volumes, databases and images from a backup, beside what exists or over it',
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
			{
				name: 'postgresLoginApi',
				displayName: 'Postgres Login',
				required: true,
				displayOptions: { show: { kind: ['postgres'], logInAs: ['credential'] } },
			},
		],
		properties: restoreProperties,
	};

	methods = {
		loadOptions: { getArchivedVolumes },
		listSearch: { searchContainers, searchJobs, searchRecords, searchSeries, searchVolumes },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async (item) => {
			const host = hostSettings(await item.credential('dockerHostApi'));
			const repository = asOptionsSay(
				repositorySettings(await item.credential('backupRepositoryApi')),
				item.parameters.group('options', 'Options'),
			);
			return await performRestore(item, host, repository);
		});
	}
}
