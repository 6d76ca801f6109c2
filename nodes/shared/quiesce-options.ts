/** The fields that ask what becomes of the containers that use what is backed up; read by quiesce.ts. */
import type { INodeProperties } from 'n8n-workflow';

const command: INodeProperties[] = [
	{
		displayName: 'Container',
		name: 'container',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app-db-1',
		description: 'Name or ID of a running container; its image needs a shell',
	},
	{
		displayName: 'Command',
		name: 'command',
		type: 'string',
		typeOptions: { rows: 3 },
		default: '',
		required: true,
		placeholder: 'e.g. redis-cli',
		description:
			'The program, and each of its arguments on a line of its own. No shell reads them: quotes and variables mean nothing. An expression may give a list.',
	},
	{
		displayName: 'User',
		name: 'user',
		type: 'string',
		default: '',
		placeholder: 'e.g. root',
		description: "Who it is run as in the container; empty for the container's own user",
	},
	{
		displayName: 'Time Limit (Seconds)',
		name: 'timeLimit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 300,
		description: 'The program is killed when it takes longer',
	},
	{
		displayName: 'On Failure',
		name: 'onFailure',
		type: 'options',
		options: [
			{ name: 'Continue', value: 'continue', description: 'The record of the backup gets a warning' },
			{ name: 'Fail', value: 'fail', description: 'The backup fails, and the containers run again' },
		],
		default: 'fail',
	},
];

const commands = (displayName: string, name: string, description: string): INodeProperties => ({
	displayName,
	name,
	type: 'fixedCollection',
	typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Command', sortable: true },
	placeholder: 'Add Command',
	default: {},
	description,
	options: [{ displayName: 'Command', name: 'command', values: command }],
});

export const quiesceProperties: INodeProperties[] = [
	{
		displayName: 'Quiesce Containers',
		name: 'quiesce',
		type: 'options',
		options: [
			{
				name: 'None',
				value: 'none',
				description: 'Containers go on, and files may change while they are read',
			},
			{
				name: 'Pause',
				value: 'pause',
				description: 'They stand still while their data is read: short, as after a power cut for the data',
			},
			{
				name: 'Stop',
				value: 'stop',
				description: 'They are stopped while their data is read, and started again before it is stored',
			},
		],
		default: 'none',
		description: 'What becomes of containers that use what is backed up',
	},
	{
		displayName: 'Which Containers',
		name: 'quiesceWhich',
		type: 'options',
		options: [
			{ name: 'By Label', value: 'labelled' },
			{ name: 'By Name', value: 'named' },
			{
				name: 'Those That Use the Data',
				value: 'using',
				description: 'Who mounts what is backed up, and may write there',
			},
		],
		default: 'using',
		displayOptions: { show: { quiesce: ['pause', 'stop'] } },
	},
	{
		displayName: 'Container Names',
		name: 'quiesceContainers',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app-web-1, app-worker-1',
		displayOptions: { show: { quiesce: ['pause', 'stop'], quiesceWhich: ['named'] } },
		description: 'Names or IDs with commas between them',
	},
	{
		displayName: 'Container Labels',
		name: 'quiesceLabels',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. docker-backup.quiesce=true',
		displayOptions: { show: { quiesce: ['pause', 'stop'], quiesceWhich: ['labelled'] } },
		description:
			'As key=value, or a key alone for any value; with commas between several, which must all be there',
	},
	{
		displayName: 'Quiesce Options',
		name: 'quiesceOptions',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			commands(
				'Commands After',
				'after',
				'Programs to run in containers once these run again, also when the backup has failed',
			),
			commands(
				'Commands Before',
				'before',
				'Programs to run in containers before these are stopped or paused',
			),
			{
				displayName: 'Containers to Leave Alone',
				name: 'except',
				type: 'string',
				default: '',
				placeholder: 'e.g. app-proxy-1',
				description: 'Names or IDs, with commas between them, of containers that go on whatever they use',
			},
			{
				displayName: 'Guard',
				name: 'guard',
				type: 'boolean',
				default: true,
				description:
					'Whether a second small container starts them again should n8n be killed in the middle; it gets the Docker socket, and ends with the reading. Without it the next backup on that host does.',
			},
			{
				displayName: 'Maximum Downtime (Minutes)',
				name: 'downtimeLimit',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 60,
				description: 'After so long the containers are started again, and the backup fails',
			},
			{
				displayName: 'Wait for Another Backup (Seconds)',
				name: 'wait',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 600,
				description: 'How long to wait while another backup keeps one of the containers at rest',
			},
			{
				displayName: 'Wait for Health (Seconds)',
				name: 'healthLimit',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 120,
				description:
					'How long a container with a health check may take to be healthy again before those that need it are started; 0 waits for none',
			},
		],
	},
];
