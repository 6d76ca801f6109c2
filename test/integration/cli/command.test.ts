/** The command as a process: old Node.js, pipes, exit codes, nothing on stderr that should not be there. */
import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, command, fill, json, lab } from './lab';

const { directory, job: newJob, keyFile, volume } = lab();

const bash = (script: string, ...args: string[]) =>
	spawnSync('bash', ['-c', `set -o pipefail; ${script}`, process.execPath, command, ...args], {
		encoding: 'utf8',
	});

test('help and version', async () => {
	const help = await cli([]);
	expect(help).toMatchObject({ code: 0, stderr: '' });
	expect(help.stdout.toString()).toContain('usage: docker-backup <command> [flags]');
	expect((await cli(['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('it needs nothing beside itself', () => {
	const folder = directory();
	cpSync(command, join(folder, 'main.js'));
	const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'main.js'), 'keygen'], {
		cwd: folder,
		encoding: 'utf8',
	});
	expect([status, stderr]).toEqual([0, '']);
	expect(stdout).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
});

test.each(['18.20.8', '20.20.2', '22.14.0'])('Node.js %s is told that it is too old', (version) => {
	const preload = join(directory(), 'preload.js');
	writeFileSync(
		preload,
		`Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
	);
	const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', preload, command, 'keygen'], {
		encoding: 'utf8',
	});
	expect([status, stdout]).toEqual([1, '']);
	expect(stderr).toBe(`error: docker-backup needs Node.js 22.15 or newer; this is ${version}\n`);
});

test('a reader that goes away is no crash', async () => {
	// `read` takes a line and leaves; help is longer than that.
	expect(bash('"$0" "$1" --help | (read -r line)')).toMatchObject({ stderr: '' });
	expect(bash('"$0" "$1" --help >&-').stderr).not.toContain('    at ');

	const source = await volume('source');
	await fill(source, { large: Buffer.alloc(8 << 20, 'x') });
	const repository = directory();
	const key = keyFile();
	const { records } = await json<{ records: { filePath: string }[] }>([
		...[
			'backup',
			'volume',
			source,
			'--job',
			newJob(),
			'--level',
			'0',
			'--repository',
			repository,
			'--key-file',
			key,
		],
	]);
	const piped = bash(
		'"$0" "$1" decrypt "$2" --key-file "$3" | head -c 10',
		join(repository, records[0]!.filePath),
		key,
	);
	expect(piped).toMatchObject({ status: 141, stderr: '' });
});

test('a full disk behind stdout is told', () => {
	const { status, stderr } = bash('"$0" "$1" --help > /dev/full');
	expect(status).toBe(7);
	expect(stderr).toMatch(/^error: the output can't be written/);
});

test('a key may come through a pipe', () => {
	const folder = directory();
	const { status, stderr } = bash('"$0" "$1" list --repository "$2" --key-file <("$0" "$1" keygen)', folder);
	expect([status, stderr]).toMatchObject([5, expect.stringContaining('holds no repository') as string]);
});

test('errors go to stderr in two lines, or to stdout as one document', async () => {
	const line = ['list', '--repository', directory()];
	const asText = await cli(line);
	expect([asText.code, asText.stdout.toString()]).toEqual([5, '']);
	expect(asText.stderr).toMatch(/^error: directory .* holds no repository\nhint: .+\n$/);
	const asJson = await cli([...line, '--json']);
	expect([asJson.code, asJson.stderr]).toEqual([5, '']);
	expect(JSON.parse(asJson.stdout.toString())).toMatchObject({ error: { code: 'repository_not_found' } });
});
