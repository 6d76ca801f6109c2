/** The panel of Restore for images, after the choice of the backup; read by request-image.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { seriesField } from '../shared/selection';
import { versionsOption } from '../shared/versions';
import { allowUnsignedOption, dryRunField } from './properties-shared';

const shown = { kind: ['image'] };

export const imageProperties: INodeProperties[] = [
	{
		...seriesField({ ...shown, select: ['latest'] }),
		displayName: 'Images in the Job',
		description: 'Whose latest backup. It may be empty when the job keeps its images in one archive.',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Choose images…',
				typeOptions: { searchListMethod: 'searchSeries', searchable: true },
			},
			{
				displayName: 'By Series',
				name: 'series',
				type: 'string',
				placeholder: 'e.g. image:registry.example.com/app',
			},
		],
	},
	{
		displayName: 'Tag That Means Another Image',
		name: 'takenTags',
		type: 'options',
		options: [
			{ name: 'Refuse', value: 'refuse' },
			{
				name: 'Move It to the Restored Image',
				value: 'move',
				description: 'The image that has the tag now stays on the host, without it',
			},
		],
		default: 'refuse',
		displayOptions: { show: shown },
		description: 'What to do when the Docker host has another image under a tag of the backup',
	},
	dryRunField(shown, 'Whether to only say what would be done'),
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		displayOptions: { show: shown },
		options: [allowUnsignedOption, versionsOption],
	},
];
