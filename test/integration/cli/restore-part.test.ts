/** Browsing, plans, partial restores and salvage as the command gives them. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { cli, failure, fill, json, lab, mountpoint, volumeExists } from './lab';

interface Backup {
	readonly records: readonly { readonly id: string; readonly filePath: string }[];
}

const withoutDocker = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
const { directory, job: newJob, keyFile, volume, volumeName } = lab();
const repository = directory();
const at = ['--repository', repository, '--key-file', keyFile()];
let source: string;
let id: string;
let archive: string;

beforeAll(async () => {
	source = await volume('part');
	await fill(source, { 'conf/app.ini': 'ini', 'conf/x/y': 'y', large: noise(6 << 20, 5), 'z/last': 'last' });
	const { records } = await json<Backup>(['backup', 'volume', source, '--job', newJob(), ...at]);
	id = records[0]!.id;
	archive = join(repository, records[0]!.filePath);
});

test('ls: everything, a part, a glob, a page; without Docker', async () => {
	const paths = async (...line: string[]) => {
		const listed = await json<{ entries: { path: string }[]; total: number }>(
			['ls', id, ...line, ...at],
			0,
			withoutDocker,
		);
		return [listed.total, ...listed.entries.map(({ path }) => path)];
	};
	expect(await paths()).toEqual([
		8,
		'',
		'conf',
		'conf/app.ini',
		'conf/x',
		'conf/x/y',
		'large',
		'z',
		'z/last',
	]);
	expect(await paths('conf/x')).toEqual([2, 'conf/x', 'conf/x/y']);
	expect(await paths('--glob', '*')).toEqual([3, 'conf', 'large', 'z']);
	expect(await paths('conf', '--glob', '**/a*', '--glob', '**/y')).toEqual([2, 'conf/app.ini', 'conf/x/y']);
	expect(await paths('--offset', '2', '--limit', '2')).toEqual([8, 'conf/app.ini', 'conf/x']);
	expect(await paths('--glob', '*.zip')).toEqual([0]);
	expect(await paths('conf', '--glob', '*.zip')).toEqual([0]);
	const { stdout } = await cli(['ls', id, 'conf/x', ...at]);
	expect(stdout.toString()).toMatch(
		/^mode .*\nd0755 .* conf\/x\n-0644 .* 1 B .* conf\/x\/y\n2 entries, 1 B\n$/,
	);
});

test('ls with mistakes', async () => {
	expect((await failure(['ls', id, 'conf/*', ...at], 2)).message).toContain('wildcards');
	expect(await failure(['ls', id, 'conf/ap.ini', ...at], 2)).toMatchObject({
		code: 'invalid_parameter',
		message: 'nothing in the archive matches "conf/ap.ini"',
		hint: expect.stringMatching(/^Nearest: "conf\/app\.ini"/) as string,
	});
	expect((await failure(['ls', id, '--volume', 'other', ...at], 2)).hint).toContain(source);
	expect((await failure(['ls', 'nightly-20260131T030000Z-1f2e', ...at], 5)).code).toBe('record_not_found');
});

test('one path into a new volume, below a directory of it later, and a plan that makes nothing', async () => {
	const to = volumeName('new');
	const line = ['restore', 'volume', id, '--to', to, '--path', 'conf', ...at];
	expect(await json([...line, '--dry-run'])).toMatchObject({
		dryRun: true,
		entries: 4,
		plan: { fits: true },
	});
	expect(await volumeExists(to)).toBe(false);
	await json(line);
	expect(readdirSync(await mountpoint(to))).toEqual(['conf']);
	expect((await failure(line, 7)).code).toBe('target_exists');
	await json([...line, '--into', 'again']);
	expect(readdirSync(await mountpoint(to)).sort()).toEqual(['again', 'conf']);
	expect(readFileSync(join(await mountpoint(to), 'again/conf/app.ini'), 'utf8')).toBe('ini');
});

test('an unknown path: no volume is left', async () => {
	const to = volumeName('unknown');
	const error = await failure(['restore', 'volume', id, '--to', to, '--path', 'conf/app.in', ...at], 2);
	expect(error).toMatchObject({
		code: 'invalid_parameter',
		hint: expect.stringContaining('conf/app.ini') as string,
	});
	expect(await volumeExists(to)).toBe(false);
});

test('salvage: what is lost is listed, and the exit code says so', async () => {
	const bytes = readFileSync(archive);
	const damaged = Buffer.from(bytes);
	// In the first frame: what lies before the large file goes with it.
	damaged[3 << 20]! ^= 1;
	writeFileSync(archive, damaged);
	try {
		const to = join(directory(), 'to');
		expect((await cli(['restore', 'directory', id, '--to', to, ...at])).code).toBe(3);
		expect(existsSync(to)).toBe(false);
		const { code, stdout, stderr } = await cli(['restore', 'directory', id, '--to', to, '--salvage', ...at]);
		expect([code, stderr]).toEqual([3, expect.stringContaining('could not be saved')]);
		expect(stdout.toString()).toContain('/large: ');
		expect(readdirSync(join(to, source))).toEqual(['z']);
	} finally {
		writeFileSync(archive, bytes);
	}
});
