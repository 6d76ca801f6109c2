/** The fields that say where on a Docker host files are, for nodes that work on single files, and their reading. */
import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import { BackupError, type FilePlace } from '../../operations';
import type { Fields } from './fields';

type Shown = NonNullable<IDisplayOptions['show']>;

/** The fields for a volume and for a directory; `shown`: what must hold besides, `decider` says which. */
export function placeFields(decider: string, shown: Shown = {}): INodeProperties[] {
	return [
		{
			displayName: 'Volume',
			name: 'volume',
			type: 'resourceLocator',
			default: { mode: 'list', value: '' },
			required: true,
			displayOptions: { show: { ...shown, [decider]: ['volume'] } },
			description: 'The volume on the Docker host that holds the database',
			modes: [
				{
					displayName: 'From List',
					name: 'list',
					type: 'list',
					placeholder: 'Choose a volume…',
					typeOptions: { searchListMethod: 'searchVolumes', searchable: true },
				},
				{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. app_data' },
			],
		},
		{
			displayName: 'Directory',
			name: 'directory',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. /srv/app',
			displayOptions: { show: { ...shown, [decider]: ['directory'] } },
			description: 'Absolute path on the Docker host, not inside the n8n container',
		},
	];
}

/** Throws `invalid_parameter`. */
export function placeOfType(type: FilePlace['type'], parameters: Fields): FilePlace {
	if (type === 'volume') {
		const hint = 'Choose a volume from the list or give its name.';
		return { type, name: parameters.required('volume', 'Volume', hint) };
	}
	const name = parameters.required(
		'directory',
		'Directory',
		'Name a directory on the Docker host, e.g. /srv/app.',
	);
	if (name.startsWith('/')) return { type, name };
	throw new BackupError('invalid_parameter', `the directory "${name}" is not an absolute path`, {
		hint: 'Start it with a slash, e.g. /srv/app.',
	});
}
