/** Mistakes about the repository and what is in it: code, exit code, a hint, and nothing left behind. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import {
	failure,
	fill,
	filesOf,
	json,
	lab,
	mountpoint,
	refusal,
	runnersOf,
	unique,
	volumeExists,
	type Failure,
} from './lab';

interface Backup {
	readonly records: readonly {
		readonly id: string;
		readonly status: string;
		readonly error: Failure['error'];
	}[];
}

const { directory, job: newJob, keyFile, volume, volumeName } = lab();
const mounts: string[] = [];
let source: string;
const key = ['--key-file', keyFile()];

beforeAll(async () => {
	source = await volume('source');
	await fill(source, { a: 'a', 'sub/b': 'b' });
});
afterAll(() => {
	for (const path of mounts) {
		execFileSync('umount', [path]);
		rmdirSync(path);
	}
});

/** Runs a backup that must fail before there is anything to record. */
async function refused(
	what: { repository: string; volumes?: string[]; flags?: string[] },
	exitCode: number,
	code: string,
): Promise<Failure['error']> {
	const { repository, volumes = [source], flags = key } = what;
	const error = await refusal(newJob(), volumes, ['--repository', repository, ...flags], exitCode);
	expect(error.code).toBe(code);
	return error;
}

describe('the repository', () => {
	function mounted(...options: string[]): string {
		const path = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
		execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', path]);
		mounts.push(path);
		return path;
	}

	test('is not there, and is not made', async () => {
		const repository = join(directory(), 'none');
		await refused({ repository }, 5, 'repository_not_found');
		expect((await failure(['list', '--repository', repository], 5)).code).toBe('repository_not_found');
		expect(() => readdirSync(repository)).toThrow('ENOENT');
		const name = unique('none');
		await refused({ repository: `volume:${name}` }, 5, 'repository_not_found');
		expect(await volumeExists(name)).toBe(false);
	});

	test('is a file', async () => {
		const path = join(directory(), 'file');
		writeFileSync(path, 'precious');
		const error = await failure(['list', '--repository', path], 5);
		expect(error.code).toBe('repository_not_found');
	});

	test('holds other things', async () => {
		const repository = directory();
		writeFileSync(join(repository, 'mine'), 'precious');
		await refused({ repository }, 8, 'repository_not_empty');
		expect(readdirSync(repository)).toEqual(['mine']);
	});

	test('may not be made, or is not the one', async () => {
		const repository = directory();
		await refused({ repository, flags: [...key, '--no-create'] }, 5, 'repository_not_found');
		expect(readdirSync(repository)).toEqual([]);
		await json(['backup', 'volume', source, '--job', newJob(), '--repository', repository, ...key]);
		const before = readdirSync(join(repository, 'jobs'));
		await refused({ repository, flags: [...key, '--repository-id', 'another'] }, 8, 'repository_id_mismatch');
		expect(readdirSync(join(repository, 'jobs'))).toEqual(before);
	});

	test('cannot be written', async () => {
		const repository = mounted('ro', 'size=1m');
		await refused({ repository }, 8, 'repository_unwritable');
	});

	test('is full: a failed record, and no bytes', async () => {
		const repository = mounted('size=3m');
		const large = await volume('large');
		await fill(large, { small: 'x', noise: noise(12 << 20, 1) });
		const job = newJob();
		const document = await json<Backup & Failure>(
			['backup', 'volume', large, '--job', job, '--repository', repository, ...key],
			8,
		);
		expect(document.error).toMatchObject({ code: 'repository_full', hint: expect.any(String) as string });
		expect(document.records).toMatchObject([{ status: 'failed', error: { code: 'repository_full' } }]);
		expect(filesOf(repository, job)).toEqual([`${document.records[0]!.id}.json`]);
		expect(await runnersOf(job)).toEqual([]);
		// There is room again for what fits.
		expect(
			await json(['backup', 'volume', source, '--job', job, '--repository', repository, ...key]),
		).toMatchObject({ records: [{ status: 'success' }] });
	});

	test('is in the volume itself', async () => {
		const inside = join(await mountpoint(source), 'backups');
		mkdirSync(inside);
		try {
			for (const repository of [`volume:${source}`, inside, await mountpoint(source)]) {
				const error = await refused({ repository }, 2, 'repository_in_source');
				expect(error.message).toContain(source);
			}
			expect(readdirSync(inside)).toEqual([]);
		} finally {
			rmSync(inside, { recursive: true });
		}
	});

	test('is in the volume by a detour: met while reading, so a failed record, and no archive', async () => {
		const inside = join(await mountpoint(source), 'backups');
		mkdirSync(inside);
		const link = join(directory(), 'link');
		symlinkSync(inside, link);
		try {
			const job = newJob();
			const line = ['backup', 'volume', source, '--job', job, '--repository', link, ...key];
			const { error, records } = await json<Backup & Failure>(line, 2);
			expect(error).toMatchObject({ code: 'repository_in_source', hint: expect.any(String) as string });
			expect(filesOf(inside, job)).toEqual([`${records[0]!.id}.json`]);
			expect(await runnersOf(job)).toEqual([]);
		} finally {
			rmSync(inside, { recursive: true });
		}
	});

	test('is below the directory that is backed up', async () => {
		const parent = directory();
		const below = join(parent, 'repository');
		mkdirSync(below);
		const line = ['backup', 'directory', parent, '--job', newJob(), '--repository', below, ...key];
		expect((await failure(line, 2)).code).toBe('repository_in_source');
		expect(readdirSync(below)).toEqual([]);
	});
});

describe('a repository with one backup', () => {
	const repository = directory();
	const at = ['--repository', repository, ...key];
	const job = newJob();
	let id: string;
	let files: string[];
	beforeAll(async () => {
		id = (await json<Backup>(['backup', 'volume', source, '--job', job, ...at])).records[0]!.id;
		files = filesOf(repository, job);
	});
	afterEach(() => expect(filesOf(repository, job)).toEqual(files));

	test('another key', async () => {
		const other = ['--key-file', keyFile()];
		for (const line of [
			['backup', 'volume', source, '--job', job],
			['list'],
			['show', id],
			['verify', id],
			['verify', '--job', job, '--level', 'deep'],
			['restore', 'volume', id, '--to', unique('none')],
			['restore', 'directory', id, '--to', join(directory(), 'none')],
		]) {
			expect([line, (await failure([...line, '--repository', repository, ...other], 4)).code]).toEqual([
				line,
				'key_wrong',
			]);
		}
	});

	test('no key', async () => {
		const without = ['--repository', repository];
		expect((await failure(['backup', 'volume', source, '--job', job, ...without], 4)).code).toBe(
			'key_missing',
		);
		const to = unique('none');
		expect((await failure(['restore', 'volume', id, '--to', to, ...without], 4)).code).toBe('key_missing');
		expect(await volumeExists(to)).toBe(false);
		const path = join(directory(), 'none');
		expect((await failure(['restore', 'directory', id, '--to', path, ...without], 4)).code).toBe(
			'key_missing',
		);
		expect(() => readdirSync(path)).toThrow('ENOENT');
		expect((await failure(['verify', id, '--level', 'deep', ...without], 4)).code).toBe('key_missing');
		expect(await json(['verify', id, ...without])).toMatchObject({ verifications: [{ id, ok: true }] });
	});

	test.each(['nightly-20000101T000000Z-0000', 'nonsense', '../x', ''])('the id %j', async (unknown) => {
		const code = unknown === '' ? 2 : 5;
		const to = unique('none');
		const path = join(directory(), 'none');
		for (const line of [
			['show', unknown],
			['verify', unknown],
			['restore', 'volume', unknown, '--to', to],
			['restore', 'directory', unknown, '--to', path],
		]) {
			expect([line, (await failure([...line, ...at], code)).code]).toEqual([
				line,
				code === 2 ? 'usage' : 'record_not_found',
			]);
		}
		expect(await volumeExists(to)).toBe(false);
		expect(() => readdirSync(path)).toThrow('ENOENT');
	});

	test('a job that it does not know', async () => {
		expect((await failure(['verify', '--job', 'other', ...at], 5)).code).toBe('record_not_found');
		expect((await failure(['verify', '--job', '../other', ...at], 2)).code).toBe('invalid_job_name');
		expect(await json(['list', '--job', 'other', ...at])).toEqual({ entries: [] });
	});

	test('a volume that is there already is not touched', async () => {
		const taken = await volume('taken');
		await fill(taken, { mine: 'precious' });
		expect((await failure(['restore', 'volume', id, '--to', taken, ...at], 7)).code).toBe('target_exists');
		expect(readdirSync(await mountpoint(taken))).toEqual(['mine']);
	});

	test('a volume that the archive does not hold', async () => {
		const to = volumeName('none');
		expect((await failure(['restore', 'volume', id, '--volume', 'other', '--to', to, ...at], 2)).code).toBe(
			'invalid_parameter',
		);
		expect(await volumeExists(to)).toBe(false);
	});
});
