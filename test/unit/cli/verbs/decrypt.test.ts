import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDirectories } from '../../../fakes/directories';
import {
	archiveVectors,
	keyVectors,
	named,
	sealVector,
	sha256,
	type ArchiveVector,
} from '../../engine/format/fixtures';
import { broken, Kept, runCli } from '../run-cli';

const scratch = scratchDirectories();

/** A directory with `archive.enc` of this vector and the file of its secret; and the flag that names it. */
function laidOut(name: string): { directory: string; vector: ArchiveVector; keyFlag: string[] } {
	const vector = named(archiveVectors, name);
	const { secret } = named(keyVectors, vector.key);
	const directory = scratch();
	writeFileSync(join(directory, 'archive.enc'), sealVector(vector));
	writeFileSync(join(directory, 'secret'), `${secret.type === 'raw' ? secret.key : secret.passphrase}\n`);
	return {
		directory,
		vector,
		keyFlag: [secret.type === 'raw' ? '--key-file' : '--passphrase-file', 'secret'],
	};
}

test.each([
	'raw-volume-0',
	'raw-volume-1048521',
	'raw-volume-3145740',
	'scrypt-volume-100',
	'unicode-index-7',
])('%s', async (name) => {
	const { directory, vector, keyFlag } = laidOut(name);
	const stdout = new Kept();
	expect(await runCli(['decrypt', 'archive.enc', ...keyFlag], { directory, stdout })).toMatchObject({
		code: 0,
		stderr: '',
	});
	expect(sha256(stdout.bytes)).toBe(vector.plaintextSha256);

	const ran = await runCli(['decrypt', 'archive.enc', ...keyFlag, '--out', 'plain', '--json'], { directory });
	expect(ran).toMatchObject({ code: 0, stderr: '' });
	expect(JSON.parse(ran.stdout)).toEqual({
		file: join(directory, 'plain'),
		bytes: vector.plaintextLength,
		durationMs: 0,
	});
	expect(sha256(readFileSync(join(directory, 'plain')))).toBe(vector.plaintextSha256);
	expect(statSync(join(directory, 'plain')).mode & 0o777).toBe(0o600);
	expect(readdirSync(directory).sort()).toEqual(['archive.enc', 'plain', 'secret']);
});

test('a former key will do', async () => {
	const { directory } = laidOut('raw-volume-100');
	writeFileSync(join(directory, 'new'), Buffer.alloc(32, 9).toString('base64'));
	const line = [
		'decrypt',
		'archive.enc',
		'--key-file',
		'new',
		'--previous-key-file',
		'secret',
		'--out',
		'plain',
	];
	expect(await runCli(line, { directory })).toMatchObject({
		code: 0,
		stdout: `ok      ${directory}/plain: 100 B, 0.00 s\n`,
	});
});

describe('what leaves nothing behind', () => {
	const flip = (at: number) => (bytes: Buffer) => {
		bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
		return bytes;
	};
	test.each([
		['a flipped byte in the last segment', flip(3_145_900), 'archive_tampered', 3],
		['a cut inside a segment', (bytes: Buffer) => bytes.subarray(0, 2_000_000), 'archive_tampered', 3],
		[
			'a cut at the edge of a segment',
			(bytes: Buffer) => bytes.subarray(0, 1_048_660),
			'archive_truncated',
			3,
		],
		['another sort of file', () => Buffer.from('PK\u0003\u0004 and so on'), 'archive_malformed', 3],
		['an empty file', () => Buffer.alloc(0), 'archive_truncated', 3],
		['another key', flip(12), 'key_wrong', 4],
	] as const)('%s', async (_name, damage, code, exitCode) => {
		const { directory, vector, keyFlag } = laidOut('raw-volume-3145740');
		writeFileSync(join(directory, 'archive.enc'), damage(sealVector(vector)));
		const ran = await runCli(['decrypt', 'archive.enc', ...keyFlag, '--out', 'plain', '--json'], {
			directory,
		});
		expect(ran.code).toBe(exitCode);
		expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code } });
		expect(readdirSync(directory).sort()).toEqual(['archive.enc', 'secret']);
	});

	test('a missing archive', async () => {
		const { directory, keyFlag } = laidOut('raw-volume-100');
		const ran = await runCli(['decrypt', 'other.enc', ...keyFlag, '--out', 'plain', '--json'], { directory });
		expect(ran.code).toBe(3);
		expect(readdirSync(directory).sort()).toEqual(['archive.enc', 'secret']);
	});

	test('a folder that is not there', async () => {
		const { directory, keyFlag } = laidOut('raw-volume-100');
		const ran = await runCli(['decrypt', 'archive.enc', ...keyFlag, '--out', 'none/plain', '--json'], {
			directory,
		});
		expect(ran.code).toBe(7);
		expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'target_failed' } });
	});

	test('a name that is taken', async () => {
		const { directory, keyFlag } = laidOut('raw-volume-100');
		writeFileSync(join(directory, 'plain'), 'precious');
		const ran = await runCli(['decrypt', 'archive.enc', ...keyFlag, '--out', 'plain', '--json'], {
			directory,
		});
		expect(ran.code).toBe(7);
		expect(readFileSync(join(directory, 'plain'), 'utf8')).toBe('precious');
		expect(readdirSync(directory).sort()).toEqual(['archive.enc', 'plain', 'secret']);
	});
});

test('a terminal gets no plaintext', async () => {
	const { directory, keyFlag } = laidOut('raw-volume-100');
	const stdout = Object.assign(new Kept(), { isTTY: true });
	const ran = await runCli(['decrypt', 'archive.enc', ...keyFlag], { directory, stdout });
	expect([ran.code, ran.stdout]).toEqual([2, '']);
});

test('a reader that stops early', async () => {
	const { directory, keyFlag } = laidOut('raw-volume-3145740');
	const stderr = new Kept();
	const ran = await runCli(['decrypt', 'archive.enc', ...keyFlag], {
		directory,
		stdout: broken('EPIPE'),
		stderr,
	});
	expect([ran.code, stderr.bytes.toString()]).toEqual([141, '']);
});
