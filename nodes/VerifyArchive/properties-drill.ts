/** What the panel of Verify Archive has for drills; read by drill.ts. */
import type { INodeProperties } from 'n8n-workflow';

export const drillProperties: INodeProperties[] = [
	{
		displayName: 'SQL Checks',
		name: 'checks',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add Check',
		default: {},
		displayOptions: { show: { level: ['drill'] } },
		description:
			'What must hold in the restored database, besides that every table is there with as many rows as were dumped',
		options: [
			{
				displayName: 'Check',
				name: 'check',
				values: [
					{
						displayName: 'Statement',
						name: 'statement',
						type: 'string',
						default: '',
						placeholder: 'e.g. SELECT count(*) FROM orders',
						description: 'One SQL statement that gives one value; it runs read only',
					},
					{
						displayName: 'Comparison',
						name: 'comparison',
						type: 'options',
						options: [
							{ name: 'Is Equal', value: 'equal' },
							{ name: 'Is Greater', value: 'greater' },
							{ name: 'Is Greater or Equal', value: 'greaterOrEqual' },
							{ name: 'Is Less', value: 'less' },
							{ name: 'Is Less or Equal', value: 'lessOrEqual' },
							{ name: 'Is Not Equal', value: 'notEqual' },
						],
						default: 'equal',
						description: 'Compared as numbers where both are numbers, else as text',
					},
					{
						displayName: 'Expected',
						name: 'expected',
						type: 'string',
						default: '',
						placeholder: 'e.g. 1000',
						description: 'What the value is compared with',
					},
				],
			},
		],
	},
];

const drilling = { show: { '/level': ['drill'] } };

/** For the collection "Options". */
export const drillOptions = {
	allowUnsigned: {
		displayName: 'Allow Unsigned Record',
		name: 'allowUnsigned',
		type: 'boolean',
		default: false,
		displayOptions: drilling,
		description:
			'Whether to drill a record without signature though the repository has a key. Anybody who can write there may have made it.',
	},
	image: {
		displayName: 'Image',
		name: 'image',
		type: 'string',
		default: '',
		placeholder: 'e.g. postgres:17',
		displayOptions: drilling,
		description: 'Image of the throwaway container. Empty means the one that the dump came from.',
	},
	keepEvidence: {
		displayName: 'Keep Evidence',
		name: 'keepEvidence',
		type: 'boolean',
		default: true,
		displayOptions: drilling,
		description: 'Whether the result is kept in the repository, signed, beside the record',
	},
	timeLimit: {
		displayName: 'Time Limit (Seconds)',
		name: 'drillLimit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 3600,
		displayOptions: drilling,
		description: 'From the start of the container to its last check',
	},
} as const satisfies Record<string, INodeProperties>;
