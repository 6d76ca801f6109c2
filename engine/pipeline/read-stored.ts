/**
 * The content of a stored object: storage → hash and count → open (when sealed) → decompress.
 * Throws `archive_missing`, `checksum_mismatch` once the last byte was read, and the format's errors;
 * with `expected` null nothing is compared (a file without a record).
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { BackupError } from '../../protocol/errors';
import type { RecordFile } from '../../protocol/record';
import { decompressFrames, threadsFor } from '../format/frames';
import { openStream } from '../format/opening';
import type { Storage } from '../repository/storage';

export interface ReadOptions {
	readonly archiveKey: Buffer | null;
	readonly compressed: boolean;
	readonly signal: AbortSignal;
	/** Told after every stored chunk. */
	readonly onRead?: (bytes: number) => void;
}

/** The stored bytes, compared with the record's size and SHA-256 at their end. */
export async function* readStoredBytes(
	storage: Storage,
	file: RecordFile,
	signal: AbortSignal,
	onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
	const hash = createHash('sha256');
	let size = 0;
	try {
		for await (const chunk of storage.get(file.path, undefined, signal)) {
			hash.update(chunk);
			size += chunk.length;
			onRead(size);
			yield chunk;
		}
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') {
			throw new BackupError('archive_missing', `${file.path} is missing from the repository`, {
				hint: 'The record is there but its bytes are gone: restore from another copy or another record.',
				cause: error,
			});
		}
		throw error;
	}
	if (size !== file.size || hash.digest('hex') !== file.sha256) {
		const detail =
			size === file.size ? 'its SHA-256 differs' : `it has ${size} bytes instead of ${file.size}`;
		throw new BackupError(
			'checksum_mismatch',
			`checksum mismatch: ${file.path} is not what was written (${detail})`,
			{
				hint: 'The stored file was damaged or replaced: use another record or copy, and check the disk.',
			},
		);
	}
}

/** The content stream of a stored object. */
export function readContent(storage: Storage, file: RecordFile, options: ReadOptions): AsyncIterable<Buffer> {
	const stored = readStoredBytes(storage, file, options.signal, options.onRead);
	const opened = options.archiveKey ? openSealed(stored, file, options.archiveKey) : stored;
	return options.compressed
		? decompressFrames(opened, { threads: threadsFor(1, availableParallelism()), signal: options.signal })
		: opened;
}

/** The key was found by the record's key id: a header that it does not fit is a changed one. */
async function* openSealed(
	stored: AsyncIterable<Buffer>,
	file: RecordFile,
	archiveKey: Buffer,
): AsyncGenerator<Buffer> {
	try {
		yield* openStream(stored, { archiveKey, name: file.path, storedSize: file.size });
	} catch (error) {
		if (!(error instanceof BackupError) || error.code !== 'key_wrong') throw error;
		throw new BackupError('archive_tampered', `the header of ${file.path} is not the one that was written`, {
			hint: 'The stored file was damaged or replaced: use another record or copy, and check the disk.',
			cause: error,
		});
	}
}
