/** Whether a new volume gets driver, options and labels of the one that was backed up. Throws `usage`. */
import type { Recreate } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Values } from '../verb';

export const recreateFlags = [
	{ name: 'recreate', help: 'Make the new volume with driver, options and labels also under another name' },
	{ name: 'no-recreate', help: 'Make it a plain local volume also under its own name' },
] as const satisfies readonly Flag[];

export function recreateOf(flags: Values<typeof recreateFlags>): Recreate {
	if (flags.recreate && flags['no-recreate']) throw usage('--recreate and --no-recreate exclude each other');
	return flags.recreate ? 'always' : flags['no-recreate'] ? 'never' : 'original';
}
