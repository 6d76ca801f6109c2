/** The panel of Restore: what, from which backup, and then the fields of its kind. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField, seriesField } from '../shared/selection';
import { restoreContainerProperties } from './properties-container';
import { imageProperties } from './properties-image';
import { postgresProperties } from './properties-postgres';
import { sqliteProperties } from './properties-sqlite';
import { volumeProperties } from './properties-volumes';

export const restoreProperties: INodeProperties[] = [
	{
		displayName: 'What to Restore',
		name: 'kind',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Container', value: 'container' },
			{ name: 'Image', value: 'image' },
			{ name: 'Postgres Database', value: 'postgres' },
			{ name: 'SQLite Database', value: 'sqlite' },
			{ name: 'Volumes', value: 'volumes' },
		],
		default: 'volumes',
	},
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
	},
	recordField({ select: ['id'] }),
	jobField({ select: ['latest'] }),
	seriesField({ kind: ['postgres', 'sqlite'], select: ['latest'] }),
	...volumeProperties,
	...postgresProperties,
	...sqliteProperties,
	...imageProperties,
	...restoreContainerProperties,
];
