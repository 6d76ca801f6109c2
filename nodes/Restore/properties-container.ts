/** The panel of Restore for a container, after the choice of the backup; read by request-container.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { versionsOption } from '../shared/versions';
import { allowUnsignedOption, dryRunField, seriesOption } from './properties-shared';

const shown = { kind: ['container'] };

const renaming = (
	name: string,
	displayName: string,
	other: string,
	description: string,
): INodeProperties => ({
	displayName,
	name,
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add name',
	description,
	options: [
		{
			displayName: 'Pair',
			name: 'pair',
			values: [
				{
					displayName: 'Name',
					name: 'name',
					type: 'string',
					default: '',
					description: 'As the archive has it',
				},
				{ displayName: other, name: 'other', type: 'string', default: '' },
			],
		},
	],
});

export const restoreContainerProperties: INodeProperties[] = [
	{
		displayName: 'Container Name',
		name: 'containerName',
		type: 'string',
		default: '',
		placeholder: 'e.g. web-copy',
		displayOptions: { show: shown },
		description: 'Empty means its own name',
	},
	{
		displayName: 'Suffix for Volumes',
		name: 'volumeSuffix',
		type: 'string',
		default: '',
		placeholder: 'e.g. -copy',
		displayOptions: { show: shown },
		description: 'Put behind the names of its volumes, to restore beside those that exist',
	},
	{
		displayName: 'Keep Existing Volumes',
		name: 'keepVolumes',
		type: 'boolean',
		default: false,
		displayOptions: { show: shown },
		description: 'Whether to use volumes that exist as they are; else they must be empty',
	},
	{
		displayName: 'Replace Existing Container',
		name: 'replaceContainer',
		type: 'boolean',
		default: false,
		displayOptions: { show: shown },
		description:
			'Whether a container that has the name gives way: it is kept until the new one runs, and started again when that fails',
	},
	{
		displayName: "Type the Container's Name to Confirm",
		name: 'confirmContainer',
		type: 'string',
		default: '',
		required: true,
		displayOptions: { show: { ...shown, replaceContainer: [true] } },
		description: 'Must be the exact name of the container that is to be replaced',
	},
	{
		displayName: 'Start',
		name: 'startContainer',
		type: 'boolean',
		default: true,
		displayOptions: { show: shown },
		description: 'Whether to start it and to wait until it runs; when it does not, all is taken back',
	},
	dryRunField(shown, 'Whether to only say what would be made, and what differs from what exists'),
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
				displayName: 'Create Missing Networks',
				name: 'createNetworks',
				type: 'boolean',
				default: true,
				description: 'Whether networks that are missing are made as they were; else it is refused',
			},
			{
				displayName: 'Environment',
				name: 'environment',
				type: 'fixedCollection',
				typeOptions: { multipleValues: true },
				default: {},
				placeholder: 'Add variable',
				description: 'Values instead of the archived ones; needed for those that were left out as secrets',
				options: [
					{
						displayName: 'Variable',
						name: 'variable',
						values: [
							{ displayName: 'Name', name: 'name', type: 'string', default: '' },
							{
								displayName: 'Value',
								name: 'value',
								type: 'string',
								typeOptions: { password: true },
								default: '',
							},
						],
					},
				],
			},
			{
				displayName: 'Missing Image',
				name: 'imageFrom',
				type: 'options',
				options: [
					{ name: 'Load From the Same Backup Run', value: 'archive' },
					{ name: 'Pull', value: 'pull' },
				],
				default: 'pull',
			},
			renaming('renameNetworks', 'Other Networks', 'Other Network', 'Networks to use instead of its own'),
			renaming('renameVolumes', 'Other Names for Volumes', 'Other Name', 'Names for single volumes'),
			{
				displayName: 'Ports on the Host',
				name: 'ports',
				type: 'options',
				options: [
					{ name: 'As Archived', value: 'archived' },
					{ name: 'Free Ones', value: 'any' },
					{ name: 'None', value: 'none' },
				],
				default: 'archived',
			},
			seriesOption,
			{
				displayName: 'Start Limit (Seconds)',
				name: 'startLimit',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 120,
				description: 'How long it may take to become healthy, where it has a health check',
			},
			versionsOption,
		],
	},
];
