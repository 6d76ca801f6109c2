/**
 * Snapshots that Coldrune made, so that its users can move over: the whole SQLite database, encrypted in one piece.
 *
 *   "CRBU" | version 1 | nonce, 12 bytes | ciphertext | tag, 16 bytes
 *
 * AES-256-GCM; key = HKDF-SHA256(master key, no salt, info "coldrune-backup-key", 32 bytes). Its documentation tells of
 * no associated data and of no salt, and none is assumed. Nothing in such a file tells a wrong key from a damaged
 * file, and nothing is authentic before its end: what is written before is to be thrown away when this throws
 * `key_wrong`, `key_invalid`, `archive_truncated`, `archive_version_unsupported`, `archive_malformed`, `archive_missing`.
 */
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { BackupError } from '../protocol/errors';

const magic = Buffer.from('CRBU', 'latin1');
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = magic.length + 1 + nonceBytes;
const keyBytes = 32;
const sqliteMagic = Buffer.from('SQLite format 3\0', 'latin1');

/** Whether a file begins like one of these; false also when it can't be read. */
export async function isColdrune(path: string): Promise<boolean> {
	let file: FileHandle;
	try {
		file = await open(path);
	} catch {
		// Whoever opens it next says why.
		return false;
	}
	try {
		const { bytesRead, buffer } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0);
		return bytesRead === magic.length && buffer.equals(magic);
	} finally {
		await file.close();
	}
}

/** The master key of a key file: its 32 bytes, or their 64 hexadecimal digits, or their base64. Throws `key_invalid`. */
export function parseColdruneKey(content: Buffer): Buffer {
	if (content.length === keyBytes) return content;
	const text = content.toString('latin1').trim();
	if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
	const key = Buffer.from(text, 'base64');
	const unpadded = (base64: string) => base64.replace(/=+$/, '');
	if (key.length === keyBytes && unpadded(key.toString('base64')) === unpadded(text)) return key;
	throw new BackupError('key_invalid', 'the key file does not hold a Coldrune master key', {
		hint: 'It is 32 bytes: as they are, as 64 hexadecimal digits, or as base64.',
	});
}

/** Writes the database to `output`, and ends it; resolves to its bytes once all of it is authentic. */
export async function decryptColdrune(
	path: string,
	masterKey: Buffer,
	output: Writable,
	signal: AbortSignal,
): Promise<number> {
	const file = await openFile(path);
	try {
		const { size } = await file.stat();
		const least = headerBytes + tagBytes;
		if (size < least) {
			throw new BackupError(
				'archive_truncated',
				`${path} has ${size} bytes, and a Coldrune snapshot at least ${least}`,
			);
		}
		const header = await readExactly(file, 0, headerBytes, path);
		const version = header.readUInt8(magic.length);
		if (version !== 1) {
			throw new BackupError(
				'archive_version_unsupported',
				`${path} is a Coldrune snapshot of version ${version}, and only version 1 is known`,
			);
		}
		const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'coldrune-backup-key', keyBytes));
		const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(magic.length + 1));
		decipher.setAuthTag(await readExactly(file, size - tagBytes, tagBytes, path));
		let bytes = 0;
		let begin = Buffer.alloc(0);
		const plaintext = async function* () {
			const end = size - tagBytes - 1;
			if (end >= headerBytes) {
				const stored = file.createReadStream({
					start: headerBytes,
					end,
					highWaterMark: 1 << 20,
					autoClose: false,
				});
				for await (const chunk of stored as AsyncIterable<Buffer>) {
					const plain = decipher.update(chunk);
					bytes += plain.length;
					if (begin.length < sqliteMagic.length)
						begin = Buffer.concat([begin, plain]).subarray(0, sqliteMagic.length);
					yield plain;
				}
			}
			authenticate(decipher, path);
			if (begin.equals(sqliteMagic)) return;
			throw new BackupError('archive_malformed', `${path} is authentic, but holds no SQLite database`);
		};
		await pipeline(plaintext, output, { signal });
		return bytes;
	} finally {
		await file.close();
	}
}

function authenticate(decipher: ReturnType<typeof createDecipheriv>, path: string): void {
	try {
		decipher.final();
	} catch (cause) {
		throw new BackupError(
			'key_wrong',
			`${path} does not open: the key is another one, or the file was damaged`,
			{
				hint: 'Give the master key that Coldrune had when it made this snapshot; after a rotation that is the former one.',
				cause,
			},
		);
	}
}

async function openFile(path: string): Promise<FileHandle> {
	try {
		return await open(path);
	} catch (cause) {
		throw new BackupError('archive_missing', `the archive ${path} can't be read`, { cause });
	}
}

async function readExactly(file: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
	const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at);
	if (bytesRead === length) return buffer;
	throw new BackupError('archive_truncated', `${path} became shorter while it was read`);
}
