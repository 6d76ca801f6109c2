/**
 * A file of an archive read at any place: only the stored bytes that a range touches are fetched.
 *
 * What comes out of an encrypted file was authenticated, segment by segment, as this file of this archive. An
 * unencrypted index is read whole once and compared with the record's SHA-256; what is read of it later is compared
 * with what was read then. An unencrypted archive's bytes are worth no more than the index entries and hashes that
 * the caller compares them with.
 * With `damaged` the file may be shorter or longer than recorded, and fails only where bytes are missing.
 * Throws as `openArchive`, `archive_tampered`, `checksum_mismatch`, and the format's errors.
 */
import { createHash } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import type { BackupRecord, RecordFile } from '../../protocol/record';
import type { ReadAt } from '../format/frame-reader';
import { createSegmentOpener, type SegmentOpener } from '../format/segment-opening';
import { locate, plaintextSize, prologueLength, type SegmentRange } from '../format/segments';
import { openArchive, type OpenArchive } from '../repository/open-archive';
import type { Storage } from '../repository/storage';
import { fileOf } from './record-files';
import { recent } from './recent';

export interface RangedFile {
	/** Of the plaintext: still compressed. */
	readonly size: number;
	readonly readAt: ReadAt;
}

/** Segments kept: a frame's, its neighbours', and what is read ahead. */
const segmentsKept = 16;

export async function openRanged(
	storage: Storage,
	record: BackupRecord,
	role: RecordFile['role'],
	archiveKey: Buffer | null,
	signal: AbortSignal,
	damaged = false,
): Promise<RangedFile> {
	const named = fileOf(record, role);
	const file = damaged ? openDamaged(storage, named, signal) : await openArchive(storage, named, signal);
	if (archiveKey !== null) return await openSealed(file, record, role, archiveKey);
	return role === 'index' ? await openCompared(file, named) : file;
}

/** Of whatever size: only what is missing where it is asked for is an error. */
function openDamaged(storage: Storage, { path, size }: RecordFile, signal: AbortSignal): OpenArchive {
	return {
		key: path,
		size,
		stream: (range) => storage.get(path, range, signal),
		async readAt(offset, length) {
			const chunks: Buffer[] = [];
			try {
				for await (const chunk of storage.get(path, { offset, length }, signal)) chunks.push(chunk);
			} catch (cause) {
				if (!(cause instanceof BackupError) || cause.code !== 'object_not_found') throw cause;
				throw new BackupError('archive_missing', `${path} is missing from the repository`, { cause });
			}
			const bytes = Buffer.concat(chunks);
			if (bytes.length === length) return bytes;
			throw new BackupError('archive_truncated', `${path} ends before its byte ${offset + length}`);
		},
	};
}

async function openSealed(
	file: OpenArchive,
	record: BackupRecord,
	role: RecordFile['role'],
	archiveKey: Buffer,
): Promise<RangedFile> {
	const size = plaintextSize(file.size);
	const opener = openerOf(await file.readAt(0, prologueLength), file, archiveKey);
	const { kind, archiveId } = opener.header;
	if (kind !== (role === 'index' ? 'index' : record.kind) || archiveId !== record.archiveId) {
		throw changedHeader(file);
	}
	return { size, readAt: readSegments(file, opener) };
}

/** The key was found by the record's key id: a header that it does not fit is a changed one. */
function openerOf(prologue: Buffer, file: OpenArchive, archiveKey: Buffer): SegmentOpener {
	try {
		return createSegmentOpener(prologue, { archiveKey, name: file.key });
	} catch (error) {
		if (error instanceof BackupError && error.code === 'key_wrong') throw changedHeader(file, error);
		throw error;
	}
}

function changedHeader(file: OpenArchive, cause?: unknown): BackupError {
	return new BackupError('archive_tampered', `the header of ${file.key} is not the one that was written`, {
		hint: 'The stored file was damaged or replaced: use another record or copy, and check the disk.',
		cause,
	});
}

function readSegments(file: OpenArchive, opener: SegmentOpener): ReadAt {
	const keep = recent<number, Buffer>(segmentsKept);

	/** All that are missing come with one request. */
	function fetched(segments: readonly SegmentRange[]): Promise<Buffer>[] {
		const missing: SegmentRange[] = [];
		// Runs when every segment was looked up.
		const request = Promise.resolve().then(() => {
			const [first, last] = [missing[0], missing.at(-1)];
			return first && last ? file.readAt(first.start, last.end - first.start) : Buffer.alloc(0);
		});
		const open = async (segment: SegmentRange): Promise<Buffer> => {
			missing.push(segment);
			const bytes = await request;
			const from = segment.start - (missing[0]?.start ?? 0);
			const piece = bytes.subarray(from, from + segment.end - segment.start);
			return opener.openSegment(segment.index, segment.isLast, piece);
		};
		return segments.map((segment) => keep(segment.index, () => open(segment)));
	}

	return async (offset, length) => {
		const segments = locate(offset, length, file.size);
		const opened = await Promise.all(fetched(segments));
		const pieces = segments.map(({ plaintextStart, plaintextEnd }, position) =>
			opened[position]?.subarray(
				Math.max(offset - plaintextStart, 0),
				Math.min(offset + length, plaintextEnd) - plaintextStart,
			),
		);
		return Buffer.concat(pieces.filter((piece) => piece !== undefined));
	};
}

const chunkBytes = 256 << 10;
const chunksKept = 8;

/** Reads everything once; later reads must give what was seen then. */
async function openCompared(file: OpenArchive, { sha256 }: RecordFile): Promise<RangedFile> {
	const whole = createHash('sha256');
	const seen: string[] = [];
	let chunk = createHash('sha256');
	let filled = 0;
	for await (const bytes of file.stream()) {
		whole.update(bytes);
		for (let at = 0; at < bytes.length; ) {
			const piece = bytes.subarray(at, at + chunkBytes - filled);
			chunk.update(piece);
			at += piece.length;
			filled += piece.length;
			if (filled < chunkBytes) continue;
			seen.push(chunk.digest('hex'));
			chunk = createHash('sha256');
			filled = 0;
		}
	}
	if (filled > 0) seen.push(chunk.digest('hex'));
	if (whole.digest('hex') !== sha256) throw replaced(file);

	const keep = recent<number, Buffer>(chunksKept);
	const chunkOf = async (index: number): Promise<Buffer> => {
		const start = index * chunkBytes;
		const bytes = await file.readAt(start, Math.min(chunkBytes, file.size - start));
		if (createHash('sha256').update(bytes).digest('hex') !== seen[index]) throw replaced(file);
		return bytes;
	};
	return {
		size: file.size,
		async readAt(offset, length) {
			const first = Math.floor(offset / chunkBytes);
			const end = Math.min(Math.ceil((offset + length) / chunkBytes), seen.length);
			const indexes = Array.from({ length: Math.max(0, end - first) }, (_, position) => first + position);
			const chunks = await Promise.all(indexes.map((index) => keep(index, () => chunkOf(index))));
			const from = offset - first * chunkBytes;
			return Buffer.concat(chunks).subarray(from, from + length);
		},
	};
}

function replaced(file: OpenArchive): BackupError {
	return new BackupError(
		'checksum_mismatch',
		`checksum mismatch: ${file.key} is not what was written (its SHA-256 differs)`,
		{ hint: 'The stored file was damaged or replaced: use another record or copy, and check the disk.' },
	);
}
