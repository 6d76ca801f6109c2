import { generateKeyPairSync, sign as signWith } from 'node:crypto';
import { signer, verifySignature } from '../../../../engine/format/signing';
import { keyVectors } from './fixtures';

describe.each(keyVectors)('vector $name', (vector) => {
	const own = signer(Buffer.from(vector.masterKey, 'hex'));
	const bytes = Buffer.from(vector.signedText);

	test('public key and signature', () => {
		expect(own.publicKey).toBe(vector.publicKey);
		expect(own.sign(bytes)).toBe(vector.signature);
		expect(verifySignature(vector.publicKey, bytes, vector.signature)).toBe(true);
	});

	test('any flipped bit of message, signature or key is found', () => {
		const flips = (text: Buffer) =>
			Array.from({ length: text.length * 8 }, (_, bit) => {
				const copy = Buffer.from(text);
				copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
				return copy;
			});
		for (const other of flips(bytes))
			expect(verifySignature(vector.publicKey, other, vector.signature)).toBe(false);
		for (const other of flips(Buffer.from(vector.signature, 'base64'))) {
			expect(verifySignature(vector.publicKey, bytes, other.toString('base64'))).toBe(false);
		}
		for (const other of flips(Buffer.from(vector.publicKey, 'base64'))) {
			expect(verifySignature(other.toString('base64'), bytes, vector.signature)).toBe(false);
		}
	});
});

test('another key’s signature is refused', () => {
	const bytes = Buffer.from('record');
	const forged = signWith(null, bytes, generateKeyPairSync('ed25519').privateKey).toString('base64');
	expect(verifySignature(signer(Buffer.alloc(32, 1)).publicKey, bytes, forged)).toBe(false);
});

describe('malformed input is false, never an exception', () => {
	const bytes = Buffer.from('record');
	const own = signer(Buffer.alloc(32, 1));
	const good = own.sign(bytes);
	test.each([
		['empty signature', own.publicKey, ''],
		['short signature', own.publicKey, Buffer.alloc(63).toString('base64')],
		['long signature', own.publicKey, Buffer.alloc(65).toString('base64')],
		['signature with white space', own.publicKey, `${good}\n`],
		['signature in hex', own.publicKey, Buffer.from(good, 'base64').toString('hex')],
		['empty key', '', good],
		['short key', Buffer.alloc(31).toString('base64'), good],
		['key off the curve', Buffer.alloc(32, 0xff).toString('base64'), good],
		['null signature', own.publicKey, null as unknown as string],
		['undefined key', undefined as unknown as string, good],
		['object', own.publicKey, {} as unknown as string],
	])('%s', (_, publicKey, signature) => {
		expect(verifySignature(publicKey, bytes, signature)).toBe(false);
	});
});
