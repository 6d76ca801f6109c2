/** The panel of Verify Archive; what belongs to drills is in properties-drill.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField, seriesField } from '../shared/selection';
import { versionsOption } from '../shared/versions';
import { drillOptions, drillProperties } from './properties-drill';

export const verifyProperties: INodeProperties[] = [
	{
		displayName: 'Archives',
		name: 'select',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'One by ID', value: 'id' },
			{ name: 'Latest of a Job', value: 'latest', description: 'The newest of each series of the job' },
			{ name: 'All of a Job', value: 'all' },
		],
		default: 'latest',
	},
	recordField({ select: ['id'] }),
	jobField({ select: ['latest', 'all'] }),
	{
		displayName: 'Level',
		name: 'level',
		type: 'options',
		options: [
			{
				name: 'Checksum',
				value: 'checksum',
				description: 'Reads the stored files and compares size and SHA-256 with the record; needs no key',
			},
			{
				name: 'Compare With Another Backup',
				value: 'archive',
				description: 'Tells which files the other backup has in addition, lacks, or has changed',
			},
			{
				name: 'Compare With Live Volumes',
				value: 'live',
				description:
					'Tells which files of the Docker volumes were added, removed or changed since the backup; reads them whole and stops nothing',
			},
			{
				name: 'Deep',
				value: 'deep',
				description: 'Also decrypts, decompresses, and compares every file inside with the index',
			},
			{
				name: 'Drill',
				value: 'drill',
				description:
					'Restores a Postgres dump into a throwaway container without network, and checks what is there',
			},
		],
		default: 'checksum',
	},
	{
		displayName: 'Live Volumes',
		name: 'liveVolumes',
		type: 'string',
		default: '',
		placeholder: 'e.g. app_data',
		displayOptions: { show: { level: ['live'] } },
		description:
			'Docker volumes to compare with, with commas between them, or an expression that gives a list. Empty means all that the backup was made of. Write NAME=VOLUME where the backup has it under another name.',
	},
	{
		...recordField({ level: ['archive'] }),
		displayName: 'Other Record',
		name: 'otherRecord',
		description: 'The backup to compare with',
	},
	seriesField({ level: ['drill'], select: ['latest'] }),
	...drillProperties,
	{
		displayName: 'Fail When an Archive Is Bad',
		name: 'failOnBad',
		type: 'boolean',
		default: true,
		description:
			'Whether a bad archive makes this node fail (after all were checked), so that your error workflow alarms. When off, it is an item with ok: false. A difference that a comparison finds counts as bad, and so does a drill that fails.',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			drillOptions.allowUnsigned,
			{
				displayName: 'Exclude',
				name: 'exclude',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. */cache/*',
				description: 'What the backup was told to leave out, in the same words: it is not missed in it',
				displayOptions: { show: { '/level': ['live'] } },
			},
			drillOptions.image,
			drillOptions.keepEvidence,
			versionsOption,
			{
				displayName: 'Series',
				name: 'series',
				type: 'string',
				default: '',
				placeholder: 'e.g. volume:app_data',
				description: 'Only this series of the job, when it makes one archive per volume',
				displayOptions: { show: { '/select': ['latest'] } },
			},
			drillOptions.timeLimit,
		],
	},
];
