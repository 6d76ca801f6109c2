/**
 * Deletions that a storage refuses for good, while everything else may work: by the credentials (append-only
 * keys), or by the time that it must keep an object. Repeating them is of no use.
 */
import { BackupError, type ErrorCode } from '../../protocol/errors';

const refusals: readonly ErrorCode[] = ['repository_unwritable', 'storage_denied', 'object_locked'];

export function isRefusal(error: unknown): boolean {
	return error instanceof BackupError && refusals.includes(error.code);
}
