/** The panel of Restore for a Postgres database, after the choice of the backup; read by request-postgres.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { loginOptions, postgresServerFields } from '../shared/postgres-login';
import { versionsOption } from '../shared/versions';
import { allowUnsignedOption, dryRunField } from './properties-shared';

const shown = { kind: ['postgres'] };
const replacing = { ...shown, databaseWay: ['swap', 'in-place'] };

export const postgresProperties: INodeProperties[] = [
	...postgresServerFields(shown),
	{
		displayName: 'Restore Into',
		name: 'databaseWay',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'New Database', value: 'new', description: 'Nothing that exists is changed' },
			{
				name: 'Existing Database (Swap)',
				value: 'swap',
				description:
					'Restores into a new database beside it, checks that, and swaps the two by renaming. The old one is kept unless you say otherwise.',
			},
			{
				name: 'Existing Database (In Place)',
				value: 'in-place',
				description:
					'Drops what the backup holds from the existing database and makes it anew. What the backup does not hold stays.',
			},
		],
		default: 'new',
		displayOptions: { show: shown },
		description: 'A new database is the safe choice: look at what was restored, then use it',
	},
	{
		displayName: 'New Database Name',
		name: 'newDatabase',
		type: 'string',
		default: '',
		placeholder: 'e.g. shop_restored',
		displayOptions: { show: { ...shown, databaseWay: ['new'] } },
		description: 'It must not exist yet. Empty means the name that was dumped, with an addition.',
	},
	{
		displayName: 'Existing Database',
		name: 'existingDatabase',
		type: 'string',
		default: '',
		placeholder: 'e.g. shop',
		displayOptions: { show: replacing },
		description: 'The database to replace. Empty means the one of the name that was dumped.',
	},
	{
		displayName: "Type the Database's Name to Confirm",
		name: 'confirmDatabase',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. shop',
		displayOptions: { show: replacing },
		description:
			'Must be the exact name of the database that is to be replaced; with any other text nothing is touched',
	},
	{
		displayName: 'Old Database',
		name: 'previousDatabase',
		type: 'options',
		options: [
			{ name: 'Keep Under Another Name', value: 'keep' },
			{ name: 'Drop After the Swap', value: 'drop' },
		],
		default: 'keep',
		displayOptions: { show: { ...shown, databaseWay: ['swap'] } },
	},
	{
		displayName: 'When Others Are Connected',
		name: 'connections',
		type: 'options',
		options: [
			{ name: 'Refuse', value: 'refuse' },
			{
				name: 'End Their Connections',
				value: 'end',
				description: 'Of the database that is replaced; applications mostly connect again by themselves',
			},
		],
		default: 'refuse',
		displayOptions: { show: replacing },
	},
	dryRunField(shown, 'Whether to only say what would be done, step by step'),
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
				displayName: 'Create Missing Roles',
				name: 'globals',
				type: 'boolean',
				default: false,
				description:
					'Whether to first create roles that own something in the database and do not exist, from the same run of the job. Roles that exist are not changed.',
			},
			versionsOption,
			loginOptions.port,
			{
				displayName: 'Schemas',
				name: 'schemas',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Schema' },
				default: [],
				placeholder: 'e.g. public',
				description: 'Only these schemas',
			},
			{
				displayName: 'Stall Limit (Seconds)',
				name: 'stallLimit',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 300,
				description: 'A restore that takes no byte for so long has stalled, and is ended',
			},
			{
				displayName: 'Tables',
				name: 'tables',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Table' },
				default: [],
				placeholder: 'e.g. orders',
				description: 'Only these tables',
			},
			loginOptions.user,
		],
	},
];
