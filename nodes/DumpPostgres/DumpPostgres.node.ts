/**
 * Dump Postgres: pg_dump in the server's own container, each database an archive in the repository, and one more for
 * roles and tablespaces. One item out per archive: its record, and whether the repository was made by this run.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { dumpPostgres } from '../../operations';
import { outcomesOf } from '../shared/backup-outcomes';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { getDatabases, searchContainers } from '../shared/database-pickers';
import { hostSettings } from '../shared/host-settings';
import { postgresServer } from '../shared/postgres-login';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { dumpProperties } from './properties';
import { dumpRequest } from './request';

export class DumpPostgres implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Dump Postgres',
		name: 'dumpPostgres',
		icon: { light: 'file:dumpPostgres.svg', dark: 'file:dumpPostgres.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ $parameter["job"] }}: {{ $parameter["container"]?.value || $parameter["container"] || "" }}',
		description: 'Back up the Postgres databases of a container: consistent, encrypted, ready to be drilled',
		defaults: { name: 'Dump Postgres' },
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
				displayOptions: { show: { logInAs: ['credential'] } },
			},
		],
		properties: dumpProperties,
	};

	methods = {
		loadOptions: { getDatabases },
		listSearch: { searchContainers },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential }) => {
			const host = hostSettings(await credential('dockerHostApi'));
			const repository = repositorySettings(await credential('backupRepositoryApi'));
			const server = await postgresServer(parameters, credential);
			const request = { ...dumpRequest(parameters), server };
			return outcomesOf(await dumpPostgres(context, host, repository, request));
		});
	}
}
