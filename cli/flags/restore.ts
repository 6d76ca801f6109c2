/** What of an archive is restored, and how: the flags that all restores of volumes share. */
import type { RestoreWay } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Values } from '../verb';

export const restoreFlags = [
	{
		name: 'path',
		value: 'PATH',
		repeatable: true,
		help: 'Only this path or glob (*, ?, **) below the volume, with all that is below it',
	},
	{ name: 'into', value: 'DIR', help: 'Restore below this new directory of the target' },
	{ name: 'dry-run', help: 'Only say what would be done' },
	{ name: 'salvage', help: 'Restore what a damaged archive still gives, and list what is lost' },
] as const satisfies readonly Flag[];

export function wayOf(flags: Values<typeof restoreFlags>): RestoreWay {
	const into = flags.into ?? '';
	if (into.startsWith('/'))
		throw usage('--into names a directory below the target, so it starts without a slash');
	return { paths: flags.path, into, dryRun: flags['dry-run'], salvage: flags.salvage };
}
