/** docs/recover.py, and the vectors' second writer, against the engine: real Python, real files. */
import { generateKeyPairSync, sign as signWith } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signer } from '../../../../engine/format/signing';
import { capacity, firstCapacity } from '../../../../engine/format/segments';
import { errorCodes, exitCodes } from '../../../../protocol/errors';
import {
	archiveVectors,
	damage,
	damageVectors,
	keyVectors,
	named,
	sealVector,
	sha256,
	tinkVectors,
	vectorPlaintext,
	vectorsDirectory,
	type ArchiveVector,
} from './fixtures';
import { python, type Finished } from './python';

const script = join(__dirname, '../../../../docs/recover.py');
let directory: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'recover-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, content: Buffer | string): string {
	const path = join(directory, name);
	writeFileSync(path, content);
	return path;
}

function secretOf(vector: ArchiveVector): string[] {
	const { secret } = named(keyVectors, vector.key);
	return secret.type === 'raw'
		? ['--key-file', file('key', `${secret.key}\n`)]
		: ['--passphrase-file', file('passphrase', `${secret.passphrase}\n`)];
}

const recover = (...args: string[]): Finished => python([script, ...args]);
const out = () => join(directory, 'out');
const leftovers = () =>
	readdirSync(directory).filter((name) => name.startsWith('.recover-') || name === 'out');

test('the second writer makes exactly the committed vectors', () => {
	expect(python([join(vectorsDirectory, 'make.py'), directory])).toMatchObject({ status: 0, stderr: '' });
	expect(readdirSync(directory).sort()).toEqual(['archives.json', 'damaged.json', 'keys.json']);
	for (const name of readdirSync(directory)) {
		expect(readFileSync(join(directory, name), 'utf8')).toBe(
			readFileSync(join(vectorsDirectory, name), 'utf8'),
		);
	}
});

test.each([...archiveVectors, ...tinkVectors])('recovers $name as the engine seals it', (vector) => {
	const archive = file('a.enc', sealVector(vector));
	expect(recover(archive, ...secretOf(vector), '--out', out())).toMatchObject({ status: 0, stderr: '' });
	expect(sha256(readFileSync(out()))).toBe(vector.plaintextSha256);
	expect(leftovers()).toEqual(['out']);
});

test.each(damageVectors)('refuses $name of $base', (damaged) => {
	const base = named(archiveVectors, damaged.base);
	const archive = file('a.enc', damage(sealVector(base), damaged));
	const { status, stderr } = recover(archive, ...secretOf(base), '--out', out());
	expect([status, stderr]).toEqual([
		exitCodes[errorCodes[damaged.code]],
		expect.stringMatching(/^recover\.py: .*a\.enc: \S/),
	]);
	expect(leftovers()).toEqual([]);
});

test.each([
	['cut before segment 1', 'cut off: the last segment is missing'],
	['appended byte after a full last segment', 'goes on after its last segment'],
	['flip: segment 1', 'segment 1 was changed or cut'],
])('says what is wrong: %s', (name, message) => {
	const damaged = named(damageVectors, name);
	const base = named(archiveVectors, damaged.base);
	const { stderr } = recover(
		file('a.enc', damage(sealVector(base), damaged)),
		...secretOf(base),
		'--out',
		out(),
	);
	expect(stderr).toContain(message);
});

const small = named(archiveVectors, 'raw-volume-100');
const index = named(archiveVectors, 'raw-index-33');

describe('output', () => {
	test('without --out the suffix goes', () => {
		expect(recover(file('a.tar.zst.enc', sealVector(small)), ...secretOf(small)).status).toBe(0);
		expect(readFileSync(join(directory, 'a.tar.zst'))).toEqual(vectorPlaintext(100));
	});

	test('- is stdout', () => {
		const { status, stdout } = recover(file('a.enc', sealVector(small)), ...secretOf(small), '--out', '-');
		expect([status, stdout]).toEqual([0, vectorPlaintext(100)]);
	});

	test('- gives only authentic bytes before a damaged segment', () => {
		const vector = named(archiveVectors, `raw-volume-${firstCapacity + 2 * capacity + 100}`);
		const bytes = sealVector(vector);
		bytes.writeUInt8(bytes.readUInt8(2_500_000) ^ 1, 2_500_000);
		const { status, stdout } = recover(file('a.enc', bytes), ...secretOf(vector), '--out', '-');
		expect([status, sha256(stdout)]).toEqual([3, sha256(vectorPlaintext(firstCapacity + capacity))]);
	});

	test('an existing file stays as it is', () => {
		writeFileSync(out(), 'precious');
		expect(recover(file('a.enc', sealVector(small)), ...secretOf(small), '--out', out()).status).toBe(2);
		expect(readFileSync(out(), 'utf8')).toBe('precious');
	});
});

describe('keys and usage', () => {
	const archive = () => file('a.enc', sealVector(small));
	test.each([
		['another key', Buffer.alloc(32, 9).toString('base64'), 4],
		['a broken key', 'not a key', 4],
		['an empty key file', '', 4],
		['a key that is not text', Buffer.alloc(44, 0xff), 4],
	])('%s', (_, content, expected) => {
		expect(recover(archive(), '--key-file', file('k', content), '--out', out()).status).toBe(expected);
		expect(leftovers()).toEqual([]);
	});

	test('the key needed is named', () => {
		const other = file('k', Buffer.alloc(32, 9).toString('base64'));
		expect(recover(archive(), '--key-file', other).stderr).toContain(`key ${named(keyVectors, 'raw').keyId}`);
	});

	test('a passphrase where a key is needed', () => {
		expect(recover(archive(), '--passphrase-file', file('p', 'x')).status).toBe(4);
	});

	test('a key where a passphrase is needed', () => {
		const vector = named(archiveVectors, 'scrypt-volume-100');
		expect(recover(file('a.enc', sealVector(vector)), ...secretOf(small)).status).toBe(4);
	});

	test.each([
		['no arguments', []],
		['no secret', ['FILE']],
		['both secrets', ['FILE', '--key-file', 'FILE', '--passphrase-file', 'FILE']],
		['no such key file', ['FILE', '--key-file', '/nonexistent/key']],
		['no such archive', ['/nonexistent/a.enc', '--key-file', 'KEY']],
		['no such record', ['FILE', '--key-file', 'KEY', '--record', '/nonexistent/r.json']],
	])('usage: %s', (_, args) => {
		const names: Record<string, string> = { FILE: archive(), KEY: secretOf(small)[1]! };
		expect(recover(...args.map((arg) => names[arg] ?? arg)).status).toBe(2);
		expect(existsSync(join(directory, 'a'))).toBe(false);
	});
});

describe('--record', () => {
	const key = named(keyVectors, 'raw');
	const own = signer(Buffer.from(key.masterKey, 'hex'));
	const [archive, indexBytes] = [sealVector(small), sealVector(index)];
	const record = {
		archiveId: key.archiveId,
		keyId: key.keyId,
		files: [
			{ role: 'archive', path: 'jobs/x/a.enc', size: archive.length, sha256: sha256(archive) },
			{ role: 'index', path: 'jobs/x/i.enc', size: indexBytes.length, sha256: sha256(indexBytes) },
		],
	};
	const signed = (value: object, sign = own.sign) => {
		const line = JSON.stringify(value);
		return `${line}\n${JSON.stringify({ signature: sign(Buffer.from(line)) })}\n`;
	};
	const withFile = (change: object) => ({ ...record, files: [{ ...record.files[0], ...change }] });
	const stranger = (bytes: Buffer) =>
		signWith(null, bytes, generateKeyPairSync('ed25519').privateKey).toString('base64');
	const check = (bytes: Buffer, text: string) =>
		recover(file('a.enc', bytes), ...secretOf(small), '--record', file('r.json', text), '--out', out());

	test('accepts the archive and the index it names', () => {
		expect(check(archive, signed(record)).status).toBe(0);
		rmSync(out());
		expect(check(indexBytes, signed(record)).status).toBe(0);
	});

	test.each([
		['another size', signed(withFile({ size: archive.length + 1 }))],
		['another hash', signed(withFile({ sha256: '00'.repeat(32) }))],
		['another archive', signed({ ...record, archiveId: '00'.repeat(16) })],
		['no archive', signed({ ...record, files: [] })],
		['signed by a stranger', signed(record, stranger)],
		['changed after signing', signed(record).replace('jobs/x', 'jobs/y')],
		['unsigned', `${JSON.stringify(record)}\n{"signature":null}\n`],
		['one line', JSON.stringify(record)],
		['a third line', `${signed(record)}{}\n`],
		['not JSON', 'record\nsignature\n'],
		['empty', ''],
	])('refuses: %s', (_, text) => {
		expect(check(archive, text).status).toBe(3);
		expect(leftovers()).toEqual([]);
	});
});
