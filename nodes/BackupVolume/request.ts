/** From the panel's values to the operation's request. Throws `invalid_parameter`. */
import type { BackUpRequest } from '../../operations';
import type { Fields } from '../shared/fields';

export function backUpRequest(parameters: Fields): BackUpRequest {
	const options = parameters.group('options', 'Options');
	return {
		job: parameters.required('job', 'Job Name', 'Give the backup a name that stays the same, e.g. nightly.'),
		volumes: volumes(parameters),
		directories: [],
		separate: parameters.oneOf('archive', 'Archive', ['one', 'perVolume']) === 'perVolume',
		exclude: options.lines('exclude', 'Exclude'),
		compression: compression(parameters),
		encrypt: parameters.flag('encrypt', 'Encrypt'),
		tags: options.names('tags', 'Tags'),
		lockWaitMs: options.whole('lockWait', 'Wait for a Running Backup (Seconds)', 0, 0) * 1000,
	};
}

function volumes(parameters: Fields): string[] {
	const by = parameters.oneOf('volumesBy', 'Choose Volumes', ['list', 'name']);
	return by === 'list'
		? parameters.names('volumes', 'Volumes')
		: parameters.names('volumeNames', 'Volume Names');
}

function compression(parameters: Fields): BackUpRequest['compression'] {
	const algorithm = parameters.oneOf('compression', 'Compression', ['zstd', 'none']);
	if (algorithm === 'none') return { algorithm, level: null };
	return { algorithm, level: parameters.whole('compressionLevel', 'Compression Level', 1, 1) };
}
