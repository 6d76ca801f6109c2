/**
 * Backup Catalog: what is in a repository, and what can be done with it without a backup or a restore. Records
 * come newest first, with their trust (signed, unsigned, forged, unchecked); runs under way and records that
 * can't be read are listed too. A repository in S3 needs no Docker host.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { browseArchive } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { optionalHostSettings } from '../shared/host-settings';
import { searchJobs, searchRecords } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { asOptionsSay } from '../shared/versions';
import { whereForCatalog } from '../shared/where';
import { pageOutcome } from './browse';
import { failureOf, perform, type Surroundings } from './perform';
import { catalogProperties, reading } from './properties';
import { catalogRequest } from './request';

export class BackupCatalog implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Backup Catalog',
		name: 'backupCatalog',
		icon: { light: 'file:backupCatalog.svg', dark: 'file:backupCatalog.dark.svg' },
		group: ['input'],
		version: 1,
		subtitle:
			'={{ ({ adopt: "adopt archive", check: "check repository", getAll: "get many", link: "get download link" })[$parameter["operation"]] || $parameter["operation"] }}',
		description: 'List, browse, download, hold, delete and check the backups of a repository',
		defaults: { name: 'Backup Catalog' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [
			{
				name: 'dockerHostApi',
				displayName: 'Docker Host (Optional for S3)',
				required: false,
				testedBy: 'dockerHostTest',
			},
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
		return await runItems(this, async ({ context, parameters, credential, optionalCredential }) => {
			const request = catalogRequest(parameters);
			const host = optionalHostSettings(await optionalCredential('dockerHostApi'));
			const inCredential = repositorySettings(await credential('backupRepositoryApi'));
			// An option may be left from another operation.
			const repository = reading.includes(request.operation)
				? asOptionsSay(inCredential, parameters.group('options', 'Options'))
				: inCredential;
			const where = whereForCatalog(host, repository.location);
			if (request.operation === 'browse')
				return pageOutcome(await browseArchive(context, where, repository, request), request);
			const store: Surroundings['store'] = (stream, fileName, mimeType) =>
				this.helpers.prepareBinaryData(stream, fileName, mimeType);
			const outcomes = await perform(request, { context, where, repository, store });
			return { outcomes, failure: failureOf(outcomes) };
		});
	}
}
