import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretsOf, type KeyValues } from '../../../../cli/flags/keys';

const directory = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const keys = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64'));
const none: KeyValues = {
	'key-file': undefined,
	'passphrase-file': undefined,
	'previous-key-file': [],
	'previous-passphrase-file': [],
};

function file(content: string | Buffer): string {
	const path = join(mkdtempSync(join(directory, 'd-')), 'secret');
	writeFileSync(path, content);
	return path;
}
const keyIn = (content: string | Buffer) => secretsOf({ ...none, 'key-file': file(content) }, '/');
const passphraseIn = (content: string | Buffer) =>
	secretsOf({ ...none, 'passphrase-file': file(content) }, '/');

test('no flags, no secrets', async () => {
	expect(await secretsOf(none, '/')).toEqual({ secret: null, previousSecrets: [] });
});

test.each([keys[0], `${keys[0]}\n`, ` ${keys[0]}\r\n\n`])('key file %j', async (content) => {
	expect((await keyIn(content ?? '')).secret).toEqual({ type: 'raw', key: keys[0] });
});

test.each([
	['secret', 'secret'],
	['secret\n', 'secret'],
	['secret\r\n', 'secret'],
	['secret\n\n', 'secret\n'],
	[' two words ', ' two words '],
	['gr\u00fc\u00dfe\n', 'gr\u00fc\u00dfe'],
])('passphrase file %j', async (content, passphrase) => {
	expect((await passphraseIn(content)).secret).toEqual({ type: 'passphrase', passphrase });
});

test.each([
	['a key that is too short', () => keyIn(Buffer.alloc(31).toString('base64'))],
	['an empty key file', () => keyIn('')],
	['an empty passphrase file', () => passphraseIn('')],
	['a passphrase file of one line break', () => passphraseIn('\n')],
	['a passphrase that is not UTF-8', () => passphraseIn(Buffer.from([0x70, 0xff]))],
	['a file that is too long', () => passphraseIn('x'.repeat(65_537))],
])('%s is invalid', async (_name, read) => {
	await expect(read()).rejects.toMatchObject({ code: 'key_invalid', exitCode: 4 });
});

test('the longest passphrase', async () => {
	expect((await passphraseIn('x'.repeat(65_536))).secret).toMatchObject({ passphrase: 'x'.repeat(65_536) });
});

test('a file that is not there, or is a directory, is missing', async () => {
	await expect(secretsOf({ ...none, 'key-file': 'none' }, directory)).rejects.toMatchObject({
		code: 'key_missing',
		message: `the key file ${directory}/none can't be read: there is no such file`,
	});
	chmodSync(directory, 0o700);
	await expect(secretsOf({ ...none, 'passphrase-file': directory }, '/')).rejects.toMatchObject({
		code: 'key_missing',
	});
});

test('former ones, of both sorts, relative to the directory', async () => {
	writeFileSync(join(directory, 'k'), keys[0] ?? '');
	writeFileSync(join(directory, 'old'), keys[1] ?? '');
	writeFileSync(join(directory, 'p'), 'phrase\n');
	const flags = {
		...none,
		'key-file': 'k',
		'previous-key-file': ['old', 'k'],
		'previous-passphrase-file': ['p'],
	};
	expect(await secretsOf(flags, directory)).toEqual({
		secret: { type: 'raw', key: keys[0] },
		previousSecrets: [
			{ type: 'raw', key: keys[1] },
			{ type: 'raw', key: keys[0] },
			{ type: 'passphrase', passphrase: 'phrase' },
		],
	});
});

test('a key and a passphrase exclude each other', async () => {
	const flags = { ...none, 'key-file': file(keys[0] ?? ''), 'passphrase-file': file('p') };
	await expect(secretsOf(flags, '/')).rejects.toMatchObject({ code: 'usage' });
});
