/**
 * Keys of the archive format: secret → master key → key of one archive (docs/FORMAT.md, "Keys").
 *
 * Everything is HKDF-SHA256 with 32 bytes out. Binary ids travel as lowercase hex, keys as Buffers.
 * Throws `key_invalid` for a secret that can't be one, `key_wrong` for one of the wrong sort.
 */
import { hkdfSync, scrypt } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import type { RandomSource } from '../../protocol/environment';
import type { KdfParameters } from '../../protocol/record';

/** How a master key came to be: `logN` 0 and a zero salt for a raw key, 15–20 and 32 hex digits for scrypt. */
export type Kdf = KdfParameters;

export type Secret =
	| { readonly type: 'raw'; readonly key: string }
	| { readonly type: 'passphrase'; readonly passphrase: string };

export const keyLength = 32;
export const archiveIdLength = 16;
export const keyIdLength = 8;
export const saltLength = 16;
export const minLogN = 15;
export const maxLogN = 20;
export const rawKdf: Kdf = { id: 'raw', logN: 0, salt: '0'.repeat(2 * saltLength) };

/** scrypt's block size and parallelism: fixed by the format. */
const blockSize = 8;
const parallelism = 1;

/** The 32 bytes of a key as `generateKey` prints it (white space around it allowed). Throws `key_invalid`. */
export function parseRawKey(text: string): Buffer {
	const trimmed = text.trim();
	const key = Buffer.from(trimmed, 'base64');
	if (key.length !== keyLength || key.toString('base64') !== trimmed) {
		throw new BackupError('key_invalid', 'the key is not the base64 of exactly 32 bytes', {
			hint: 'Make one with `docker-backup keygen`; a phrase of your own goes into the passphrase field.',
		});
	}
	return key;
}

/** A new random key: base64 of 32 bytes. */
export function generateKey(random: RandomSource): string {
	return random.bytes(keyLength).toString('base64');
}

/** The passphrase a file holds: its text without one line break at the end. */
export function passphraseFromFile(text: string): string {
	return text.replace(/\r?\n$/, '');
}

/**
 * The 32-byte master key of a secret. For a passphrase this costs 128 · 8 · 2^logN bytes of memory
 * (32 MiB to 1 GiB) and runs in the thread pool.
 * Throws `key_invalid` (empty or broken secret, logN outside 15–20), `key_wrong` (a raw key where `kdf`
 * asks for a passphrase, or the reverse).
 */
export async function deriveMasterKey(secret: Secret, kdf: Kdf): Promise<Buffer> {
	if (secret.type === 'raw') {
		const key = parseRawKey(secret.key);
		if (kdf.id !== 'raw') throw wrongSort('a passphrase', 'a raw key');
		return key;
	}
	const password = normalised(secret.passphrase);
	if (kdf.id !== 'scrypt') throw wrongSort('a raw key', 'a passphrase');
	return scryptKey(password, kdf);
}

/** Names a master key without telling anything about it: 16 hex digits. */
export function keyId(master: Buffer): string {
	return derive(master, '', 'docker-backup key id').subarray(0, keyIdLength).toString('hex');
}

/** The key of one archive (32 bytes), which opens nothing else. `archiveId`: 32 hex digits. */
export function archiveKey(master: Buffer, archiveId: string): Buffer {
	return derive(master, fixedHex(archiveId, archiveIdLength, 'archive id'), 'docker-backup archive');
}

/** What the header says of the archive's key (32 bytes), so that a wrong key is told from a damaged file. */
export function commitment(key: Buffer): Buffer {
	return derive(key, '', 'docker-backup commit');
}

/** HKDF-SHA256, 32 bytes; an empty salt is RFC 5869's "no salt". */
export function derive(key: Buffer, salt: Buffer | string, info: Buffer | string): Buffer {
	return Buffer.from(hkdfSync('sha256', key, salt, info, keyLength));
}

/** The bytes of `length`·2 lowercase hex digits; anything else is a mistake of the caller (RangeError). */
export function fixedHex(text: string, length: number, name: string): Buffer {
	const bytes = Buffer.from(text, 'hex');
	if (bytes.length !== length || bytes.toString('hex') !== text) {
		throw new RangeError(`${name} is not ${2 * length} lowercase hex digits`);
	}
	return bytes;
}

function normalised(passphrase: string): Buffer {
	if (passphrase === '') throw new BackupError('key_invalid', 'the passphrase is empty');
	if (/\p{Surrogate}/u.test(passphrase)) {
		throw new BackupError('key_invalid', 'the passphrase is not valid Unicode text');
	}
	return Buffer.from(passphrase.normalize('NFKC'), 'utf8');
}

function scryptKey(password: Buffer, kdf: Kdf): Promise<Buffer> {
	// The number comes from files that others may have written: checked before anything is allocated.
	if (!Number.isInteger(kdf.logN) || kdf.logN < minLogN || kdf.logN > maxLogN) {
		throw new BackupError('key_invalid', `scrypt logN ${kdf.logN} is not within ${minLogN}–${maxLogN}`);
	}
	const N = 2 ** kdf.logN;
	// OpenSSL counts the table, two blocks of work space and the output block.
	const maxmem = 128 * blockSize * (N + 2 + parallelism);
	const salt = fixedHex(kdf.salt, saltLength, 'scrypt salt');
	return new Promise((resolve, reject) => {
		scrypt(password, salt, keyLength, { N, r: blockSize, p: parallelism, maxmem }, (error, key) => {
			if (error) reject(error);
			else resolve(key);
		});
	});
}

function wrongSort(needed: string, given: string): BackupError {
	return new BackupError('key_wrong', `the keys derive from ${needed}, but ${given} was given`);
}
