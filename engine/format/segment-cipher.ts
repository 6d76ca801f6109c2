/**
 * One stream's key, and AES-256-GCM over one segment at a time: the cryptography of Tink's
 * AES256_GCM_HKDF_1MB, without its framing (`segments.ts`) or streaming (`sealing.ts`, `opening.ts`).
 *
 * A segment's nonce is prefix ‖ uint32 index, big-endian ‖ 1 for the last segment, else 0. Segments come
 * and go as lists of pieces, so no byte is copied to be glued.
 */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import { derive } from './keys';
import { maxSegments, noncePrefixLength, tagLength, tinkHeaderLength, tinkSaltLength } from './segments';

export interface SegmentCipher {
	/** Ciphertext pieces and then the tag. */
	seal(index: number, isLast: boolean, plaintext: readonly Buffer[]): Buffer[];
	/** Plaintext pieces, or undefined when the tag does not fit: then nothing of the segment is given out. */
	open(index: number, isLast: boolean, ciphertext: readonly Buffer[], tag: Buffer): Buffer[] | undefined;
}

const algorithm = 'aes-256-gcm';

/** What a stream draws at random: it makes the stream's key and its nonces unique. */
export interface TinkHeader {
	/** 32 bytes. */
	readonly salt: Buffer;
	/** 7 bytes. */
	readonly noncePrefix: Buffer;
}

/** Tink's own 40-byte header: `uint8 40 | salt | nonce prefix`. */
export function encodeTinkHeader({ salt, noncePrefix }: TinkHeader): Buffer {
	if (salt.length !== tinkSaltLength || noncePrefix.length !== noncePrefixLength) {
		throw new RangeError('salt or nonce prefix of the wrong length');
	}
	return Buffer.concat([Buffer.from([tinkHeaderLength]), salt, noncePrefix]);
}

/** The reverse, from exactly 40 bytes; undefined when it is none. */
export function parseTinkHeader(bytes: Buffer): TinkHeader | undefined {
	if (bytes.length !== tinkHeaderLength || bytes[0] !== tinkHeaderLength) return undefined;
	return { salt: bytes.subarray(1, 1 + tinkSaltLength), noncePrefix: bytes.subarray(1 + tinkSaltLength) };
}

/** The cipher of one stream, under HKDF(archive key, Tink's salt, info = associated data). */
export function segmentCipher(archiveKey: Buffer, header: TinkHeader, associatedData: Buffer): SegmentCipher {
	const key = createSecretKey(derive(archiveKey, header.salt, associatedData));
	const prefix = Buffer.from(header.noncePrefix);
	const options = { authTagLength: tagLength };
	return {
		seal(index, isLast, plaintext) {
			const cipher = createCipheriv(algorithm, key, segmentNonce(prefix, index, isLast), options);
			const pieces = plaintext.map((piece) => cipher.update(piece));
			cipher.final();
			pieces.push(cipher.getAuthTag());
			return pieces;
		},
		open(index, isLast, ciphertext, tag) {
			const decipher = createDecipheriv(algorithm, key, segmentNonce(prefix, index, isLast), options);
			decipher.setAuthTag(tag);
			const pieces = ciphertext.map((piece) => decipher.update(piece));
			try {
				decipher.final();
			} catch {
				// The one thing final() can fail at here is the tag.
				return undefined;
			}
			return pieces;
		},
	};
}

/** The 12-byte nonce of a segment. Throws `unexpected` past 2^32 − 1 segments (4 PiB): a nonce must never repeat. */
export function segmentNonce(prefix: Buffer, index: number, isLast: boolean): Buffer {
	if (index >= maxSegments) {
		throw new BackupError('unexpected', `the archive needs more than ${maxSegments} segments`, {
			hint: 'One archive holds at most 4 PiB; back up fewer volumes into one.',
		});
	}
	const nonce = Buffer.alloc(noncePrefixLength + 4 + 1);
	prefix.copy(nonce);
	nonce.writeUInt32BE(index, noncePrefixLength);
	nonce[noncePrefixLength + 4] = isLast ? 1 : 0;
	return nonce;
}
