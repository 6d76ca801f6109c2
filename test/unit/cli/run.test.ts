import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRawKey } from '../../../operations/index';
import { broken, Kept, runCli } from './run-cli';

const directory = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
afterAll(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, 'key'), `${Buffer.alloc(32, 1).toString('base64')}\n`);
writeFileSync(join(directory, 'not a key'), 'hunter2-of-the-user\n');

describe('mistakes on the line', () => {
	test.each([
		['nonsense', 'there is no command "nonsense"'],
		['backup', 'backup needs volume, directory, sqlite, postgres, container or image'],
		['backup volume', 'backup volume needs --repository'],
		['backup volume v --repository /r', 'backup volume needs --job'],
		['backup volume --job j --repository /r --no-encrypt', 'the NAME of a volume is missing'],
		['backup directory --job j --repository /r --no-encrypt', 'the PATH of a directory is missing'],
		[
			'backup directory a b --job j --repository /r --no-encrypt',
			'there is one PATH, but several were given',
		],
		['backup volume v --job j --repository /r --level 20', '--level "20" is not a whole number from 0 to 19'],
		[
			'backup volume v --job j --repository /r --lock-wait soon',
			'--lock-wait "soon" is not a whole number from 0 to 604800',
		],
		[
			'backup volume v --job j --repository s3://bkt/p --no-encrypt',
			'the variable AWS_ACCESS_KEY_ID is not set',
		],
		['list --repository s3://AKIA:hush@bkt/p', 'keys do not belong into s3://'],
		['list --repository /r --endpoint https://h', '--endpoint goes with an S3 repository'],
		['list --repository volume:v --versions', '--versions goes with an S3 repository'],
		['list --repository /r --no-path-style', '--no-path-style goes with an S3 repository'],
		[
			'backup volume v --job j --repository /r --object-lock governance:1',
			'--object-lock goes with an S3 repository',
		],
		[
			'backup volume v --job j --repository /r --no-encrypt --docker-host ssh://h:0',
			'--docker-host: "ssh://h:0" is no Docker host',
		],
		['backup volume v --job ../j --repository /r --no-encrypt', '"../j" is not a job name'],
		['backup volume v --job a/b --repository /r --no-encrypt', '"a/b" is not a job name'],
		['restore', 'restore needs volume, directory, sqlite, postgres, container or image'],
		['backup postgres --job j --repository /r', 'backup postgres needs --container'],
		['backup postgres x --container c --job j --repository /r --all', '"x" has no meaning here'],
		['backup postgres --container c --job j --repository /r', 'name a --database, or say --all'],
		[
			'backup postgres --container c --job j --repository /r --password hush',
			'there is no flag --password here',
		],
		['restore postgres --container c --repository /r', 'name an ID or a --job'],
		['restore postgres x --series s --container c --repository /r', '--series goes with --job'],
		['restore postgres x --swap --container c --repository /r', '--swap needs --confirm'],
		['restore postgres x --repository /r', 'restore postgres needs --container'],
		['drill', 'drill needs postgres'],
		['drill postgres --repository /r', 'name an ID or a --job'],
		['drill postgres x --check=1 --repository /r', '--check "1" has no comparison'],
		[
			'drill postgres x --time-limit 0 --repository /r',
			'--time-limit "0" is not a whole number from 1 to 604800',
		],
		['list', 'list needs --repository'],
		['list x --repository /r', '"x" has no meaning here'],
		['list --repository /r --limit 0', '--limit "0" is not a whole number from 1 to 1000000000'],
		['list --repository /r --key x', 'there is no flag --key here'],
		['show --repository /r', 'ID is missing'],
		['show a b --repository /r', 'there is one ID, but 2 operands were given'],
		['verify --repository /r', 'name an ID or a --job'],
		['verify x --job j --repository /r', 'an ID and --job exclude each other'],
		['verify x --latest --repository /r', '--latest goes with --job'],
		['verify x --level shallow --repository /r', '--level "shallow" is neither checksum nor deep'],
		['restore volume x --repository /r', 'restore volume needs --to'],
		[
			'restore directory x --to /t --repository volume:v',
			'restore directory works without Docker, so its repository must be a directory or in S3',
		],
		['delete --repository /r', 'the ID of a backup is missing'],
		['delete x --repository /r --lock-wait 1d', '--lock-wait "1d" is not a whole number from 0 to 604800'],
		['hold --repository /r', 'ID is missing'],
		['hold a b --repository /r', 'there is one ID, but 2 operands were given'],
		['release --repository /r', 'ID is missing'],
		['doctor x --repository /r', '"x" has no meaning here'],
		['doctor --adopt x --repository /r', '--adopt goes with --job'],
		['doctor --lock-wait 1 --repository /r', '--lock-wait goes with --adopt'],
		['download --repository /r', 'name an ID or a --job'],
		['link x --repository /r', 'only an S3 store can make links'],
		['link x --repository /r --expires 0', '--expires "0" is not a whole number from 1 to 604800'],
		['link x --repository /r --expires 604801', '--expires "604801" is not a whole number from 1 to 604800'],
		['decrypt', 'FILE is missing'],
		['keygen x', '"x" has no meaning here'],
	])('%s', async (line, message) => {
		const asText = await runCli(line.split(' '));
		expect([asText.code, asText.stdout]).toEqual([2, '']);
		const [first, ...rest] = asText.stderr.trimEnd().split('\n');
		expect(first).toBe(`error: ${message}`);
		expect(rest.at(-1)).toMatch(/^usage: docker-backup /);

		const asJson = await runCli([...line.split(' '), ...(line.includes('--json') ? [] : ['--json'])]);
		expect([asJson.code, asJson.stderr]).toEqual([2, '']);
		expect(JSON.parse(asJson.stdout)).toEqual({
			error: {
				code: expect.stringMatching(/^usage$|^invalid_job_name$/) as string,
				message,
				hint: expect.any(String) as string,
			},
		});
	});
});

describe('keys', () => {
	const backup = ['backup', 'volume', 'v', '--job', 'j', '--repository', '/r'];
	test.each([
		['none', backup, 'key_missing', 'no key to encrypt with'],
		['a missing file', [...backup, '--key-file', 'none'], 'key_missing', 'there is no such file'],
		['a directory', [...backup, '--key-file', '.'], 'key_missing', 'it is a directory'],
		[
			'something else',
			[...backup, '--key-file', 'not a key'],
			'key_invalid',
			'not the base64 of exactly 32 bytes',
		],
		[
			'a broken former one',
			[...backup, '--key-file', 'key', '--previous-key-file', 'not a key'],
			'key_invalid',
			'exactly 32 bytes',
		],
		['none to decrypt with', ['decrypt', 'x', '--out', 'y'], 'key_missing', 'no key to decrypt with'],
	])('%s: exit code 4', async (_name, line, code, message) => {
		const ran = await runCli([...line, '--json'], { directory });
		expect(ran.code).toBe(4);
		const { error } = JSON.parse(ran.stdout) as { error: { code: string; message: string; hint: string } };
		expect(error.code).toBe(code);
		expect(error.message).toContain(message);
		expect(error.hint).toMatch(/\w/);
		expect(ran.stdout).not.toContain('hunter2');
		expect((await runCli(line, { directory })).stderr).not.toContain('hunter2');
	});
});

test('decrypt --json without --out would mix document and plaintext', async () => {
	const { code, stdout } = await runCli(['decrypt', 'a', '--json']);
	expect([code, JSON.parse(stdout)]).toMatchObject([
		2,
		{ error: { code: 'usage', message: expect.stringContaining('--json goes with --out') as string } },
	]);
});

describe('the output', () => {
	test('keygen prints a key', async () => {
		const ran = await runCli(['keygen']);
		expect(ran).toMatchObject({ code: 0, stderr: '' });
		expect(parseRawKey(ran.stdout)).toHaveLength(32);
		const { key } = JSON.parse((await runCli(['keygen', '--json'])).stdout) as { key: string };
		expect(parseRawKey(key)).toHaveLength(32);
	});

	test('the version', async () => {
		expect(await runCli(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
	});

	test('a reader that went away is silent, and told as such', async () => {
		const stderr = new Kept();
		expect((await runCli(['--help'], { stdout: broken('EPIPE'), stderr })).code).toBe(141);
		expect((await runCli(['nonsense', '--json'], { stdout: broken('EPIPE'), stderr })).code).toBe(2);
		expect((await runCli(['nonsense'], { stderr: broken('EPIPE') })).code).toBe(2);
		expect(stderr.bytes.toString()).toBe('');
	});

	test('a full disk behind stdout is an error', async () => {
		const ran = await runCli(['keygen'], { stdout: broken('ENOSPC') });
		expect(ran.code).toBe(7);
		expect(ran.stderr).toContain("error: the output can't be written");
	});
});
