/** From the panel's values for volumes to the operation's request. Throws `invalid_parameter`. */
import { BackupError, type restoreVolumes } from '../../operations';
import type { Fields } from '../shared/fields';
import { selectionOf } from '../shared/selection';

type RestoreRequest = Parameters<typeof restoreVolumes>[3];

export function restoreRequest(parameters: Fields): RestoreRequest {
	const options = parameters.group('options', 'Options');
	return {
		selection: selectionOf(parameters),
		volumes: volumes(parameters),
		nameFor: naming(parameters),
		allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
		paths: options.lines('paths', 'Paths'),
		into: options.text('into', 'Into Directory').replace(/^\/+/, ''),
		salvage: options.flag('salvage', 'Salvage'),
		dryRun: parameters.flag('dryRun', 'Dry Run'),
		recreate: options.oneOf(
			'recreate',
			'Recreate Driver and Options',
			['original', 'always', 'never'],
			'original',
		),
		...overwriting(parameters, options),
	};
}

/** What is typed is compared as it is: names of volumes have no spaces around them. */
function overwriting(parameters: Fields, options: Fields): Pick<RestoreRequest, 'overwrite'> {
	if (targetOf(parameters) !== 'overwrite') return {};
	const safetyBackupJob = parameters.text('safetyBackupJob', 'Safety Backup Job');
	return {
		overwrite: {
			confirm: parameters.text('confirm', "Type the Volume's Name to Confirm", { exact: true }),
			stopContainers: parameters.flag('stopContainers', 'Stop Containers'),
			wipeFirst: options.flag('wipeFirst', 'Wipe First'),
			...(safetyBackupJob !== '' && { safetyBackupJob }),
		},
	};
}

const targetOf = (parameters: Fields) =>
	parameters.oneOf('target', 'Restore Into', ['affixed', 'named', 'overwrite']);

/** Empty means all, so a choice of none is an error. */
function volumes(parameters: Fields): string[] {
	const by = parameters.oneOf('volumesBy', 'Choose Volumes', ['all', 'list', 'name']);
	if (by === 'all') return [];
	const chosen =
		by === 'list' ? parameters.names('volumes', 'Volumes') : parameters.names('volumeNames', 'Volume Names');
	if (chosen.length > 0) return chosen;
	throw new BackupError('invalid_parameter', 'no volume is selected', {
		hint: 'Choose at least one, or all in the backup.',
	});
}

function naming(parameters: Fields): RestoreRequest['nameFor'] {
	const target = targetOf(parameters);
	if (target === 'affixed') return affixed(parameters);
	const existing = parameters.text('existingVolume', 'Existing Volume');
	if (target === 'overwrite' && existing === '') return (source) => source;
	const name = target === 'overwrite' ? existing : parameters.required('newVolume', 'New Volume Name');
	let only: string | undefined;
	return (source) => {
		only ??= source;
		if (only === source) return name;
		throw new BackupError(
			'invalid_parameter',
			`"${only}" and "${source}" can't both become volume "${name}"`,
			{
				hint: 'Choose one of the volumes, or restore into new volumes with a prefix or suffix.',
			},
		);
	};
}

function affixed(parameters: Fields): RestoreRequest['nameFor'] {
	const prefix = parameters.text('prefix', 'Prefix');
	const suffix = parameters.text('suffix', 'Suffix');
	if (prefix === '' && suffix === '') {
		throw new BackupError('invalid_parameter', 'prefix and suffix are both empty', {
			hint: 'Give one, so that the new volume has a name of its own.',
		});
	}
	return (source) => `${prefix}${source}${suffix}`;
}
