/** Where files are looked for, read or written: a volume or directory of the host, mounted into a runner. */
import { isAbsolute } from 'node:path/posix';
import type { RunnerMount } from '../../docker/runner';
import { BackupError } from '../../protocol/errors';
import type { FilePlace } from './requests';

/** Where a runner finds it. */
export const placeRoot = '/place';

/** Throws `invalid_parameter`. */
export function mountOf({ type, name }: FilePlace, readOnly: boolean): RunnerMount {
	if (type === 'volume' ? name === '' || name.includes('/') : !isAbsolute(name)) {
		const wanted = type === 'volume' ? 'the name of a volume' : 'an absolute path of the docker host';
		throw new BackupError('invalid_parameter', `${JSON.stringify(name)} is not ${wanted}`, {
			hint: 'Choose a volume, or a directory of the machine that runs Docker.',
		});
	}
	return {
		type: type === 'volume' ? 'volume' : 'bind',
		source: name,
		target: placeRoot,
		readOnly,
		missingCode: type === 'volume' ? 'volume_not_found' : 'source_missing',
	};
}

/** Without a slash at its end; what a record names it. */
export const tidied = ({ type, name }: FilePlace): FilePlace => ({
	type,
	name: type === 'directory' ? name.replace(/(?<=.)\/+$/, '') : name,
});

export const describePlace = ({ type, name }: FilePlace): string =>
	type === 'volume' ? `volume "${name}"` : name;
