import { PassThrough } from 'node:stream';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverOf, stallLimitOf } from '../../../../cli/flags/postgres';
import type { Shell } from '../../../../cli/verb';
import { testContext } from '../../../engine/in-process';
import { scratchDirectories } from '../../../fakes/directories';

const newDirectory = scratchDirectories();
const flags = {
	container: 'db',
	user: undefined,
	host: undefined,
	port: undefined,
	'password-file': undefined,
} as const;

function shellIn(directory: string, env: Shell['env'] = {}): Shell {
	return { env, directory, stdout: new PassThrough(), json: false, context: testContext() };
}

test('what is not given is for the container to say', async () => {
	expect(await serverOf(flags, shellIn('/nowhere'))).toEqual({
		container: 'db',
		user: null,
		password: null,
		host: null,
		port: null,
	});
	const given = { ...flags, user: 'app', host: '127.0.0.1', port: '5433' };
	expect(await serverOf(given, shellIn('/nowhere', { PGPASSWORD: 'from the variable' }))).toEqual({
		container: 'db',
		user: 'app',
		password: 'from the variable',
		host: '127.0.0.1',
		port: 5433,
	});
	expect(await serverOf(flags, shellIn('/nowhere', { PGPASSWORD: '' }))).toMatchObject({ password: null });
});

test.each([
	['hush', 'hush'],
	['hush\n', 'hush'],
	[' hush \r\n', ' hush '],
	['hüsh\n\n', 'hüsh\n'],
])('a file with %j', async (content, password) => {
	const directory = newDirectory();
	writeFileSync(join(directory, 'password'), content);
	const shell = shellIn(directory, { PGPASSWORD: 'another' });
	expect(await serverOf({ ...flags, 'password-file': 'password' }, shell)).toMatchObject({ password });
});

test.each([
	['nothing', ''],
	['only a line break', '\n'],
	['no text', Buffer.from([0xff, 0xfe, 0x41])],
	['a zero byte', 'hush\0hush'],
	['too much', 'hush'.repeat(20_000)],
])('a file with %s is refused, and not shown', async (_what, content) => {
	const directory = newDirectory();
	writeFileSync(join(directory, 'password'), content);
	const refused = serverOf({ ...flags, 'password-file': 'password' }, shellIn(directory));
	await expect(refused).rejects.toMatchObject({
		code: 'invalid_parameter',
		message: expect.stringMatching(/^the password file \/.+\/password holds no password$/) as string,
	});
	await expect(refused).rejects.not.toThrow('hush');
});

test('no file', async () => {
	const missing = { ...flags, 'password-file': 'none' };
	await expect(serverOf(missing, shellIn(newDirectory()))).rejects.toMatchObject({
		code: 'invalid_parameter',
		message: expect.stringContaining('there is no such file') as string,
	});
});

test.each(['0', '65536', 'five', '-1'])('port %s', async (port) => {
	await expect(serverOf({ ...flags, port }, shellIn('/nowhere'))).rejects.toMatchObject({ code: 'usage' });
});

test('the stall limit', () => {
	expect(stallLimitOf({ 'stall-limit': undefined })).toBe(300_000);
	expect(stallLimitOf({ 'stall-limit': '1' })).toBe(1000);
	expect(() => stallLimitOf({ 'stall-limit': '0' })).toThrow('--stall-limit');
});
