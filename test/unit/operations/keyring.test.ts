import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { archiveKey, deriveMasterKey, keyId, rawKdf, type Secret } from '../../../engine/index';
import { unlock } from '../../../operations/keyring';
import type { RepositorySettings } from '../../../operations/settings';
import { systemClock } from '../../../protocol/clock';
import { systemRandom } from '../../../protocol/random';
import { parseRecord } from '../../../protocol/record';

const context = { clock: systemClock, random: systemRandom };
const raw = (byte: number): Secret => ({ type: 'raw', key: Buffer.alloc(32, byte).toString('base64') });
const passphrase: Secret = { type: 'passphrase', passphrase: 'correct horse battery staple' };
const record = parseRecord(JSON.parse(readFileSync(join(__dirname, '../../vectors/record-v1.json'), 'utf8')));

function settings(changes: Partial<RepositorySettings> = {}): RepositorySettings {
	return {
		location: { type: 'directory', path: '/r' },
		secret: raw(1),
		previousSecrets: [],
		mayCreate: true,
		id: null,
		...changes,
	};
}
const meet = (text: string | null, changes: Partial<RepositorySettings> = {}, empty = true) =>
	unlock(text, empty, settings(changes), 'directory /r', context);
async function created(changes: Partial<RepositorySettings> = {}): Promise<string> {
	const { create } = await meet(null, changes);
	return create ?? '';
}

test('an empty place becomes a repository that opens again with the same key', async () => {
	const text = await created();
	const { keyring, create } = await meet(text);
	expect(create).toBeNull();
	expect(keyring.document.publicKey).toBe(keyring.current?.signer.publicKey);
});

test.each([
	['a place with other files', false, {}, 'repository_not_empty'],
	['an empty place, where creating is not allowed', true, { mayCreate: false }, 'repository_not_found'],
])('%s is refused', async (_what, empty, changes, code) => {
	await expect(meet(null, changes, empty)).rejects.toMatchObject({ code, hint: expect.any(String) });
});

test('another key, a replaced repository and an unsigned one are refused', async () => {
	const text = await created();
	const [needed, tried] = [
		keyId(await deriveMasterKey(raw(1), rawKdf)),
		keyId(await deriveMasterKey(raw(2), rawKdf)),
	];
	await expect(meet(text, { secret: raw(2) })).rejects.toMatchObject({
		code: 'key_wrong',
		message: `the repository was made with key ${needed}, which is not among those given; tried ${tried}`,
	});
	await expect(meet(text, { id: 'f'.repeat(32) })).rejects.toMatchObject({ code: 'repository_id_mismatch' });
	await expect(meet(await created({ secret: null }))).rejects.toMatchObject({ code: 'key_invalid' });
	await expect(meet(text.replace(/"createdAt":"2/, '"createdAt":"3'))).rejects.toMatchObject({
		code: 'repository_forged',
	});
});

test('without a key the document’s own public key checks signatures', async () => {
	const { keyring } = await meet(await created(), { secret: null });
	expect(keyring.current).toBeNull();
	expect(keyring.publicKeys).toEqual([keyring.document.publicKey]);
});

test('a new key opens what a former one sealed, and says which key is missing', async () => {
	const former = await deriveMasterKey(raw(1), rawKdf);
	const old = { ...record, kdf: rawKdf, keyId: keyId(former) };
	const text = await created();
	const { keyring } = await meet(text, { secret: raw(2), previousSecrets: [raw(1)] });
	expect(keyring.current?.keyId).not.toBe(old.keyId);
	expect(await keyring.keyOf(old)).toBe(archiveKey(former, old.archiveId).toString('base64'));
	await expect(keyring.keyOf({ ...old, keyId: '0'.repeat(16) })).rejects.toMatchObject({
		code: 'key_wrong',
		message: expect.stringMatching(/needs key 0{16}; tried [0-9a-f]{16}, [0-9a-f]{16}/),
	});
	const { keyring: keyless } = await meet(text, { secret: null });
	await expect(keyless.keyOf(old)).rejects.toMatchObject({ code: 'key_missing' });
});

test('a passphrase opens this repository’s archives, and a copy that kept the salt of another', async () => {
	const { keyring } = await meet(await created({ secret: passphrase }), { secret: passphrase });
	const elsewhere = { id: 'scrypt', logN: 15, salt: 'ab'.repeat(16) } as const;
	const master = await deriveMasterKey(passphrase, elsewhere);
	const copy = { ...record, kdf: elsewhere, keyId: keyId(master) };
	expect(await keyring.keyOf(copy)).toBe(archiveKey(master, copy.archiveId).toString('base64'));
	const { current } = keyring;
	expect(current?.kdf).toMatchObject({ id: 'scrypt', logN: 17, salt: keyring.document.scrypt.salt });
	expect(await keyring.keyOf({ ...record, encrypted: false, keyId: null, kdf: null })).toBeNull();
});
