/**
 * Signatures of records and facts: Ed25519 with a seed derived from the master key, so whoever holds the
 * master key can sign and check, and whoever was told the public key can check.
 *
 * Signatures (64 bytes) and public keys (32 bytes, raw) travel as base64. Only the orchestrator signs.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { derive } from './keys';

export interface Signer {
	/** base64 of the 32 raw bytes. */
	readonly publicKey: string;
	/** base64 of the 64-byte signature over exactly these bytes. */
	sign(bytes: Buffer): string;
}

/** RFC 8410's fixed wrappings around the 32 bytes of an Ed25519 seed and of a public key. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const publicKeyLength = 32;
const signatureLength = 64;

/** The signer of a master key (32 bytes). */
export function signer(master: Buffer): Signer {
	const seed = derive(master, '', 'docker-backup signing');
	const privateKey = createPrivateKey({
		key: Buffer.concat([pkcs8Prefix, seed]),
		format: 'der',
		type: 'pkcs8',
	});
	const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
	return {
		publicKey: spki.subarray(-publicKeyLength).toString('base64'),
		sign: (bytes) => sign(null, bytes, privateKey).toString('base64'),
	};
}

/** Whether `signature` is this key's over exactly `bytes`; malformed input is just false, it never throws. */
export function verifySignature(publicKey: string, bytes: Buffer, signature: string): boolean {
	const rawSignature = exactBase64(signature, signatureLength);
	if (!rawSignature) return false;
	try {
		const key = importKey(publicKey);
		return key !== undefined && verify(null, bytes, key, rawSignature);
	} catch {
		// OpenSSL throws on points that are not on the curve: such a key has signed nothing.
		return false;
	}
}

/** A listing checks thousands of signatures by one key or two, and importing a key costs as much as a check. */
const imported = new Map<string, KeyObject>();
const mostImported = 8;

function importKey(publicKey: string): KeyObject | undefined {
	const known = imported.get(publicKey);
	if (known) return known;
	const rawKey = exactBase64(publicKey, publicKeyLength);
	if (!rawKey) return undefined;
	const key = createPublicKey({ key: Buffer.concat([spkiPrefix, rawKey]), format: 'der', type: 'spki' });
	if (imported.size >= mostImported) imported.clear();
	imported.set(publicKey, key);
	return key;
}

function exactBase64(text: unknown, length: number): Buffer | undefined {
	if (typeof text !== 'string') return undefined;
	const bytes = Buffer.from(text, 'base64');
	return bytes.length === length && bytes.toString('base64') === text ? bytes : undefined;
}
