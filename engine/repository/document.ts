/**
 * `repository.json`: what a repository is and whose. Two lines like a record (signed-text.ts), at most
 * 64 KiB, written once when the repository is made, with a key signed by it.
 * Throws `repository_malformed`, `repository_forged`, `repository_version_unsupported`, `key_wrong`, `key_invalid`.
 */
import { createHash } from 'node:crypto';
import type { Clock, RandomSource } from '../../protocol/environment';
import { BackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import { maxLogN, minLogN, saltLength } from '../format/keys';
import { verifySignature } from '../format/signing';
import { formatSignedText, splitSignedText, type SignedText, type TextSigner } from './signed-text';

export interface RepositoryDocument {
	readonly format: 'docker-backup';
	readonly version: number;
	/** Readers of a lower version than this must refuse the repository. */
	readonly minReader: number;
	/** 32 hex digits. */
	readonly id: string;
	/** ISO 8601 UTC. */
	readonly createdAt: string;
	/** What a passphrase becomes the master key with: 15–20, and 32 hex digits. */
	readonly scrypt: { readonly logN: number; readonly salt: string };
	/** base64 of the raw Ed25519 key that signs here; null: made without a key. */
	readonly publicKey: string | null;
	/** Id of that key, 16 hex digits, to tell which one is needed; missing without a key, and in early documents. */
	readonly keyId?: string;
}

/** The version this code writes, and the newest it reads. */
export const documentVersion = 1;
export const maxDocumentLength = 64 << 10;

const reader = new Reader('repository_malformed', 'repository.json');
const hex = (digits: number) => new RegExp(`^[0-9a-f]{${digits}}$`);
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export interface NewDocument {
	readonly signer: TextSigner | null;
	/** Of the signer's key. */
	readonly keyId?: string;
	readonly logN: number;
	/** 32 hex digits. Given where the signer's key was derived with it; else made here. */
	readonly salt?: string;
	readonly clock: Clock;
	readonly random: RandomSource;
}

/** The salt for a new document, 32 hex digits. */
export function createSalt(random: RandomSource): string {
	return random.bytes(saltLength).toString('hex');
}

/** The text of a new repository's document. */
export function createDocument({ signer, keyId, logN, salt, clock, random }: NewDocument): string {
	const document: RepositoryDocument = {
		format: 'docker-backup',
		version: documentVersion,
		minReader: documentVersion,
		id: random.bytes(16).toString('hex'),
		createdAt: new Date(clock.now()).toISOString(),
		scrypt: { logN, salt: salt ?? createSalt(random) },
		publicKey: signer?.publicKey ?? null,
		...(keyId === undefined ? {} : { keyId }),
	};
	const text = formatSignedText(document, signer);
	parseDocument(text);
	return text;
}

/** What the document says, its signature unchecked: enough to derive the key that it is checked with. */
export function parseDocument(text: string): RepositoryDocument {
	return split(text).document;
}

/**
 * The document, checked for a caller who holds the keys with these public keys, newest first.
 * - With keys: signed by one of them. Validly signed by another: `key_wrong`. Made without a key:
 *   `key_invalid`. A signature that does not fit, or is missing: `repository_forged`.
 * - Without: whatever it says of itself must fit (`repository_forged`); who made it is not known.
 * `keyIds`: the ids of those keys, for the message.
 */
export function verifyDocument(
	text: string,
	publicKeys: readonly string[],
	keyIds: readonly string[] = [],
): RepositoryDocument {
	const { document, line, signature } = split(text);
	const { publicKey } = document;
	if (publicKey === null) {
		if (signature !== null) throw forged('it is signed, but names no key');
		if (publicKeys.length > 0) {
			throw new BackupError('key_invalid', 'the repository was made without a key', {
				hint: 'Leave the encryption key empty for this repository, or make a new one in an empty location.',
			});
		}
		return document;
	}
	if (signature === null) throw forged('its signature is missing');
	if (!verifySignature(publicKey, Buffer.from(line), signature)) throw forged('its signature does not fit');
	if (publicKeys.length > 0 && !publicKeys.includes(publicKey)) {
		const [needed, tried] =
			document.keyId !== undefined && keyIds.length > 0
				? [`key ${document.keyId}`, keyIds]
				: [`the key of fingerprint ${fingerprint(publicKey)}`, publicKeys.map(fingerprint)];
		throw new BackupError(
			'key_wrong',
			`the repository was made with ${needed}, which is not among those given; tried ${tried.join(', ')}`,
			{
				hint: 'Give the key or passphrase it was made with; after a rotation, the old one as a previous key.',
			},
		);
	}
	return document;
}

/** A short name of a public key, for people to compare: 16 hex digits of its SHA-256. */
export function fingerprint(publicKey: string): string {
	return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

function split(text: string): SignedText & { document: RepositoryDocument } {
	if (Buffer.byteLength(text) > maxDocumentLength)
		reader.fail(`it is longer than ${maxDocumentLength} bytes`);
	const parts = splitSignedText(text, reader);
	const f = reader.fields(parts.value);
	const format = reader.oneOf(f, 'format', ['docker-backup']);
	const minReader = reader.integer(f, 'minReader', 1);
	if (minReader > documentVersion) {
		throw new BackupError(
			'repository_version_unsupported',
			`the repository needs a reader of version ${minReader}, this is version ${documentVersion}`,
			{ hint: 'Update n8n-nodes-docker-backup, then try again.' },
		);
	}
	const scrypt = reader.fields(f['scrypt'], 'scrypt');
	const logN = reader.integer(scrypt, 'logN', minLogN);
	if (logN > maxLogN) reader.fail(`scrypt logN ${logN} is more than ${maxLogN}`);
	const document: RepositoryDocument = {
		format,
		version: reader.integer(f, 'version', minReader),
		minReader,
		id: reader.string(f, 'id', hex(32)),
		createdAt: reader.string(f, 'createdAt', time),
		scrypt: { logN, salt: reader.string(scrypt, 'salt', hex(2 * saltLength)) },
		publicKey: reader.nullable(f, 'publicKey', (x, n) => reader.string(x, n)),
		...(f['keyId'] === undefined ? {} : { keyId: reader.string(f, 'keyId', hex(16)) }),
	};
	return { ...parts, document };
}

function forged(how: string): BackupError {
	return new BackupError('repository_forged', `repository.json is not what was written: ${how}`, {
		hint: 'Somebody or something changed it: put the original back from a copy before you use this repository.',
	});
}
