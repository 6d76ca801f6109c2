/** The volume or directory of the Docker host that files are looked for in. Throws `usage`. */
import { isAbsolute, resolve } from 'node:path';
import type { FilePlace } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';

export const placeFlags = [
	{ name: 'volume', value: 'NAME', help: 'Docker volume that holds the database' },
	{
		name: 'directory',
		value: 'PATH',
		help: 'Directory of the Docker host that holds it, instead of a volume',
	},
] as const satisfies readonly Flag[];

/** Null when neither is given. */
export function placeOf(
	{ volume, directory }: Values<typeof placeFlags>,
	shell: Pick<Shell, 'directory'>,
): FilePlace | null {
	if (volume !== undefined && directory !== undefined)
		throw usage('--volume and --directory exclude each other');
	if (volume !== undefined) return { type: 'volume', name: volume };
	if (directory === undefined) return null;
	return {
		type: 'directory',
		name: isAbsolute(directory) ? directory : resolve(shell.directory, directory),
	};
}

export function requiredPlace(flags: Values<typeof placeFlags>, shell: Pick<Shell, 'directory'>): FilePlace {
	const place = placeOf(flags, shell);
	if (place === null) throw usage('name the --volume or --directory that holds the database');
	return place;
}
