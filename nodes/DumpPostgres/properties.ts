/** The panel of Dump Postgres; read by request.ts and shared/postgres-login.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { backupOptions, jobName } from '../shared/backup-options';
import { loginOptions, postgresServerFields } from '../shared/postgres-login';

export const dumpProperties: INodeProperties[] = [
	...postgresServerFields(),
	jobName,
	{
		displayName: 'Choose Databases',
		name: 'databasesBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'All',
				value: 'all',
				description: 'Every database of the server but its templates, also those that come later',
			},
			{ name: 'From List', value: 'list' },
			{ name: 'By Name', value: 'name' },
		],
		default: 'all',
	},
	{
		// eslint-disable-next-line n8n-nodes-base/node-param-display-name-wrong-for-dynamic-multi-options -- databases have no ids
		displayName: 'Databases',
		name: 'databases',
		type: 'multiOptions',
		typeOptions: {
			loadOptionsMethod: 'getDatabases',
			loadOptionsDependsOn: ['container.value', 'logInAs', 'options.user', 'options.port'],
		},
		default: [],
		required: true,
		displayOptions: { show: { databasesBy: ['list'] } },
		description:
			'The databases of the server. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Database Names',
		name: 'databaseNames',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. shop, crm',
		displayOptions: { show: { databasesBy: ['name'] } },
		description: 'Names with commas between them, or an expression that gives a list',
	},
	{
		displayName: 'Except Databases',
		name: 'excludeDatabases',
		type: 'string',
		default: '',
		placeholder: 'e.g. scratch',
		displayOptions: { show: { databasesBy: ['all'] } },
		description:
			'Names of databases to leave out, with commas between them, or an expression that gives a list',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			backupOptions.compression,
			backupOptions.compressionLevel,
			{
				displayName: 'Content',
				name: 'content',
				type: 'options',
				options: [
					{ name: 'Data Only', value: 'data', description: 'Rows, without what defines the tables' },
					{ name: 'Schema and Data', value: 'all' },
					{ name: 'Schema Only', value: 'schema', description: 'What defines the tables, without rows' },
				],
				default: 'all',
			},
			{
				displayName: 'Count Rows',
				name: 'countRows',
				type: 'boolean',
				default: true,
				description:
					'Whether to count the rows of every table in the snapshot that is dumped, so that a drill can compare',
			},
			backupOptions.encrypt,
			{
				displayName: 'Exclude Schemas',
				name: 'excludeSchemas',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. staging_*',
				description: 'Schemas to leave out, as patterns of pg_dump',
			},
			{
				displayName: 'Exclude Tables',
				name: 'excludeTables',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. public.log_*',
				description: 'Tables to leave out, as patterns of pg_dump',
			},
			loginOptions.port,
			{
				displayName: 'Role Passwords',
				name: 'rolePasswords',
				type: 'boolean',
				default: false,
				description:
					"Whether the archive of roles holds the hashes of their passwords. Only the server's superuser may read these.",
			},
			{
				displayName: 'Roles and Tablespaces',
				name: 'globals',
				type: 'boolean',
				default: true,
				description: 'Whether roles, memberships and tablespaces become an archive of their own',
			},
			{
				displayName: 'Schemas',
				name: 'schemas',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. public',
				description: 'Only these schemas, as patterns of pg_dump',
			},
			{
				displayName: 'Stall Limit (Seconds)',
				name: 'stallLimit',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 300,
				description: 'A dump that gives no byte for so long has stalled, and is ended',
			},
			{
				displayName: 'Tables',
				name: 'tables',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. public.orders',
				description: 'Only these tables, as patterns of pg_dump',
			},
			backupOptions.tags,
			{
				displayName: 'Time Limit (Seconds)',
				name: 'totalLimit',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How long the dump of each database may take; 0 means no limit',
			},
			loginOptions.user,
			backupOptions.lockWait,
		],
	},
];
