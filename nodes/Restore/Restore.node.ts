/**
 * Restore: from a record into new volumes, checked while it is written, or over an existing one whose name was typed
 * to confirm it. One item out: which volumes were written, from which record, and what was done to what was there.
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
import { asOptionsSay } from '../shared/versions';
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
		description: 'Restore Docker volumes from a backup, into new volumes or over an existing one',
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
			const repository = asOptionsSay(
				repositorySettings(await credential('backupRepositoryApi')),
				parameters.group('options', 'Options'),
			);
			const { record, plan, volumes, entries, bytes, durationMs, ...report } = await restoreVolumes(
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
				...report,
				entries,
				bytes,
				fits: plan.fits,
				targets: plan.targets,
				durationMs,
				at,
				record,
			};
			return { outcomes: [{ data }], hints: hintsOf(data) };
		});
	}
}

interface Restored {
	readonly dryRun: boolean;
	readonly fits: boolean;
	readonly lostEntries: number;
	readonly over: 'new' | 'overwrite';
	readonly previousContentRemoved: boolean;
}

function hintsOf({ dryRun, fits, lostEntries, over, previousContentRemoved }: Restored): string[] {
	return [
		...(dryRun ? ['This was a dry run: nothing was changed.'] : []),
		...(dryRun && !fits ? ['There is not enough space for this restore.'] : []),
		...(lostEntries > 0 ? [`${lostEntries} entries of the damaged backup could not be restored.`] : []),
		...(!dryRun && over === 'overwrite' && !previousContentRemoved
			? ['Some of the previous content could not be removed; the next restore over this volume tries again.']
			: []),
	];
}
