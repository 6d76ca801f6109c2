/** The panel of Backup Catalog; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField } from '../shared/selection';
import { versionsOption } from '../shared/versions';
import { mostEntries } from './browse';

const only = (...operation: string[]) => ({ show: { operation } });

const operation: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: [
		{
			name: 'Adopt Archive',
			value: 'adopt',
			description: 'Make a record for an archive that has none, as Check Repository finds them',
			action: 'Adopt an archive',
		},
		{
			name: 'Browse',
			value: 'browse',
			description: 'List the files of a backup, from its index alone',
			action: 'Browse a backup',
		},
		{
			name: 'Check Repository',
			value: 'check',
			description: 'Look for missing, unlisted and forged objects, interrupted runs and unfinished deletions',
			action: 'Check a repository',
		},
		{
			name: 'Delete',
			value: 'delete',
			description: 'Delete backups for good, by their exact IDs',
			action: 'Delete backups',
		},
		{
			name: 'Download',
			value: 'download',
			description: 'Get the stored archive as a file, as it is: encrypted and compressed',
			action: 'Download a backup',
		},
		{ name: 'Get', value: 'get', description: 'Get one record by its ID', action: 'Get a record' },
		{
			name: 'Get Download Link',
			value: 'link',
			description: 'Get a link by which a browser can download the archive for a while; S3 only',
			action: 'Get a download link',
		},
		{
			name: 'Get Many',
			value: 'getAll',
			description: 'List records, newest first',
			action: 'Get many records',
		},
		{
			name: 'Hold',
			value: 'hold',
			description: 'Protect a backup from deletion until it is released',
			action: 'Hold a backup',
		},
		{
			name: 'Release',
			value: 'release',
			description: 'End the hold on a backup',
			action: 'Release a backup',
		},
	],
	default: 'getAll',
};

const browsing: INodeProperties[] = [
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
		displayOptions: only('browse'),
	},
	recordField({ operation: ['browse'], select: ['id'] }),
	jobField({ operation: ['browse'], select: ['latest'] }),
	{
		displayName: 'Below Path',
		name: 'under',
		type: 'string',
		default: '',
		placeholder: 'e.g. config',
		displayOptions: only('browse'),
		description:
			'Only this path inside the volume and what is below it, without wildcards. Empty means everything.',
	},
	{
		displayName: 'Patterns',
		name: 'patterns',
		type: 'string',
		typeOptions: { rows: 3 },
		default: '',
		placeholder: 'e.g. **/*.conf',
		displayOptions: only('browse'),
		description:
			'Only what matches one of these globs (*, ?, **), one per line, from the root of the volume. Empty means everything.',
	},
	{
		displayName: 'Offset',
		name: 'offset',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		displayOptions: only('browse'),
		description: 'How many entries to pass over, in the order of their paths',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: mostEntries },
		default: 50,
		displayOptions: only('browse'),
		description: 'Max number of results to return',
		hint: 'When there are more, the output says how many, and the Offset of the next page.',
	},
];

const deletion: INodeProperties[] = [
	{
		displayName: 'Record IDs',
		name: 'recordIds',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. nightly-20260131T030000Z-1f2e',
		displayOptions: only('delete'),
		description: 'The exact ID of the backup to delete, or several with commas between them',
		hint: 'Deleted for good, unless the bucket keeps versions. What is on hold is refused.',
	},
];

const adoption: INodeProperties[] = [
	{
		displayName: 'Job Name',
		name: 'jobName',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. nightly',
		displayOptions: only('adopt'),
		description: 'The job that made the archive: the folder below jobs/ that it is in',
	},
	{
		displayName: 'Archive ID',
		name: 'archiveId',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. nightly-20260131T030000Z-1f2e',
		displayOptions: only('adopt'),
		description:
			'The name of the archive up to its first ending. Everything in it is read and checked first, so this takes as long as a deep verification.',
	},
];

const download: INodeProperties[] = [
	{
		displayName: 'Size Limit (MB)',
		name: 'sizeLimit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 512,
		displayOptions: only('download'),
		description: "The file passes through n8n's own storage, so it should not be large",
		hint: 'Larger archives are refused before anything is read; get a download link for those.',
	},
	{
		displayName: 'Put Output File in Field',
		name: 'binaryProperty',
		type: 'string',
		default: 'data',
		required: true,
		displayOptions: only('download'),
		hint: 'The name of the output binary field to put the file in',
	},
];

const link: INodeProperties = {
	displayName: 'Expires In (Minutes)',
	name: 'expiresIn',
	type: 'number',
	typeOptions: { minValue: 1, maxValue: 10_080 },
	default: 60,
	displayOptions: only('link'),
	description: 'At most 10080, which is seven days',
	hint: 'Until then anybody who has the link can download the archive, but not read an encrypted one.',
};

const reason: INodeProperties = {
	displayName: 'Reason',
	name: 'reason',
	type: 'string',
	default: '',
	placeholder: 'e.g. audit of 2026',
	displayOptions: only('delete', 'hold', 'release'),
	description: 'Why, in your words; it is kept beside the record',
};

const listing: INodeProperties[] = [
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		displayOptions: only('getAll'),
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		displayOptions: { show: { operation: ['getAll'], returnAll: [false] } },
		description: 'Max number of results to return',
	},
];

/** Operations that can look behind deletions. */
export const reading = ['get', 'getAll', 'download', 'browse'];
const writing = ['delete', 'adopt'];

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: only(...reading, ...writing, 'link'),
	options: [
		{
			displayName: 'Allow Unsigned Record',
			name: 'allowUnsigned',
			type: 'boolean',
			default: false,
			displayOptions: { show: { '/operation': ['download', 'link', 'browse'] } },
			description:
				'Whether to accept a record without signature though the repository has a key. Anybody who can write there may have made it.',
		},
		{ ...versionsOption, displayOptions: { show: { '/operation': reading } } },
		{
			displayName: 'Series',
			name: 'series',
			type: 'string',
			default: '',
			placeholder: 'e.g. volume:app_data',
			displayOptions: { show: { '/operation': ['browse'], '/select': ['latest'] } },
			description: 'Which latest backup, when the job makes one archive per volume',
		},
		{
			displayName: 'Volumes',
			name: 'volumes',
			type: 'string',
			default: '',
			placeholder: 'e.g. app_data',
			displayOptions: { show: { '/operation': ['browse'] } },
			description:
				'Only these volumes of the backup, with commas between them, or an expression that gives a list',
		},
		{
			displayName: 'Wait for a Running Backup (Seconds)',
			name: 'lockWait',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 0,
			displayOptions: { show: { '/operation': writing } },
			description: 'How long to wait while a backup of the same job is under way; 0 fails at once',
		},
	],
};

export const catalogProperties: INodeProperties[] = [
	operation,
	recordField({ operation: ['get', 'download', 'link', 'hold', 'release'] }),
	jobField({ operation: ['getAll', 'check'] }, false),
	...browsing,
	...deletion,
	...adoption,
	...download,
	link,
	reason,
	...listing,
	options,
];
