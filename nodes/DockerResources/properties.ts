/** The panel of Docker Resources; read by request.ts. */
import type { INodeProperties } from 'n8n-workflow';

const only = (...operation: string[]) => ({ show: { operation } });

export const resourcesProperties: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'List Containers',
				value: 'containers',
				description: 'All containers, running or not, with state, health, mounts, labels and networks',
				action: 'List containers',
			},
			{
				name: 'List Images',
				value: 'images',
				description: 'All images, with tags, digest, size and the containers made of them',
				action: 'List images',
			},
			{
				name: 'List Unprotected Volumes',
				value: 'unprotected',
				description: 'Volumes that no backup of a repository holds, or none that is recent enough',
				action: 'List unprotected volumes',
			},
			{
				name: 'List Volumes',
				value: 'volumes',
				description:
					'All volumes, with the containers that use them; with a repository also their last backup',
				action: 'List volumes',
			},
		],
		default: 'containers',
	},
	{
		displayName: 'Max Age (Hours)',
		name: 'maxAge',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		displayOptions: only('unprotected'),
		description: 'A backup that is older does not count; 0 means that any does',
	},
	{
		displayName: 'Name',
		name: 'name',
		type: 'string',
		default: '',
		placeholder: 'e.g. app_*',
		description: 'Only resources of this name; * stands for any characters, ? for one. Empty means all.',
	},
	{
		displayName: 'Labels',
		name: 'labels',
		type: 'string',
		default: '',
		placeholder: 'e.g. docker-backup.enable=true',
		description:
			'Only resources with these labels: key=value, or a key alone for any value; with commas between several, which must all be there',
	},
	{
		displayName: 'Project',
		name: 'project',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		description: 'Only resources of this Compose project, or used by its containers',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'All',
				typeOptions: { searchListMethod: 'searchProjects', searchable: true },
			},
			{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. shop' },
		],
	},
	{
		displayName: 'Include Anonymous Volumes',
		name: 'anonymous',
		type: 'boolean',
		default: false,
		displayOptions: only('unprotected', 'volumes'),
		description: 'Whether volumes count whose name Docker made up, for containers that named none',
	},
	{
		displayName: 'Measure Sizes',
		name: 'sizes',
		type: 'boolean',
		default: false,
		displayOptions: only('unprotected', 'volumes'),
		description:
			'Whether to tell how much each volume occupies. Docker walks through all volumes of the host for it, which can take minutes.',
	},
];
