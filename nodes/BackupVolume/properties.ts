/** The panel of Backup Volume; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';

export const backupProperties: INodeProperties[] = [
	{
		displayName: 'Job Name',
		name: 'job',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. nightly',
		description:
			'Backups of the same job follow each other: latest, retention and alerts work per job. Letters, digits, dots, underscores and hyphens.',
	},
	{
		displayName: 'Choose Volumes',
		name: 'volumesBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'From List', value: 'list' },
			{ name: 'By Name', value: 'name' },
		],
		default: 'list',
	},
	{
		// eslint-disable-next-line n8n-nodes-base/node-param-display-name-wrong-for-dynamic-multi-options -- volumes have no ids
		displayName: 'Volumes',
		name: 'volumes',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getVolumes' },
		default: [],
		required: true,
		displayOptions: { show: { volumesBy: ['list'] } },
		description:
			'The volumes on the Docker host. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Volume Names',
		name: 'volumeNames',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app_data, db_data',
		displayOptions: { show: { volumesBy: ['name'] } },
		description: 'Names with commas between them, or an expression that gives a list',
	},
	{
		displayName: 'Archive',
		name: 'archive',
		type: 'options',
		options: [
			{ name: 'One for All Volumes', value: 'one', description: 'A single item comes out' },
			{
				name: 'One per Volume',
				value: 'perVolume',
				description: 'One item per volume comes out; one failing does not stop the others',
			},
		],
		default: 'one',
	},
	{
		displayName: 'Encrypt',
		name: 'encrypt',
		type: 'boolean',
		default: true,
		description: "Whether to encrypt with the repository's key (AES-256-GCM)",
	},
	{
		displayName: 'Compression',
		name: 'compression',
		type: 'options',
		options: [
			{ name: 'Zstandard', value: 'zstd' },
			{ name: 'None', value: 'none', description: 'For data that is compressed already' },
		],
		default: 'zstd',
	},
	{
		displayName: 'Compression Level',
		name: 'compressionLevel',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 19 },
		default: 1,
		displayOptions: { show: { compression: ['zstd'] } },
		description: '1 is fastest, 19 smallest; above 3 the gain is small and the time is not',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Exclude',
				name: 'exclude',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. */cache/*',
				description: 'Files and directories to leave out, as patterns of GNU tar below volumes/&lt;name&gt;/',
			},
			{
				displayName: 'Tags',
				name: 'tags',
				type: 'string',
				default: '',
				placeholder: 'e.g. before-upgrade, monthly',
				description: 'Words to keep in the record, with commas between them',
			},
			{
				displayName: 'Wait for a Running Backup (Seconds)',
				name: 'lockWait',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How long to wait while another run of this job is under way; 0 fails at once',
			},
		],
	},
];
