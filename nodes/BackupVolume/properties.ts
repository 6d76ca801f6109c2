/** The panel of Backup Volume; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { quiesceProperties } from '../shared/quiesce-options';

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
			{
				name: 'All Named Volumes',
				value: 'all',
				description: 'Every volume of the host that has a name, as they are when the backup runs',
			},
			{
				name: 'By Compose Project',
				value: 'project',
				description: 'The volumes of a project, and those that its containers use',
			},
			{
				name: 'By Label',
				value: 'label',
				description: 'Volumes that have a label, and those of containers that have it',
			},
			{ name: 'By Name', value: 'name' },
			{ name: 'From List', value: 'list' },
			{
				name: 'Only Host Directories',
				value: 'none',
				description: 'No volume, but directories of the Docker host',
			},
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
		displayName: 'Labels',
		name: 'labels',
		type: 'string',
		default: 'docker-backup.enable=true',
		required: true,
		placeholder: 'e.g. docker-backup.enable=true',
		displayOptions: { show: { volumesBy: ['label'] } },
		description:
			'As key=value, or a key alone for any value; with commas between several, which must all be there. What also has the label docker-backup.job is chosen only when that names this job.',
	},
	{
		// eslint-disable-next-line n8n-nodes-base/node-param-display-name-wrong-for-dynamic-multi-options -- projects have no ids
		displayName: 'Projects',
		name: 'projects',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getProjects' },
		default: [],
		required: true,
		displayOptions: { show: { volumesBy: ['project'] } },
		description:
			'Compose projects on the Docker host. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Except',
		name: 'except',
		type: 'string',
		default: '',
		placeholder: 'e.g. *_cache, test_*',
		displayOptions: { show: { volumesBy: ['all', 'label', 'project'] } },
		description:
			"Names of volumes to leave out, with commas between them; * stands for any characters, ? for one. The repository's own volume is left out anyway, and so are volumes with the label docker-backup.enable=false.",
	},
	{
		displayName: 'Directories',
		name: 'directories',
		type: 'string',
		typeOptions: { rows: 3 },
		default: '',
		required: true,
		placeholder: 'e.g. /srv/app',
		displayOptions: { show: { volumesBy: ['none'] } },
		description: 'Absolute paths on the Docker host, not inside the n8n container; one per line',
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
	...quiesceProperties,
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
				displayName: 'Host Directories',
				name: 'hostDirectories',
				type: 'string',
				typeOptions: { rows: 3 },
				default: '',
				placeholder: 'e.g. /srv/app',
				displayOptions: { hide: { '/volumesBy': ['none'] } },
				description:
					'Directories to back up beside the volumes: absolute paths on the Docker host, one per line',
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
