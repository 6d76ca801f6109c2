/** The fields that say which archives a node means, and their reading. */
import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import type { Selection } from '../../operations';
import type { Fields } from './fields';

export function recordField(show: IDisplayOptions['show']): INodeProperties {
	return {
		displayName: 'Record',
		name: 'record',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		displayOptions: { show },
		description: 'The backup to use',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Choose a backup…',
				typeOptions: { searchListMethod: 'searchRecords', searchable: true },
			},
			{
				displayName: 'By ID',
				name: 'id',
				type: 'string',
				placeholder: 'e.g. nightly-20260131T030000Z-1f2e',
			},
		],
	};
}

export function jobField(show: IDisplayOptions['show'], required = true): INodeProperties {
	return {
		displayName: 'Job',
		name: 'job',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required,
		displayOptions: { show },
		description: required
			? 'The job that made the backups'
			: 'Only backups of this job; empty means all jobs',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: required ? 'Choose a job…' : 'All jobs',
				typeOptions: { searchListMethod: 'searchJobs', searchable: true },
			},
			{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. nightly' },
		],
	};
}

/** Which of a job's databases, where each has a series of its own. */
export function seriesField(show: IDisplayOptions['show']): INodeProperties {
	return {
		displayName: 'Database in the Job',
		name: 'jobSeries',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		displayOptions: { show },
		description: 'Whose latest backup. It may be empty when the job backs up a single one.',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Choose a database…',
				typeOptions: { searchListMethod: 'searchSeries', searchable: true },
			},
			{
				displayName: 'By Series',
				name: 'series',
				type: 'string',
				placeholder: "e.g. the value of a record's field series",
			},
		],
	};
}

export function selectionOf(parameters: Fields): Selection {
	const by = parameters.oneOf('select', 'Archive', ['id', 'latest', 'all']);
	if (by === 'id')
		return {
			by,
			id: parameters.required('record', 'Record', 'Choose a backup from the list or give its ID.'),
		};
	const job = parameters.required('job', 'Job', 'Choose a job from the list or give its name.');
	if (by === 'all') return { by, job };
	const series =
		parameters.text('jobSeries', 'Database in the Job') ||
		parameters.group('options', 'Options').text('series', 'Series');
	return series === '' ? { by, job } : { by, job, series };
}
