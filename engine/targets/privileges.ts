/**
 * What gives an extracted file powers beyond its content: device nodes, set-id bits and capabilities of files. Kept
 * where a volume comes back as it was; left out where an archive is unpacked into somebody's directory.
 * (The set-group-id bit of a folder only says which group new files get: it stays.)
 */
import { chmod, lchown, lstat, unlink } from 'node:fs/promises';
import type { EntryFacts } from '../format/tar-scanner';

export const isDevice = ({ type }: EntryFacts): boolean => type === 'character' || type === 'block';

export const isPrivileged = ({ type, mode, xattrs = [] }: EntryFacts): boolean =>
	type === 'file' && ((mode & setIds) !== 0 || xattrs.includes('security.capability'));

const setIds = 0o6000;

/** `path` of a regular file that was just extracted, where nobody else comes yet. */
export async function removePrivileges(path: Buffer): Promise<void> {
	const { uid, gid, mode } = await lstat(path);
	// Linux drops capabilities when a file gets an owner, also the one it has.
	await lchown(path, uid, gid);
	await chmod(path, mode & 0o1777);
}

export const removeDevice = (path: Buffer): Promise<void> => unlink(path);
