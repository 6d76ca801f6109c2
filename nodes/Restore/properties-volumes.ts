/** The panel of Restore for volumes, after the choice of the backup; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { allowUnsignedOption, dryRunField, seriesOption } from './properties-shared';
import { versionsOption } from '../shared/versions';

const shown = { kind: ['volumes'] };

export const volumeProperties: INodeProperties[] = [
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
		displayOptions: { show: shown },
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
		displayOptions: { show: { ...shown, volumesBy: ['list'] } },
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
		displayOptions: { show: { ...shown, volumesBy: ['name'] } },
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
			{
				name: 'Existing Volume (Overwrite)',
				value: 'overwrite',
				description: 'Replaces all that a volume holds. For a single volume.',
			},
		],
		default: 'affixed',
		displayOptions: { show: shown },
		description:
			'New volumes are the safe choice: look at what was restored, then use it. Where a new volume is to be made, one that exists is never changed.',
	},
	{
		displayName: 'Prefix',
		name: 'prefix',
		type: 'string',
		default: '',
		placeholder: 'e.g. test_',
		displayOptions: { show: { ...shown, target: ['affixed'] } },
		description: 'Put before the name of each volume',
	},
	{
		displayName: 'Suffix',
		name: 'suffix',
		type: 'string',
		default: '-restored',
		displayOptions: { show: { ...shown, target: ['affixed'] } },
		description: 'Put after the name of each volume',
	},
	{
		displayName: 'New Volume Name',
		name: 'newVolume',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app_data_restored',
		displayOptions: { show: { ...shown, target: ['named'] } },
	},
	{
		displayName: 'Existing Volume',
		name: 'existingVolume',
		type: 'string',
		default: '',
		placeholder: 'e.g. app_data',
		displayOptions: { show: { ...shown, target: ['overwrite'] } },
		description: 'The volume to overwrite. Empty means the one that the backup was made of.',
	},
	{
		displayName: "Type the Volume's Name to Confirm",
		name: 'confirm',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app_data',
		displayOptions: { show: { ...shown, target: ['overwrite'] } },
		description:
			'Must be the exact name of the volume whose content is to be replaced; with any other text nothing is touched',
	},
	{
		displayName: 'Stop Containers',
		name: 'stopContainers',
		type: 'boolean',
		default: true,
		displayOptions: { show: { ...shown, target: ['overwrite'] } },
		description:
			'Whether to stop the running containers that use the volume, and start them again afterwards, also when the restore fails. When off, the restore is refused while one is running.',
	},
	{
		displayName: 'Safety Backup Job',
		name: 'safetyBackupJob',
		type: 'string',
		default: '',
		placeholder: 'e.g. before-restore',
		displayOptions: { show: { ...shown, target: ['overwrite'] } },
		description:
			'Back the volume up under this job, in the same repository, before it is touched. When that fails, nothing is touched. Empty means no such backup.',
	},
	dryRunField(
		shown,
		'Whether to only say what would be done: how much would be written, whether there is space, and which containers would be stopped',
	),
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		displayOptions: { show: shown },
		options: [
			allowUnsignedOption,
			{
				displayName: 'Into Directory',
				name: 'into',
				type: 'string',
				default: '',
				placeholder: 'e.g. restored/2026-01-31',
				description:
					'Restore below this new directory of the target. The target may then be a volume that exists and holds other things; these stay as they are.',
			},
			versionsOption,
			{
				displayName: 'Paths',
				name: 'paths',
				type: 'string',
				typeOptions: { rows: 3 },
				default: '',
				placeholder: 'e.g. config/app.ini',
				description:
					'Only these paths or globs (*, ?, **) inside the volume, one per line, each with all that is below it. Empty means everything.',
			},
			{
				displayName: 'Recreate Driver and Options',
				name: 'recreate',
				type: 'options',
				options: [
					{
						name: 'Always',
						value: 'always',
						description: 'Also under another name: two volumes may then lead to the same data',
					},
					{ name: 'Never', value: 'never', description: 'New volumes are plain local ones' },
					{
						name: 'Under the Original Name',
						value: 'original',
						description: 'Docker Compose then takes the volume for its own again',
					},
				],
				default: 'original',
				displayOptions: { show: { '/target': ['affixed', 'named'] } },
				description:
					'When a new volume is made with the driver, the options and the labels that the backed up one had',
			},
			{
				displayName: 'Salvage',
				name: 'salvage',
				type: 'boolean',
				default: false,
				description:
					'Whether to restore what a damaged backup still gives, into a new target, and list what is lost',
			},
			seriesOption,
			{
				displayName: 'Wipe First',
				name: 'wipeFirst',
				type: 'boolean',
				default: false,
				displayOptions: { show: { '/target': ['overwrite'] } },
				description:
					'Whether to remove the old content before the new one is written, where there is no space for both. The backup is read through before; but when the restore is interrupted after that, the volume is incomplete until it is restored again.',
			},
		],
	},
];
