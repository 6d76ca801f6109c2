/**
 * A stored file that a record names, opened for reading: as a stream, or at any offset.
 * Throws `archive_missing`; `archive_truncated` where bytes are missing at its end, `checksum_mismatch` where
 * there are too many. What the bytes are worth is for the format and the checksum to say.
 */
import { BackupError } from '../../protocol/errors';
import type { RecordFile } from '../../protocol/record';
import type { ByteRange, Storage } from './storage';

export interface OpenArchive {
	readonly key: string;
	/** As the record says and the storage confirms. */
	readonly size: number;
	/** Exactly `length` bytes from `offset`; the range lies within the file. */
	readAt(offset: number, length: number): Promise<Buffer>;
	/** Everything, or a range. */
	stream(range?: ByteRange): AsyncIterable<Buffer>;
}

export async function openArchive(
	storage: Storage,
	{ path, size }: Pick<RecordFile, 'path' | 'size'>,
	signal?: AbortSignal,
): Promise<OpenArchive> {
	const stored = await missingAs(path, () => storage.size(path, signal));
	if (stored < size) throw truncated(path, stored, size);
	if (stored > size) {
		throw new BackupError('checksum_mismatch', `${path} has ${stored} bytes instead of ${size}`, {
			hint: 'The stored file was replaced or appended to: use another record or copy.',
		});
	}
	return {
		key: path,
		size,
		stream: (range) => storage.get(path, range, signal),
		async readAt(offset, length) {
			if (offset + length > size)
				throw new BackupError('archive_malformed', `${path} ends before ${offset} + ${length}`);
			const bytes = await missingAs(path, async () => {
				const chunks: Buffer[] = [];
				for await (const chunk of storage.get(path, { offset, length }, signal)) chunks.push(chunk);
				return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
			});
			if (bytes.length < length) throw truncated(path, offset + bytes.length, size);
			return bytes;
		},
	};
}

async function missingAs<T>(path: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (cause) {
		if (!(cause instanceof BackupError) || cause.code !== 'object_not_found') throw cause;
		throw new BackupError('archive_missing', `${path} is missing from the repository`, {
			hint: 'The record is there but its bytes are gone: restore from another copy or another record.',
			cause,
		});
	}
}

function truncated(path: string, stored: number, size: number): BackupError {
	return new BackupError('archive_truncated', `${path} has ${stored} bytes instead of ${size}`, {
		hint: 'The end of the stored file is missing: use another record or copy, and check the disk.',
	});
}
