/**
 * Snapshot SQLite: a consistent copy of each database file of a volume or directory, taken while its application
 * writes on, checked, and stored as an archive of its own. One item out per archive: its record, and whether the
 * repository was made by this run.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { snapshotSqlite } from '../../operations';
import { outcomesOf } from '../shared/backup-outcomes';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { getSqliteFiles } from '../shared/database-pickers';
import { hostSettings } from '../shared/host-settings';
import { searchVolumes } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { snapshotProperties } from './properties';
import { snapshotRequest } from './request';

export class SnapshotSqlite implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Snapshot SQLite',
		name: 'snapshotSqlite',
		icon: { light: 'file:snapshotSqlite.svg', dark: 'file:snapshotSqlite.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ $parameter["job"] }}: {{ $parameter["placeType"] === "directory" ? $parameter["directory"] : ($parameter["volume"]?.value || $parameter["volume"] || "") }}',
		description: 'Back up SQLite databases while they are written to: consistent, checked, encrypted',
		defaults: { name: 'Snapshot SQLite' },
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
		properties: snapshotProperties,
	};

	methods = {
		loadOptions: { getSqliteFiles },
		listSearch: { searchVolumes },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const host = hostSettings(await credential('dockerHostApi'));
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			return outcomesOf(await snapshotSqlite(context, host, repository, snapshotRequest(parameters)));
		});
	}
}
