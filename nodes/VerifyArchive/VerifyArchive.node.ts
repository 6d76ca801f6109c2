/**
 * Verify Archive: reads archives again and compares them with their records; or compares the files of one with live
 * volumes, or with another archive; or restores a dump of Postgres into a throwaway container and checks it. One item out per archive, `{ok, id, job, level, error, …}`. A bad archive fails
 * the node once all were looked at, so that a scheduled verify pass alarms like any failed workflow; an option makes
 * it a plain result instead.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { compareArchives, drillPostgres, verifyArchives } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { optionalHostSettings } from '../shared/host-settings';
import { searchJobs, searchRecords, searchSeries } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { selectionOf } from '../shared/selection';
import { asOptionsSay } from '../shared/versions';
import { whereFor } from '../shared/where';
import { compareRequest, comparisonOutcome } from './compare';
import { drillOutcome, drillRequest, hostForDrill } from './drill';
import { verifyProperties } from './properties';
import { outcomesOf } from './outcomes';

export class VerifyArchive implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Verify Archive',
		name: 'verifyArchive',
		icon: { light: 'file:verifyArchive.svg', dark: 'file:verifyArchive.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ ["live", "archive"].includes($parameter["level"]) ? "compare" : $parameter["level"] }}: {{ $parameter["select"] === "id" ? "one backup" : ($parameter["job"]?.value || $parameter["job"] || "a job") }}',
		description: 'Check that backups can still be trusted: re-read, re-hash, decrypt, compare, drill',
		defaults: { name: 'Verify Archive' },
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
		properties: verifyProperties,
	};

	methods = {
		listSearch: { searchJobs, searchRecords, searchSeries },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runItems(this, async ({ context, parameters, credential, optionalCredential }) => {
			const host = optionalHostSettings(await optionalCredential('dockerHostApi'));
			const repository = asOptionsSay(
				repositorySettings(await credential('backupRepositoryApi')),
				parameters.group('options', 'Options'),
			);
			const level = parameters.oneOf('level', 'Level', ['checksum', 'deep', 'live', 'archive', 'drill']);
			const failOnBad = parameters.flag('failOnBad', 'Fail When an Archive Is Bad');
			if (level === 'drill') {
				const drilled = await drillPostgres(
					context,
					hostForDrill(host),
					repository,
					drillRequest(parameters),
				);
				return drillOutcome(drilled, failOnBad);
			}
			const where = whereFor(host, repository.location);
			if (level === 'live' || level === 'archive') {
				const compared = await compareArchives(context, where, repository, compareRequest(parameters, level));
				return comparisonOutcome(compared, level, failOnBad);
			}
			const request = { selection: selectionOf(parameters), level };
			return outcomesOf(await verifyArchives(context, where, repository, request), failOnBad);
		});
	}
}
