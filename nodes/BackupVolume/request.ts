/** From the panel's values to the operation's request. Throws `invalid_parameter`. */
import { BackupError, type BackUpRequest } from '../../operations';
import type { Fields } from '../shared/fields';
import { quiesceOf } from '../shared/quiesce';

/** `livesOn`: what n8n itself needs to run (`livesOnOf`). */
export function backUpRequest(parameters: Fields, livesOn: readonly string[] = []): BackUpRequest {
	const options = parameters.group('options', 'Options');
	return {
		job: parameters.required('job', 'Job Name', 'Give the backup a name that stays the same, e.g. nightly.'),
		volumes: volumes(parameters),
		directories: directories(parameters, options),
		separate: parameters.oneOf('archive', 'Archive', ['one', 'perVolume']) === 'perVolume',
		exclude: options.lines('exclude', 'Exclude'),
		quiesce: quiesceOf(parameters, livesOn),
		compression: compression(parameters),
		encrypt: parameters.flag('encrypt', 'Encrypt'),
		tags: options.names('tags', 'Tags'),
		lockWaitMs: options.whole('lockWait', 'Wait for a Running Backup (Seconds)', 0, 0) * 1000,
	};
}

const choices = ['list', 'name', 'label', 'project', 'all', 'none'] as const;

const chosenBy = (parameters: Fields) => parameters.oneOf('volumesBy', 'Choose Volumes', choices);

function volumes(parameters: Fields): BackUpRequest['volumes'] {
	const by = chosenBy(parameters);
	const except = parameters.names('except', 'Except');
	switch (by) {
		case 'list':
			return parameters.names('volumes', 'Volumes');
		case 'name':
			return parameters.names('volumeNames', 'Volume Names');
		case 'label':
			return { by, labels: parameters.names('labels', 'Labels'), except };
		case 'project':
			return { by, projects: parameters.names('projects', 'Projects'), except };
		case 'all':
			return { by, except };
		case 'none':
			return [];
	}
}

/** An option may be left from another choice. */
function directories(parameters: Fields, options: Fields): string[] {
	if (chosenBy(parameters) !== 'none') return options.lines('hostDirectories', 'Host Directories');
	const paths = parameters.lines('directories', 'Directories');
	if (paths.length > 0) return paths;
	throw new BackupError('invalid_parameter', '"Directories" is empty', {
		hint: 'Name a directory on the Docker host, e.g. /srv/app.',
	});
}

function compression(parameters: Fields): BackUpRequest['compression'] {
	const algorithm = parameters.oneOf('compression', 'Compression', ['zstd', 'none']);
	if (algorithm === 'none') return { algorithm, level: null };
	return { algorithm, level: parameters.whole('compressionLevel', 'Compression Level', 1, 1) };
}
