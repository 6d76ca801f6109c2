/** Replacing what an existing volume holds: the flags, and the lock that they are. Throws `usage`. */
import type { RestoreWay } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Values } from '../verb';

export const overwriteFlags = [
	{ name: 'overwrite', help: 'Replace what an existing volume holds; needs --confirm' },
	{ name: 'confirm', value: 'NAME', help: 'With --overwrite: the name of that volume, typed once more' },
	{
		name: 'safety-backup',
		value: 'JOB',
		help: 'With --overwrite: back that volume up first, under this job in the same repository',
	},
	{
		name: 'no-stop',
		help: 'With --overwrite: refuse while containers use the volume, instead of stopping them',
	},
	{
		name: 'wipe',
		help: 'With --overwrite: remove the old content first, where there is no space for both',
	},
] as const satisfies readonly Flag[];

export function overwriteOf(flags: Values<typeof overwriteFlags>): Pick<RestoreWay, 'overwrite'> {
	const { overwrite, confirm = '', wipe, 'no-stop': noStop, 'safety-backup': safetyBackupJob } = flags;
	if (overwrite) return { overwrite: { confirm, stopContainers: !noStop, wipeFirst: wipe, safetyBackupJob } };
	const stray = overwriteFlags.find(({ name }) => flags[name] !== undefined && flags[name] !== false);
	if (stray) throw usage(`--${stray.name} belongs to --overwrite`, 'Add --overwrite, or leave it out.');
	return {};
}
