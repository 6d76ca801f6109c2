/** The panel of Snapshot SQLite; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { backupOptions, jobName } from '../shared/backup-options';
import { placeFields } from '../shared/place';

export const snapshotProperties: INodeProperties[] = [
	{
		displayName: 'Where',
		name: 'placeType',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Volume', value: 'volume' },
			{ name: 'Directory on the Docker Host', value: 'directory' },
		],
		default: 'volume',
	},
	...placeFields('placeType'),
	jobName,
	{
		displayName: 'Choose Databases',
		name: 'databasesBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'All Found', value: 'all', description: 'Every file that begins like a SQLite database' },
			{ name: 'From List', value: 'list' },
			{ name: 'By Path', value: 'path' },
		],
		default: 'all',
	},
	{
		// eslint-disable-next-line n8n-nodes-base/node-param-display-name-wrong-for-dynamic-multi-options -- files have no ids
		displayName: 'Databases',
		name: 'files',
		type: 'multiOptions',
		typeOptions: {
			loadOptionsMethod: 'getSqliteFiles',
			loadOptionsDependsOn: ['placeType', 'volume.value', 'directory'],
		},
		default: [],
		required: true,
		displayOptions: { show: { databasesBy: ['list'] } },
		description:
			'The SQLite databases that are found there. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Paths',
		name: 'paths',
		type: 'string',
		typeOptions: { rows: 3 },
		default: '',
		required: true,
		placeholder: 'e.g. data/app.sqlite',
		displayOptions: { show: { databasesBy: ['path'] } },
		description: 'Below the volume or directory, one per line, or an expression that gives a list',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Busy Limit (Seconds)',
				name: 'busyLimit',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 60,
				description: 'How long to try again while a database is locked by its application',
			},
			backupOptions.compression,
			backupOptions.compressionLevel,
			backupOptions.encrypt,
			backupOptions.tags,
			backupOptions.lockWait,
		],
	},
];
