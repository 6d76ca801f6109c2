/**
 * Copy Archive: backups from one repository into up to three others, byte for byte, their SHA-256 compared on
 * the way. One item out per archive and target, `{target, place, id, job, outcome, bytes, durationMs, …}`; a
 * target with nothing to do, or out of reach, is one item. A failure fails the node after all targets.
 */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { copyArchives, type CopyTarget } from '../../operations';
import { backupRepositoryTest, dockerHostTest } from '../shared/credential-tests';
import { optionalHostSettings } from '../shared/host-settings';
import { searchJobs, searchRecords } from '../shared/pickers';
import { repositorySettings } from '../shared/repository-settings';
import { runItems } from '../shared/run-items';
import { whereFor } from '../shared/where';
import { outcomesOf } from './outcomes';
import { copyProperties } from './properties';
import { chosenTargets, copyRequest } from './request';

export class CopyArchive implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Copy Archive',
		name: 'copyArchive',
		icon: { light: 'file:copyArchive.svg', dark: 'file:copyArchive.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ {id: "one", latest: "latest of a job", missing: "everything missing"}[$parameter["select"]] }}',
		description: 'Copy backups into other repositories, byte for byte and checked',
		defaults: { name: 'Copy Archive' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [
			{ name: 'dockerHostApi', displayName: 'Docker Host', required: false, testedBy: 'dockerHostTest' },
			{
				name: 'backupRepositoryApi',
				displayName: 'Backup Repository (Source)',
				required: true,
				testedBy: 'backupRepositoryTest',
			},
			// Types of their own, though they ask for the same: a node can't have two credentials of one type.
			{
				name: 'backupTargetApi',
				displayName: 'Backup Target',
				required: true,
				testedBy: 'backupRepositoryTest',
			},
			{
				name: 'backupSecondTargetApi',
				displayName: 'Second Backup Target',
				required: true,
				testedBy: 'backupRepositoryTest',
				displayOptions: { show: { targets: [2, 3] } },
			},
			{
				name: 'backupThirdTargetApi',
				displayName: 'Third Backup Target',
				required: true,
				testedBy: 'backupRepositoryTest',
				displayOptions: { show: { targets: [3] } },
			},
		],
		properties: copyProperties,
	};

	methods = {
		listSearch: { searchJobs, searchRecords },
		credentialTest: { dockerHostTest, backupRepositoryTest },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNode().credentials ?? {};
		return await runItems(this, async ({ context, parameters, credential, optionalCredential }) => {
			const host = optionalHostSettings(await optionalCredential('dockerHostApi'));
			const source = repositorySettings(await credential('backupRepositoryApi'));
			const targets: CopyTarget[] = [];
			for (const type of chosenTargets(parameters)) {
				const repository = repositorySettings(await credential(type));
				targets.push({ name: chosen[type]?.name ?? type, repository });
			}
			const where = whereFor(host, source.location, ...targets.map(({ repository }) => repository.location));
			const outcome = await copyArchives(context, where, source, targets, copyRequest(parameters));
			return outcomesOf(outcome.targets);
		});
	}
}
