/**
 * Decrypts single segments of an archive, in any order: for partial reads, and below `opening.ts`.
 *
 * What comes back was authenticated, as exactly this segment of exactly this stream; a failure tells
 * `archive_truncated` (this is not the archive's real end) from `archive_tampered` where it can be known.
 */
import { BackupError } from '../../protocol/errors';
import { headerLength, parseHeader, type Header } from './header';
import { parseTinkHeader, segmentCipher } from './segment-cipher';
import { fullSegmentSize, prologueLength, tagLength } from './segments';
import { checkCommitment } from './unlocking';

/** The archive's key (32 bytes), or how to find it once the header is known; `archiveKeyFor` fits. */
export type ArchiveKeySource = Buffer | ((header: Header) => Buffer);

export interface SegmentOpenerOptions {
	readonly archiveKey: ArchiveKeySource;
	/** How messages call the archive, e.g. its path; "the archive" when left out. */
	readonly name?: string;
}

export interface SegmentOpener {
	readonly header: Header;
	/**
	 * The plaintext of segment `index`, whose bytes (tag included) lie at `segmentRange(index)`.
	 * `isLast` must come from the stored file's size; a wrong one is found out.
	 */
	openSegment(index: number, isLast: boolean, bytes: Buffer): Buffer;
	/** The same in pieces, tag apart. */
	openPieces(index: number, isLast: boolean, ciphertext: readonly Buffer[], tag: Buffer): Buffer[];
}

/**
 * Reads both headers (at least 124 bytes) and checks, in this order, magic and version, the key id (in the
 * key source), the commitment. Throws as `parseHeader`, and `key_wrong`, `archive_truncated`,
 * `archive_tampered`.
 */
export function createSegmentOpener(prologue: Buffer, options: SegmentOpenerOptions): SegmentOpener {
	const name = options.name ?? 'the archive';
	const header = parseHeader(prologue, name);
	const key = typeof options.archiveKey === 'function' ? options.archiveKey(header) : options.archiveKey;
	checkCommitment(header, key, name);
	if (prologue.length < prologueLength) {
		throw new BackupError(
			'archive_truncated',
			`${name} is cut off inside its header (${prologue.length} bytes)`,
		);
	}
	const tinkHeader = parseTinkHeader(prologue.subarray(headerLength, prologueLength));
	if (!tinkHeader) throw new BackupError('archive_tampered', `${name} has a changed inner header`);
	const cipher = segmentCipher(key, tinkHeader, prologue.subarray(0, headerLength));

	function openPieces(index: number, isLast: boolean, ciphertext: readonly Buffer[], tag: Buffer): Buffer[] {
		const plaintext = cipher.open(index, isLast, ciphertext, tag);
		if (plaintext) return plaintext;
		// Only the reason is at stake here: what opens under the other flag is thrown away.
		if (!cipher.open(index, !isLast, ciphertext, tag)) {
			throw new BackupError('archive_tampered', `segment ${index} of ${name} fails authentication`, {
				hint: isLast
					? 'The file was changed, or its end is missing; fetch it again or use another copy.'
					: 'The file was changed since it was written; fetch it again or use another copy.',
			});
		}
		if (isLast) throw truncated(name, `it ends after segment ${index}, which is not its last`);
		throw new BackupError('archive_tampered', `${name} goes on after its last segment, ${index}`, {
			hint: 'Bytes were appended to the file; fetch it again or use another copy.',
		});
	}

	return {
		header,
		openPieces,
		openSegment(index, isLast, bytes) {
			const full = fullSegmentSize(index);
			if (bytes.length < tagLength || (!isLast && bytes.length < full)) {
				throw truncated(name, `segment ${index} has only ${bytes.length} bytes`);
			}
			if (bytes.length > full) throw new RangeError(`segment ${index} has no ${bytes.length} bytes`);
			const tagAt = bytes.length - tagLength;
			return Buffer.concat(openPieces(index, isLast, [bytes.subarray(0, tagAt)], bytes.subarray(tagAt)));
		},
	};
}

/** The error for an archive whose end is missing. */
export function truncated(name: string, how: string): BackupError {
	return new BackupError('archive_truncated', `${name} is cut off: ${how}`, {
		hint: 'The file is incomplete; fetch it again or use another copy.',
	});
}
