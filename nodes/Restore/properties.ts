/** The panel of Restore; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField } from '../shared/selection';

export const restoreProperties: INodeProperties[] = [
	{
		displayName: 'Backup',
		name: 'select',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'One by ID', value: 'id' },
			{
				name: 'Latest of a Job',
				value: 'latest',
				description: 'The newest success whose record can be believed',
			},
		],
		default: 'id',
	},
	recordField({ select: ['id'] }),
	jobField({ select: ['latest'] }),
	{
		displayName: 'Choose Volumes',
		name: 'volumesBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'All in the Backup', value: 'all' },
			{ name: 'From List', value: 'list' },
			{ name: 'By Name', value: 'name' },
		],
		default: 'all',
	},
	{
		// eslint-disable-next-line n8n-nodes-base/node-param-display-name-wrong-for-dynamic-multi-options -- volumes have no ids
		displayName: 'Volumes',
		name: 'volumes',
		type: 'multiOptions',
		typeOptions: {
			loadOptionsMethod: 'getArchivedVolumes',
			loadOptionsDependsOn: ['select', 'record.value', 'job.value'],
		},
		default: [],
		required: true,
		displayOptions: { show: { volumesBy: ['list'] } },
		description:
			'Volumes inside the backup. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Volume Names',
		name: 'volumeNames',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app_data',
		displayOptions: { show: { volumesBy: ['name'] } },
		description: 'Volumes inside the backup, with commas between them, or an expression that gives a list',
	},
	{
		displayName: 'Restore Into',
		name: 'target',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'New Volumes With Prefix or Suffix', value: 'affixed' },
			{ name: 'New Volume With This Name', value: 'named', description: 'For a single volume' },
		],
		default: 'affixed',
		description: 'A volume that exists is never written to: the restore fails before it starts',
	},
	{
		displayName: 'Prefix',
		name: 'prefix',
		type: 'string',
		default: '',
		placeholder: 'e.g. test_',
		displayOptions: { show: { target: ['affixed'] } },
		description: 'Put before the name of each volume',
	},
	{
		displayName: 'Suffix',
		name: 'suffix',
		type: 'string',
		default: '-restored',
		displayOptions: { show: { target: ['affixed'] } },
		description: 'Put after the name of each volume',
	},
	{
		displayName: 'New Volume Name',
		name: 'newVolume',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app_data_restored',
		displayOptions: { show: { target: ['named'] } },
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Allow Unsigned Record',
				name: 'allowUnsigned',
				type: 'boolean',
				default: false,
				description:
					'Whether to restore from a record without signature though the repository has a key. Anybody who can write there may have made it.',
			},
			{
				displayName: 'Series',
				name: 'series',
				type: 'string',
				default: '',
				placeholder: 'e.g. volume:app_data',
				description: 'Which latest backup, when the job makes one archive per volume',
			},
		],
	},
];
