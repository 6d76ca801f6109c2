/**
 * File system errors as the storage contract's: out of space or quota → `repository_full`, read-only or
 * not permitted → `repository_unwritable` (for reads `storage_failed`), the root gone →
 * `repository_not_found`, an absent object → `object_not_found`, all others → `storage_failed`.
 */
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';

export type Verb = 'write' | 'read' | 'list' | 'delete';

/** What was being done to which object, for messages. */
export interface Attempt {
	readonly verb: Verb;
	readonly key: string;
	readonly root: string;
}

/** The system's name for an error, e.g. `ENOENT`; undefined for an error that is not the system's. */
export function systemCode(error: unknown): string | undefined {
	if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
	// Node has no name for these two.
	if ('errno' in error && error.errno === -constants.errno.EDQUOT) return 'EDQUOT';
	if ('errno' in error && error.errno === -constants.errno.ESTALE) return 'ESTALE';
	return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** An error as the system would give it, for what only this program sees. */
export function systemError(code: string, message: string): Error {
	return Object.assign(new Error(message), { code });
}

/** Joins a later failure to the first, which keeps its code, so that `explain` still knows it. */
export function joinSystemErrors(first: unknown, later: unknown): unknown {
	if (first === undefined || later === undefined) return first ?? later;
	const code = systemCode(first);
	if (code === undefined) return joinErrors(first, later);
	const message = `${(first as Error).message} (then, while cleaning up: ${toBackupError(later).message})`;
	return Object.assign(new Error(message, { cause: first }), { code });
}

/** What to throw for a failure of `attempt`: anything that is no system error (a cancellation too) stays itself. */
export async function explain(cause: unknown, attempt: Attempt): Promise<unknown> {
	const code = systemCode(cause);
	if (cause instanceof BackupError || code === undefined) return cause;
	const { verb, key, root } = attempt;
	const object = key === '' ? root : `${key} in ${root}`;
	const failed = `can't ${verb} ${object}`;
	switch (code) {
		case 'ENOSPC':
		case 'EDQUOT': {
			const space = code === 'ENOSPC' ? 'no space left on the device' : 'the disk quota is used up';
			return new BackupError('repository_full', `${failed}: ${space}`, {
				hint: 'Free or add space there, or prune old backups, and run again.',
				cause,
			});
		}
		case 'EROFS':
		case 'EACCES':
		case 'EPERM':
			return refused(code, verb, failed, cause);
		case 'ENOENT':
		case 'ENOTDIR': {
			const gone = await missingRoot(root);
			if (gone) return gone;
			if (verb === 'read' && code === 'ENOENT') return notFound(key, root, cause);
			break;
		}
		case 'ELOOP':
			return new BackupError('storage_failed', `${failed}: it is a symbolic link`, {
				hint: 'Objects of a repository are regular files in real directories; remove the link.',
				cause,
			});
		case 'EFBIG':
			return new BackupError('storage_failed', `${failed}: the file system takes no file of that size`, {
				hint: 'Put the repository on a file system without a small file size limit (FAT holds 4 GiB).',
				cause,
			});
	}
	return new BackupError('storage_failed', `${failed}: ${(cause as Error).message}`, { cause });
}

export function notFound(key: string, where: string, cause?: unknown): BackupError {
	return new BackupError('object_not_found', `${key} does not exist in ${where}`, { cause });
}

export function alreadyThere(key: string, where: string, cause?: unknown): BackupError {
	return new BackupError('object_exists', `${key} exists already in ${where}`, { cause });
}

/** The error for a root that is not there or is no directory, if so. */
export async function missingRoot(root: string): Promise<BackupError | undefined> {
	const hint =
		'Check the path (it is one on the machine where the engine runs) and that its disk is mounted.';
	try {
		if ((await stat(root)).isDirectory()) return undefined;
		return new BackupError('repository_not_found', `the repository ${root} is not a directory`, { hint });
	} catch (cause) {
		return new BackupError('repository_not_found', `the repository directory ${root} does not exist`, {
			hint,
			cause,
		});
	}
}

function refused(code: string, verb: Verb, failed: string, cause: unknown): BackupError {
	const reason = code === 'EROFS' ? 'the file system is read-only' : 'permission denied';
	const hint = `Give the engine's user permission to ${verb} there${code === 'EROFS' ? ', or mount it writable' : ''}.`;
	const unwritable = verb === 'write' || verb === 'delete';
	return new BackupError(unwritable ? 'repository_unwritable' : 'storage_failed', `${failed}: ${reason}`, {
		hint,
		cause,
	});
}
