/** The panel of Verify Archive. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField } from '../shared/selection';

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
				name: 'Deep',
				value: 'deep',
				description: 'Also decrypts, decompresses, and compares every file inside with the index',
			},
		],
		default: 'checksum',
	},
	{
		displayName: 'Fail When an Archive Is Bad',
		name: 'failOnBad',
		type: 'boolean',
		default: true,
		description:
			'Whether a bad archive makes this node fail (after all were checked), so that your error workflow alarms. When off, it is an item with ok: false.',
	},
];
