/** The panel of Copy Archive. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField } from '../shared/selection';

export const copyProperties: INodeProperties[] = [
	{
		displayName: 'Archives',
		name: 'select',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'One by ID', value: 'id' },
			{ name: 'Latest of a Job', value: 'latest', description: 'The newest of each series of the job' },
			{
				name: 'Everything Missing',
				value: 'missing',
				description: 'Every good backup that a target lacks: keeps the targets in step',
			},
		],
		default: 'missing',
	},
	recordField({ select: ['id'] }),
	jobField({ select: ['latest'] }),
	jobField({ select: ['missing'] }, false),
	{
		displayName: 'Number of Targets',
		name: 'targets',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'One', value: 1 },
			{ name: 'Two', value: 2 },
			{ name: 'Three', value: 3 },
		],
		default: 1,
		description: 'Each has a credential of its own; one that fails keeps nothing from the others',
	},
	{
		displayName: 'Read Back',
		name: 'readBack',
		type: 'boolean',
		default: false,
		description:
			'Whether to read every byte back from the target and compare it, also of what is there already. What was read at the source is compared in any case.',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		options: [
			{
				displayName: 'Series',
				name: 'series',
				type: 'string',
				default: '',
				placeholder: 'e.g. volume:app_data',
				description: 'With Latest of a Job: only this series of it',
			},
			{
				displayName: 'Wait for a Running Backup (Seconds)',
				name: 'lockWait',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How long to wait while another run writes this job at the target; 0 fails at once',
			},
		],
	},
];
