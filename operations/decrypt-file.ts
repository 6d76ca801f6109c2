/**
 * Decrypts one archive file with nothing but a key: no repository, no record, no Docker. The header
 * says how the key is derived. Throws `key_wrong`, `archive_tampered`, `archive_truncated`, …
 */
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { openStream, unlockArchive, type Secret } from '../engine/index';
import { BackupError } from '../protocol/errors';

/** Writes the plaintext (a .tar.zst, as a rule) to `output`; resolves to its bytes. */
export async function decryptFile(
	path: string,
	secrets: readonly Secret[],
	output: Writable,
	signal: AbortSignal,
): Promise<number> {
	const file = await openFile(path);
	let bytes = 0;
	try {
		const stored = file.createReadStream({
			start: 0,
			highWaterMark: 1 << 20,
			autoClose: false,
		}) as AsyncIterable<Buffer>;
		const counted = async function* () {
			for await (const chunk of openStream(stored, {
				archiveKey: async (header) => await unlockArchive(header, secrets, path),
				name: path,
			})) {
				bytes += chunk.length;
				yield chunk;
			}
		};
		await pipeline(counted, output, { signal });
		return bytes;
	} finally {
		await file.close();
	}
}

async function openFile(path: string) {
	try {
		return await open(path);
	} catch (cause) {
		throw new BackupError('archive_missing', `the archive ${path} can't be read`, { cause });
	}
}
