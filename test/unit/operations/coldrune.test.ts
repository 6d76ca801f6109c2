/** Made by the documented recipe, by other calls than those that read it. */
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { decryptColdrune, isColdrune, parseColdruneKey } from '../../../operations/coldrune';
import { scratchDirectories } from '../../fakes/directories';

const directory = scratchDirectories();
const { signal } = new AbortController();
const master = randomBytes(32);

/** RFC 5869 by hand: extract with a salt of zeros, then one block of expand. */
function backupKey(key: Buffer): Buffer {
	const extracted = createHmac('sha256', Buffer.alloc(32)).update(key).digest();
	return createHmac('sha256', extracted)
		.update('coldrune-backup-key')
		.update(Buffer.from([1]))
		.digest();
}

function made(plain: Buffer, key = master): Buffer {
	const nonce = randomBytes(12);
	const cipher = createCipheriv('aes-256-gcm', backupKey(key), nonce);
	const text = Buffer.concat([cipher.update(plain), cipher.final()]);
	return Buffer.concat([Buffer.from('CRBU'), Buffer.from([1]), nonce, text, cipher.getAuthTag()]);
}

const database = (length: number) =>
	Buffer.concat([Buffer.from('SQLite format 3\0'), randomBytes(length - 16)]);

async function opened(content: Buffer, key = master): Promise<Buffer> {
	const path = join(directory(), 'snapshot');
	writeFileSync(path, content);
	const output = new PassThrough();
	const [bytes, plain] = await Promise.all([decryptColdrune(path, key, output, signal), buffer(output)]);
	expect(bytes).toBe(plain.length);
	return plain;
}

const refusal = (content: Buffer, key = master): Promise<unknown> =>
	opened(content, key).catch((error: unknown) => error);

test.each([16, 17, 4096, (1 << 20) - 1, 1 << 20, (2 << 20) + 5])('%i bytes come back', async (length) => {
	const plain = database(length);
	expect((await opened(made(plain))).equals(plain)).toBe(true);
});

test('a wrong key, and any changed or missing byte', async () => {
	const sound = made(database(4096));
	expect(await refusal(sound, randomBytes(32))).toMatchObject({ code: 'key_wrong' });
	for (const at of [5, 16, 17, 2000, sound.length - 16, sound.length - 1]) {
		const changed = Buffer.from(sound);
		changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
		expect(await refusal(changed)).toMatchObject({ code: 'key_wrong' });
	}
	expect(await refusal(sound.subarray(0, -1))).toMatchObject({ code: 'key_wrong' });
	expect(await refusal(Buffer.concat([sound, Buffer.alloc(1)]))).toMatchObject({ code: 'key_wrong' });
	expect(await refusal(sound.subarray(0, 32))).toMatchObject({ code: 'archive_truncated' });
});

test('another version, and authentic content that is no database', async () => {
	const newer = made(database(100));
	newer.writeUInt8(2, 4);
	expect(await refusal(newer)).toMatchObject({ code: 'archive_version_unsupported' });
	expect(await refusal(made(Buffer.alloc(100)))).toMatchObject({ code: 'archive_malformed' });
	expect(await refusal(made(Buffer.alloc(0)))).toMatchObject({ code: 'archive_malformed' });
});

test('it is told by its first bytes', async () => {
	const path = join(directory(), 'file');
	writeFileSync(path, made(database(16)));
	expect(await isColdrune(path)).toBe(true);
	writeFileSync(path, readFileSync(path).subarray(1));
	expect(await isColdrune(path)).toBe(false);
	expect(await isColdrune(join(directory(), 'none'))).toBe(false);
});

test.each([
	['as it is', master],
	['as hexadecimal digits', Buffer.from(`${master.toString('hex')}\n`)],
	['as base64', Buffer.from(`${master.toString('base64')}\n`)],
	['as base64 without padding', Buffer.from(master.toString('base64').replace('=', ''))],
])('the master key %s', (_, content) => {
	expect(parseColdruneKey(content).equals(master)).toBe(true);
});

test.each(['', 'short', 'f'.repeat(63), 'A'.repeat(42)])('%p is no master key', (text) => {
	expect(() => parseColdruneKey(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'key_invalid' }));
});
