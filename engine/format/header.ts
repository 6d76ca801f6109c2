/**
 * The outer header of an encrypted archive: 84 bytes in clear, authenticated as the associated data of
 * everything after it (docs/FORMAT.md, "Layout").
 *
 *  offset  bytes
 *       0      8  magic 44 4B 42 4B 0D 0A 1A 0A
 *       8      1  version, 1
 *       9      1  key derivation: 1 raw key, 2 scrypt
 *      10      1  kind: 1 volume, 2 postgres, 3 sqlite, 4 container, 5 image, 6 index
 *      11      1  scrypt logN, 15–20; 0 for a raw key
 *      12      8  key id
 *      20     16  scrypt salt; zero for a raw key
 *      36     16  archive id
 *      52     32  commitment
 *
 * One header has one encoding: parsing refuses what encoding would not write.
 */
import { BackupError } from '../../protocol/errors';
import type { Kind } from '../../protocol/record';
import {
	archiveIdLength,
	fixedHex,
	keyIdLength,
	keyLength,
	maxLogN,
	minLogN,
	saltLength,
	type Kdf,
} from './keys';

export interface Header {
	readonly kdf: Kdf;
	readonly kind: Kind | 'index';
	/** 16 hex digits. */
	readonly keyId: string;
	/** 32 hex digits. */
	readonly archiveId: string;
	/** 32 bytes. */
	readonly commitment: Buffer;
}

const magic = Buffer.from('DKBK\r\n\x1a\n', 'latin1');
const formatVersion = 1;
const kdfBytes: Readonly<Record<Kdf['id'], number>> = { raw: 1, scrypt: 2 };
const kindBytes: Readonly<Record<Header['kind'], number>> = {
	volume: 1,
	postgres: 2,
	sqlite: 3,
	container: 4,
	image: 5,
	index: 6,
};

const versionAt = magic.length;
const kdfAt = versionAt + 1;
const kindAt = kdfAt + 1;
const logNAt = kindAt + 1;
const keyIdAt = logNAt + 1;
const saltAt = keyIdAt + keyIdLength;
const archiveIdAt = saltAt + saltLength;
const commitmentAt = archiveIdAt + archiveIdLength;

/** Bytes of the outer header: 84. */
export const headerLength = commitmentAt + keyLength;

/** Whether a file that starts with these bytes (at least 8) is one of our encrypted archives. */
export function isSealed(bytes: Uint8Array): boolean {
	return bytes.length >= magic.length && magic.equals(bytes.subarray(0, magic.length));
}

/** The 84 bytes of a header. Fields no archive may have are a mistake of the caller (RangeError). */
export function encodeHeader(header: Header): Buffer {
	if (!soundKdf(header.kdf)) throw new RangeError('key derivation parameters out of range');
	if (header.commitment.length !== keyLength) throw new RangeError('commitment is not 32 bytes');
	return Buffer.concat([
		magic,
		Buffer.from([formatVersion, kdfBytes[header.kdf.id], kindBytes[header.kind], header.kdf.logN]),
		fixedHex(header.keyId, keyIdLength, 'key id'),
		fixedHex(header.kdf.salt, saltLength, 'scrypt salt'),
		fixedHex(header.archiveId, archiveIdLength, 'archive id'),
		header.commitment,
	]);
}

/**
 * The header at the start of `bytes`; what follows its 84 bytes is ignored. Nothing in it is trusted yet:
 * the commitment is for the caller to check against its key.
 * Throws `archive_malformed` (not ours, or no such header can be), `archive_version_unsupported`,
 * `archive_truncated` (ends inside the header). `name` is how the messages call the archive.
 */
export function parseHeader(bytes: Buffer, name = 'the archive'): Header {
	if (!magic.subarray(0, bytes.length).equals(bytes.subarray(0, magic.length))) {
		throw new BackupError('archive_malformed', `${name} is not an encrypted archive of docker-backup`);
	}
	const version = bytes[versionAt] ?? formatVersion;
	if (version !== formatVersion) {
		throw new BackupError('archive_version_unsupported', `${name} has format version ${version}`, {
			hint: `This release reads version ${formatVersion}; use the release that wrote it, or a newer one.`,
		});
	}
	if (bytes.length < headerLength) {
		throw new BackupError(
			'archive_truncated',
			`${name} is cut off inside its header (${bytes.length} bytes)`,
		);
	}
	const hexAt = (from: number, length: number) => bytes.toString('hex', from, from + length);
	const id = nameOf(kdfBytes, bytes[kdfAt]);
	const kind = nameOf(kindBytes, bytes[kindAt]);
	if (id === undefined) throw malformed(name, `key derivation ${bytes[kdfAt]}`);
	if (kind === undefined) throw malformed(name, `kind ${bytes[kindAt]}`);
	const kdf: Kdf = { id, logN: bytes[logNAt] ?? 0, salt: hexAt(saltAt, saltLength) };
	if (!soundKdf(kdf)) throw malformed(name, `parameters out of range for key derivation ${id}`);
	return {
		kdf,
		kind,
		keyId: hexAt(keyIdAt, keyIdLength),
		archiveId: hexAt(archiveIdAt, archiveIdLength),
		commitment: Buffer.from(bytes.subarray(commitmentAt, headerLength)),
	};
}

function soundKdf(kdf: Kdf): boolean {
	switch (kdf.id) {
		case 'raw':
			return kdf.logN === 0 && /^0+$/.test(kdf.salt);
		case 'scrypt':
			return Number.isInteger(kdf.logN) && kdf.logN >= minLogN && kdf.logN <= maxLogN;
	}
}

function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, byte: number | undefined) {
	return (Object.keys(table) as Name[]).find((name) => table[name] === byte);
}

function malformed(name: string, what: string): BackupError {
	return new BackupError('archive_malformed', `${name} has an impossible header: ${what}`);
}
