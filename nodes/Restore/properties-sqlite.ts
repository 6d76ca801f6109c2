/** The panel of Restore for a SQLite database, after the choice of the backup; read by request-sqlite.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { placeFields } from '../shared/place';
import { versionsOption } from '../shared/versions';
import { allowUnsignedOption, dryRunField } from './properties-shared';

const shown = { kind: ['sqlite'] };
const swapping = { ...shown, fileWay: ['swap'] };

export const sqliteProperties: INodeProperties[] = [
	{
		displayName: 'Where',
		name: 'placeType',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Where It Was Taken From', value: 'original' },
			{ name: 'Volume', value: 'volume' },
			{ name: 'Directory on the Docker Host', value: 'directory' },
		],
		default: 'original',
		displayOptions: { show: shown },
	},
	...placeFields('placeType', shown),
	{
		displayName: 'Path',
		name: 'path',
		type: 'string',
		default: '',
		placeholder: 'e.g. data/app.sqlite',
		displayOptions: { show: shown },
		description: 'Below the volume or directory. Empty means the path that it was taken from.',
	},
	{
		displayName: 'Restore Into',
		name: 'fileWay',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'File Beside It',
				value: 'beside',
				description: 'A new file next to the path, with .restore and an ID behind its name',
			},
			{
				name: 'Existing File (Swap)',
				value: 'swap',
				description:
					'Takes the place of the file; the old one is kept, with .before and an ID behind its name',
			},
		],
		default: 'beside',
		displayOptions: { show: shown },
		description: 'A file beside is the safe choice: look at what was restored, then use it',
	},
	{
		displayName: 'Type the Path to Confirm',
		name: 'confirmFile',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. data/app.sqlite',
		displayOptions: { show: swapping },
		description:
			'Must be the exact path of the file that is to be replaced, below the volume or directory; with any other text nothing is touched',
	},
	{
		displayName: 'Stop Containers',
		name: 'stopFileUsers',
		type: 'boolean',
		default: true,
		displayOptions: { show: swapping },
		description:
			'Whether to stop the running containers that use the place, and start them again afterwards, also when the restore fails. When off, the restore is refused while one is running.',
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
