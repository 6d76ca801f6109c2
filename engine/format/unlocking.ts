/**
 * From an archive's header and the keys at hand to the archive's key.
 *
 * Checks in the order of docs/FORMAT.md: key id, then commitment, so that a wrong key is told from a
 * damaged archive before any of it is decrypted. Throws `key_missing` (no key given), `key_wrong`.
 */
import { timingSafeEqual } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import type { Header } from './header';
import { archiveKey, commitment, deriveMasterKey, keyId, type Secret } from './keys';

/** Throws `key_wrong` unless `key` (32 bytes) is the one the header commits to. */
export function checkCommitment(header: Header, key: Buffer, name = 'the archive'): void {
	if (timingSafeEqual(commitment(key), header.commitment)) return;
	throw new BackupError('key_wrong', `${name} does not open with the key given for key ${header.keyId}`, {
		hint: 'Either this is another key, or the header of the archive was changed.',
	});
}

/** The key of the archive under whichever of these master keys (current and previous ones) sealed it. */
export function archiveKeyFor(header: Header, masters: readonly Buffer[], name = 'the archive'): Buffer {
	const master = masters.find((candidate) => keyId(candidate) === header.keyId);
	if (!master) throw masters.length === 0 ? missing(header, name) : wrong(header, masters.map(keyId), name);
	const key = archiveKey(master, header.archiveId);
	checkCommitment(header, key, name);
	return key;
}

/**
 * The same from secrets, for an archive that comes alone: the header holds what scrypt needs. Secrets of
 * the other sort are passed over; each passphrase tried costs one scrypt. Throws also `key_invalid`.
 */
export async function unlock(
	header: Header,
	secrets: readonly Secret[],
	name = 'the archive',
): Promise<Buffer> {
	if (secrets.length === 0) throw missing(header, name);
	const tried: string[] = [];
	for (const secret of secrets) {
		if ((secret.type === 'raw') !== (header.kdf.id === 'raw')) continue;
		const master = await deriveMasterKey(secret, header.kdf);
		if (keyId(master) === header.keyId) return archiveKeyFor(header, [master], name);
		tried.push(keyId(master));
	}
	throw wrong(header, tried, name);
}

const sort = (header: Header) => (header.kdf.id === 'raw' ? 'a key' : 'a passphrase');

function missing(header: Header, name: string): BackupError {
	return new BackupError('key_missing', `${name} is encrypted and needs key ${header.keyId}`, {
		hint: `Give ${sort(header)}: the one in use when the archive was made.`,
	});
}

function wrong(header: Header, tried: readonly string[], name: string): BackupError {
	const given = tried.length > 0 ? `tried ${tried.join(', ')}` : `it is ${sort(header)}, and none was given`;
	return new BackupError('key_wrong', `${name} needs key ${header.keyId}; ${given}`, {
		hint: `Give ${sort(header)}: the one in use when the archive was made; keys that were replaced stay needed for older archives.`,
	});
}
