/** The panel of Backup Container; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';
import { backupOptions, jobName } from '../shared/backup-options';
import { quiesceProperties } from '../shared/quiesce-options';

const ofContainers = { resource: ['container'] };
const ofImages = { resource: ['image'] };

const common = [backupOptions.compression, backupOptions.compressionLevel, backupOptions.encrypt];

export const containerProperties: INodeProperties[] = [
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Container', value: 'container' },
			{ name: 'Image', value: 'image' },
		],
		default: 'container',
	},
	{ ...jobName, placeholder: 'e.g. web' },
	{
		displayName: 'Choose Containers',
		name: 'containersBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'From List', value: 'list' },
			{ name: 'By Name', value: 'name' },
		],
		default: 'list',
		displayOptions: { show: ofContainers },
	},
	{
		// eslint-disable-next-line n8n-nodes-base/node-param-display-name-wrong-for-dynamic-multi-options -- containers are known by their names
		displayName: 'Containers',
		name: 'containers',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getContainers' },
		default: [],
		required: true,
		displayOptions: { show: { ...ofContainers, containersBy: ['list'] } },
		description:
			'Each becomes an archive of its own. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Container Names',
		name: 'containerNames',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. web, shop-db-1',
		displayOptions: { show: { ...ofContainers, containersBy: ['name'] } },
		description: 'Names or IDs with commas between them, or an expression that gives a list',
	},
	{
		displayName: 'Images',
		name: 'images',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. app:latest, db:17',
		displayOptions: { show: ofImages },
		description:
			'References or IDs with commas between them, or an expression that gives a list. They must be on the host: nothing is pulled.',
	},
	{
		displayName: 'Archive Its Image',
		name: 'withImage',
		type: 'boolean',
		default: false,
		displayOptions: { show: ofContainers },
		description: 'Whether to archive the image, too, in the same run',
	},
	{
		displayName: 'Archive Bind Mounts',
		name: 'bindMounts',
		type: 'boolean',
		default: false,
		displayOptions: { show: ofContainers },
		description: 'Whether to archive files and directories of the host that the container mounts, too',
	},
	{
		displayName: 'Leave Out Secrets',
		name: 'mask',
		type: 'options',
		options: [
			{ name: 'Nothing', value: 'none', description: 'The archive holds the environment as it is' },
			{ name: 'What Looks Like a Secret', value: 'secrets' },
			{ name: 'The Whole Environment', value: 'environment', description: "All but what is the image's own" },
		],
		default: 'none',
		displayOptions: { show: ofContainers },
		description: 'Values that do not get into the archive, and must be given again at a restore',
	},
	...quiesceProperties.map((property) => ({
		...property,
		displayOptions: {
			...property.displayOptions,
			show: { ...property.displayOptions?.show, ...ofContainers },
		},
	})),
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			...common,
			{
				displayName: 'Exclude',
				name: 'exclude',
				type: 'string',
				typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Pattern' },
				default: [],
				placeholder: 'e.g. *.tmp',
				description: 'Of containers: what to leave out of their volumes, as patterns of GNU tar',
			},
			{
				displayName: 'Separate Archives',
				name: 'separate',
				type: 'boolean',
				default: false,
				description: 'Whether each image name gets an archive of its own. Containers always do.',
			},
			backupOptions.tags,
			backupOptions.lockWait,
		],
	},
];
