/** Which volumes and directories a backup reads. Throws `usage`. */
import { isAbsolute, resolve } from 'node:path';
import type { BackUpRequest } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';

export const volumesFlags = [
	{
		name: 'label',
		value: 'LABEL',
		repeatable: true,
		help: 'Instead of names: volumes with this label (KEY or KEY=VALUE), and those of containers with it',
	},
	{
		name: 'project',
		value: 'PROJECT',
		repeatable: true,
		help: 'Instead of names: volumes of this Compose project, and those that its containers use',
	},
	{ name: 'all', help: 'Instead of names: all named volumes of the host' },
	{ name: 'except', value: 'GLOB', repeatable: true, help: 'Leave out volumes of this name, e.g. "*_cache"' },
	{
		name: 'directory',
		value: 'PATH',
		repeatable: true,
		help: 'Also this directory of the Docker host, or alone',
	},
] as const satisfies readonly Flag[];

type VolumesValues = Values<typeof volumesFlags>;

export function volumesOf(names: readonly string[], flags: VolumesValues): BackUpRequest['volumes'] {
	const { label, project, all, except } = flags;
	const ways = [names.length > 0, label.length > 0, project.length > 0, all].filter(Boolean).length;
	if (ways > 1) throw usage('NAMEs, --label, --project and --all exclude each other');
	if (label.length > 0) return { by: 'label', labels: label, except };
	if (project.length > 0) return { by: 'project', projects: project, except };
	if (all) return { by: 'all', except };
	if (names.length === 0 && flags.directory.length === 0)
		throw usage('the NAME of a volume is missing', 'Or choose volumes with --label, --project or --all.');
	return except.length === 0 ? names : { by: 'name', names, except };
}

/** A relative path starts from where the command is. */
export function directoriesOf({ directory }: VolumesValues, shell: Pick<Shell, 'directory'>): string[] {
	return directory.map((path) => absolute(path, shell));
}

export const absolute = (path: string, shell: Pick<Shell, 'directory'>): string =>
	isAbsolute(path) ? path : resolve(shell.directory, path);
