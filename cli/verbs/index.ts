/** Every command, in the order that help shows them. */
import type { Verb } from '../verb';
import { backupDirectory, backupVolume } from './backup';
import { decrypt } from './decrypt';
import { keygen } from './keygen';
import { list } from './list';
import { restoreDirectory } from './restore-directory';
import { restoreVolume } from './restore-volume';
import { show } from './show';
import { verify } from './verify';

export const verbs: readonly Verb[] = [
	keygen,
	backupVolume,
	backupDirectory,
	list,
	show,
	verify,
	restoreVolume,
	restoreDirectory,
	decrypt,
];
