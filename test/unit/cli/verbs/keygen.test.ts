import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRawKey } from '../../../../operations/index';
import { scratchDirectories } from '../../../fakes/directories';
import { runCli } from '../run-cli';

const scratch = scratchDirectories();

test('a file that only its owner can read', async () => {
	const directory = scratch();
	const ran = await runCli(['keygen', '--out', 'key', '--json'], { directory });
	expect(ran).toMatchObject({ code: 0, stderr: '' });
	expect(JSON.parse(ran.stdout)).toEqual({ keyFile: join(directory, 'key') });
	expect(statSync(join(directory, 'key')).mode & 0o777).toBe(0o600);
	const text = readFileSync(join(directory, 'key'), 'utf8');
	expect(parseRawKey(text)).toHaveLength(32);
	expect(ran.stdout).not.toContain(text.trim());
});

test('an existing file is not touched', async () => {
	const directory = scratch();
	writeFileSync(join(directory, 'key'), 'precious');
	const ran = await runCli(['keygen', '--out', 'key'], { directory });
	expect(ran).toMatchObject({ code: 7, stdout: '' });
	expect(ran.stderr).toContain('exists already');
	expect(readFileSync(join(directory, 'key'), 'utf8')).toBe('precious');
});

test('a folder that is not there', async () => {
	const ran = await runCli(['keygen', '--out', 'none/key'], { directory: scratch() });
	expect(ran.code).toBe(7);
	expect(ran.stderr).toContain("can't be written");
});
