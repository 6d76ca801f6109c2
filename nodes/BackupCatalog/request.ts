/** From the panel's values to what is asked of the catalog. Throws `invalid_parameter`. */
import { BackupError, type Selection } from '../../operations';
import type { Fields } from '../shared/fields';
import { browseRequest, type PageRequest } from './browse';

export const operations = [
	'adopt',
	'browse',
	'check',
	'delete',
	'download',
	'get',
	'getAll',
	'hold',
	'link',
	'release',
] as const;

export type CatalogRequest =
	| { readonly operation: 'get'; readonly id: string }
	/** Null: every job; no limit. */
	| { readonly operation: 'getAll'; readonly job: string | null; readonly limit: number | null }
	| {
			readonly operation: 'download';
			readonly selection: Selection;
			/** Bytes. */
			readonly sizeLimit: number;
			readonly allowUnsigned: boolean;
			/** Name of the item's binary field. */
			readonly field: string;
	  }
	| {
			readonly operation: 'link';
			readonly selection: Selection;
			readonly expiresInSeconds: number;
			readonly allowUnsigned: boolean;
	  }
	| {
			readonly operation: 'delete';
			readonly ids: readonly string[];
			readonly reason: string;
			readonly lockWaitMs: number;
	  }
	| { readonly operation: 'hold' | 'release'; readonly id: string; readonly reason: string }
	| PageRequest
	| { readonly operation: 'check'; readonly job: string | null }
	| { readonly operation: 'adopt'; readonly job: string; readonly id: string; readonly lockWaitMs: number };

/** Seven days: no store signs a link for longer. */
const mostMinutes = 7 * 24 * 60;

export function catalogRequest(parameters: Fields): CatalogRequest {
	const operation = parameters.oneOf('operation', 'Operation', operations);
	const options = parameters.group('options', 'Options');
	switch (operation) {
		case 'browse':
			return browseRequest(parameters, options);
		case 'get':
			return { operation, id: recordOf(parameters) };
		case 'getAll': {
			const isAll = parameters.flag('returnAll', 'Return All');
			return {
				operation,
				job: jobOf(parameters),
				limit: isAll ? null : parameters.whole('limit', 'Limit', 1, 50),
			};
		}
		case 'download':
			return {
				operation,
				selection: { by: 'id', id: recordOf(parameters) },
				sizeLimit: parameters.whole('sizeLimit', 'Size Limit (MB)', 1, 512) * 1_000_000,
				allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
				field: parameters.required('binaryProperty', 'Put Output File in Field', 'Write e.g. data.'),
			};
		case 'link':
			return {
				operation,
				selection: { by: 'id', id: recordOf(parameters) },
				expiresInSeconds: minutes(parameters) * 60,
				allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
			};
		case 'delete':
			return {
				operation,
				ids: idsOf(parameters),
				reason: reasonOf(parameters),
				lockWaitMs: lockWait(options),
			};
		case 'hold':
		case 'release':
			return { operation, id: recordOf(parameters), reason: reasonOf(parameters) };
		case 'check':
			return { operation, job: jobOf(parameters) };
		case 'adopt':
			return {
				operation,
				job: parameters.required('jobName', 'Job Name', 'Name the job that made the archive.'),
				id: parameters.required(
					'archiveId',
					'Archive ID',
					'It is the name of the file up to its first ending; Check Repository shows it.',
				),
				lockWaitMs: lockWait(options),
			};
	}
}

const recordOf = (parameters: Fields) =>
	parameters.required('record', 'Record', 'Choose a backup from the list or give its ID.');

function jobOf(parameters: Fields): string | null {
	const job = parameters.text('job', 'Job');
	return job === '' ? null : job;
}

/** Never "latest" and never a job: what is removed must be meant by its own name. */
function idsOf(parameters: Fields): string[] {
	const ids = parameters.names('recordIds', 'Record IDs');
	if (ids.length > 0) return [...new Set(ids)];
	throw new BackupError('invalid_parameter', '"Record IDs" is empty', {
		hint: 'Give the exact ID of each backup to delete, e.g. nightly-20260131T030000Z-1f2e.',
	});
}

const reasonOf = (parameters: Fields) => parameters.text('reason', 'Reason');

const lockWait = (options: Fields) =>
	options.whole('lockWait', 'Wait for a Running Backup (Seconds)', 0, 0) * 1000;

function minutes(parameters: Fields): number {
	const value = parameters.whole('expiresIn', 'Expires In (Minutes)', 1, 60);
	if (value <= mostMinutes) return value;
	throw new BackupError('invalid_parameter', `a download link can't be valid for ${value} minutes`, {
		hint: `Stores sign links for up to ${mostMinutes} minutes (seven days).`,
	});
}
