/** The panel of Backup Catalog; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { jobField, recordField } from '../shared/selection';

export const catalogProperties: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Get', value: 'get', description: 'Get one record by its ID', action: 'Get a record' },
			{
				name: 'Get Many',
				value: 'getAll',
				description: 'List records, newest first',
				action: 'Get many records',
			},
		],
		default: 'getAll',
	},
	recordField({ operation: ['get'] }),
	jobField({ operation: ['getAll'] }, false),
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		displayOptions: { show: { operation: ['getAll'] } },
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
