import {
	archiveKey,
	commitment,
	deriveMasterKey,
	generateKey,
	keyId,
	parseRawKey,
	passphraseFromFile,
	rawKdf,
	type Kdf,
} from '../../../../engine/format/keys';
import { keyVectors, named, scriptedRandom } from './fixtures';

const raw = named(keyVectors, 'raw');
const scrypt = named(keyVectors, 'scrypt');
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('vectors', () => {
	test.each(keyVectors)('$name: master key, key id, archive key, commitment', async (vector) => {
		const master = await deriveMasterKey(vector.secret, vector.kdf);
		expect(master.toString('hex')).toBe(vector.masterKey);
		expect(keyId(master)).toBe(vector.keyId);
		const key = archiveKey(master, vector.archiveId);
		expect(key.toString('hex')).toBe(vector.archiveKey);
		expect(commitment(key).toString('hex')).toBe(vector.commitment);
	});
});

describe('parseRawKey', () => {
	const bytes = Buffer.alloc(32, 0xfb);
	const text = bytes.toString('base64');

	test.each([text, ` ${text}`, `${text}\n`, `\r\n\t${text}\r\n`])('takes %j', (given) => {
		expect(parseRawKey(given)).toEqual(bytes);
	});

	test.each([
		['nothing', ''],
		['31 bytes', Buffer.alloc(31).toString('base64')],
		['33 bytes', Buffer.alloc(33).toString('base64')],
		['hex', bytes.toString('hex')],
		['no padding', text.slice(0, -1)],
		['URL alphabet', bytes.toString('base64url') + '='],
		['stray character', `${text.slice(0, 10)}*${text.slice(10)}`],
		['white space inside', `${text.slice(0, 10)}\n${text.slice(10)}`],
		['stray bits at the end', `${Buffer.alloc(32).toString('base64').slice(0, -2)}B=`],
	])('refuses %s', (_, given) => {
		expect(() => parseRawKey(given)).toThrow(code('key_invalid'));
	});

	test('the message does not repeat the key', () => {
		const secret = Buffer.alloc(31, 7).toString('base64');
		expect(() => parseRawKey(secret)).toThrow(
			expect.objectContaining({ message: expect.not.stringContaining(secret) }),
		);
	});
});

test('generateKey prints what parseRawKey reads', () => {
	const bytes = Buffer.from(raw.masterKey, 'hex');
	expect(parseRawKey(generateKey(scriptedRandom(bytes)))).toEqual(bytes);
});

test.each([
	['secret', 'secret'],
	['secret\n', 'secret'],
	['secret\r\n', 'secret'],
	['secret\n\n', 'secret\n'],
	[' secret ', ' secret '],
])('passphraseFromFile(%j)', (text, expected) => {
	expect(passphraseFromFile(text)).toBe(expected);
});

describe('deriveMasterKey', () => {
	const passphrase = (text: string) => ({ type: 'passphrase', passphrase: text }) as const;
	const withLogN = (logN: number): Kdf => ({ ...scrypt.kdf, logN });

	test.each([14, 21, 0, -1, 15.5, NaN, 2 ** 31, Infinity])('refuses logN %d', async (logN) => {
		await expect(deriveMasterKey(passphrase('x'), withLogN(logN))).rejects.toEqual(code('key_invalid'));
	});

	test('reaches the highest logN within its memory limit', async () => {
		const key = await deriveMasterKey(passphrase('x'), withLogN(20));
		// From Python's hashlib.scrypt.
		expect(key.toString('hex')).toBe('6faff24f1b24449ab993f2ae22ed1a6084e6c795515748891c73e6b6c683c12f');
	}, 30_000);

	test('equal after NFKC is equal', async () => {
		const composed = await deriveMasterKey(passphrase('caf\u00e9'), scrypt.kdf);
		expect(await deriveMasterKey(passphrase('cafe\u0301'), scrypt.kdf)).toEqual(composed);
		expect(await deriveMasterKey(passphrase('cafe'), scrypt.kdf)).not.toEqual(composed);
	});

	test.each([
		['an empty passphrase', passphrase(''), scrypt.kdf, 'key_invalid'],
		['half a character', passphrase('\ud83d'), scrypt.kdf, 'key_invalid'],
		['a broken key', { type: 'raw', key: 'short' } as const, rawKdf, 'key_invalid'],
		['a raw key for scrypt', raw.secret, scrypt.kdf, 'key_wrong'],
		['a passphrase for a raw key', scrypt.secret, raw.kdf, 'key_wrong'],
	])('refuses %s', async (_, secret, kdf, expected) => {
		await expect(deriveMasterKey(secret, kdf)).rejects.toEqual(code(expected));
	});
});

test.each(['', 'zz'.repeat(16), 'ab'.repeat(15), 'ab'.repeat(17), 'AB'.repeat(16)])(
	'archiveKey refuses the archive id %j rather than cut it',
	(id) => {
		expect(() => archiveKey(Buffer.alloc(32), id)).toThrow(RangeError);
	},
);
