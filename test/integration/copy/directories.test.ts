/** `copy` between directories of this machine, in this process: what is whole, what is damaged, what is locked. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalStorage } from '../../../engine/repository/local-storage';
import { acquireLease } from '../../../engine/repository/lease';
import { systemClock } from '../../../protocol/clock';
import { fill, json, lab, mountpoint } from '../cli/lab';
import { contentOf, newRepository, type CopyDocument, type SourceRepository } from './repositories';

const { directory, keyFile, job: newJob, volume } = lab();
const key = keyFile();
const withoutDocker = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const run = <T = CopyDocument>(line: readonly string[], code = 0) => json<T>(line, code, withoutDocker);
const copy = (from: string, to: readonly string[], flags: readonly string[], code = 0) =>
	run(
		['copy', ...flags, '--repository', from, ...to.flatMap((each) => ['--to', each]), '--key-file', key],
		code,
	);

const outcomes = ({ targets }: CopyDocument) =>
	targets.map(({ results }) => results.map(({ job, outcome, error }) => [job, outcome, error?.code ?? null]));

const source = (): Promise<SourceRepository> => newRepository(directory(), key);

test('a real backup, copied and verified deeply; nothing is left to do then', async () => {
	const from = directory();
	const to = directory();
	const [name, job] = [await volume('copied'), newJob()];
	await fill(name, { a: 'a', 'sub/b': 'b'.repeat(100_000) });
	await json(['backup', 'volume', name, '--job', job, '--repository', from, '--key-file', key]);
	const { targets } = await copy(from, [to], ['--job', job, '--read-back']);
	expect(targets).toMatchObject([
		{
			selected: 1,
			present: 0,
			repositoryCreated: true,
			error: null,
			results: [{ outcome: 'copied' }],
			hints: [],
		},
	]);
	const verified = await run<object>([
		'verify',
		'--job',
		job,
		'--level',
		'deep',
		'--repository',
		to,
		'--key-file',
		key,
	]);
	expect(verified).toMatchObject({ verifications: [{ ok: true, trust: 'signed' }] });
	expect(contentOf(to)).toEqual(contentOf(from));
	expect((await copy(from, [to], ['--all'])).targets).toMatchObject([
		{ selected: 1, present: 1, results: [] },
	]);

	// The copies go on counting where the source was, should the job move here one day.
	const again = await json<{ records: { seq: number }[] }>([
		'backup',
		'volume',
		name,
		'--job',
		job,
		'--repository',
		to,
		'--key-file',
		key,
	]);
	expect(again.records[0]!.seq).toBeGreaterThan(1);
	expect(existsSync(await mountpoint(name))).toBe(true);
});

test('a target with a key of its own: signed with that, and restored with both', async () => {
	const from = directory();
	const to = directory();
	const other = keyFile();
	const [name, job] = [await volume('keys'), newJob()];
	await fill(name, { a: 'a' });
	await json(['backup', 'volume', name, '--job', job, '--repository', from, '--key-file', key]);
	const { targets } = await copy(from, [to], ['--job', job, '--latest', '--to-key-file', other]);
	expect(targets).toMatchObject([
		{ hints: [expect.stringContaining('previous keys')], results: [{ outcome: 'copied' }] },
	]);
	const restore = ['restore', 'directory', '--job', job, '--repository', to, '--key-file', other];
	await run(['verify', '--job', job, '--repository', to, '--key-file', other]);
	expect(await run([...restore, '--to', join(directory(), 'one')], 4)).toMatchObject({
		error: { code: 'key_wrong' },
	});
	const restored = join(directory(), 'two');
	await run([...restore, '--previous-key-file', key, '--to', restored]);
	expect(readFileSync(join(restored, name, 'a'), 'utf8')).toBe('a');

	const bare = directory();
	await copy(from, [bare], ['--all', '--to-no-key']);
	expect(await run(['list', '--repository', bare])).toMatchObject({ entries: [{ trust: 'unchecked' }] });
});

test('three jobs in step: what is new, and only that, follows', async () => {
	const from = await source();
	const to = directory();
	for (const job of ['a', 'b', 'c']) for (const number of [1, 2]) await from.add(job, number, 100_000);
	const first = await copy(from.path, [to], ['--all']);
	expect(outcomes(first)).toEqual([['a', 'a', 'b', 'b', 'c', 'c'].map((job) => [job, 'copied', null])]);
	const { id } = await from.add('b', 3, 100_000);
	expect((await copy(from.path, [to], ['--all'])).targets).toMatchObject([
		{ selected: 7, present: 6, results: [{ id, outcome: 'copied' }] },
	]);
	expect(contentOf(to)).toEqual(contentOf(from.path));

	// Bytes that were lost at the target come again, their record being there.
	const lost = Object.keys(contentOf(to)).find((path) => path.endsWith('.tar.zst.enc'))!;
	rmSync(join(to, lost));
	expect(outcomes(await copy(from.path, [to], ['--all']))).toEqual([[['a', 'completed', null]]]);
	expect(contentOf(to)).toEqual(contentOf(from.path));
});

test('a damaged source leaves nothing of it at the target, and the others go on', async () => {
	const from = await source();
	const to = directory();
	const bad = await from.add('nightly', 1, 3_000_000);
	const good = await from.add('nightly', 2, 100_000);
	const path = join(from.path, bad.filePath!);
	const bytes = readFileSync(path);
	bytes[2_000_000]! ^= 1;
	writeFileSync(path, bytes);
	const document = await copy(from.path, [to], ['--all'], 3);
	expect(outcomes(document)).toEqual([
		[
			['nightly', 'copied', null],
			['nightly', 'failed', 'checksum_mismatch'],
		],
	]);
	expect(Object.keys(contentOf(to)).filter((name) => name.includes(bad.id))).toEqual([]);
	expect(await run(['verify', good.id, '--repository', to, '--key-file', key])).toMatchObject({
		verifications: [{ ok: true }],
	});
});

test('a forged record is not copied, and one at the target is not believed', async () => {
	const from = await source();
	const to = directory();
	const { id, filePath } = await from.add('nightly', 1, 100_000);
	await copy(from.path, [to], ['--all']);
	const record = (root: string) => join(root, `jobs/nightly/${id}.json`);
	const forge = (root: string) =>
		writeFileSync(record(root), readFileSync(record(root), 'utf8').replace('"host-a"', '"host-b"'));
	forge(to);
	expect(outcomes(await copy(from.path, [to], [id], 3))).toEqual([[['nightly', 'failed', 'record_forged']]]);
	expect(outcomes(await copy(from.path, [to], ['--all'], 3))).toEqual([
		[['nightly', 'failed', 'record_forged']],
	]);
	forge(from.path);
	expect((await copy(from.path, [directory()], ['--all'])).targets).toMatchObject([
		{ selected: 0, results: [] },
	]);
	expect((await copy(from.path, [directory()], [id], 3)).targets).toMatchObject([
		{ error: { code: 'record_forged' } },
	]);
	expect(statSync(join(to, filePath!)).size).toBe(100_000);
});

test('a locked job fails its own archives only', async () => {
	const from = await source();
	const to = directory();
	for (const job of ['a', 'b']) await from.add(job, 1, 1000);
	const lease = await acquireLease(createLocalStorage(to), 'a', {
		runId: 'other',
		host: 'here',
		waitMs: 0,
		clock: systemClock,
	});
	try {
		rmSync(join(to, 'repository.json'), { force: true });
		// The lease stands before the repository: only an empty place may become one.
		expect((await copy(from.path, [to], ['--all'], 8)).targets).toMatchObject([
			{ error: { code: 'repository_not_empty' } },
		]);
		writeFileSync(join(to, 'repository.json'), readFileSync(join(from.path, 'repository.json')));
		expect(outcomes(await copy(from.path, [to], ['--all'], 6))).toEqual([
			[
				['a', 'failed', 'locked'],
				['b', 'copied', null],
			],
		]);
	} finally {
		await lease.release();
	}
	expect(outcomes(await copy(from.path, [to], ['--all']))).toEqual([[['a', 'copied', null]]]);
});

describe('a small file system as the target', () => {
	let mounted: string;
	const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mounted]);
	const remount = (options: string) => execFileSync('mount', ['-o', `remount,${options}`, mounted]);
	beforeEach(() => {
		mounted = directory();
		mount('size=4m');
	});
	afterEach(() => void execFileSync('umount', [mounted]));

	test('full: an error of that target; with more space the copy goes on', async () => {
		const from = await source();
		const to = directory();
		await from.add('a', 2, 1 << 20);
		await from.add('a', 1, 8 << 20);
		const { targets } = await copy(from.path, [mounted, to], ['--all'], 8);
		expect(targets).toMatchObject([
			{ error: { code: 'repository_full' }, results: [{ outcome: 'copied' }] },
			{ error: null, results: [{ outcome: 'copied' }, { outcome: 'copied' }] },
		]);
		expect(Object.keys(contentOf(mounted))).toHaveLength(3);
		remount('size=20m');
		expect(outcomes(await copy(from.path, [mounted], ['--all']))).toEqual([[['a', 'copied', null]]]);
		expect(contentOf(mounted)).toEqual(contentOf(from.path));
	});

	test('read-only: an error of that target, with a hint', async () => {
		const from = await source();
		await from.add('a', 1, 1000);
		await copy(from.path, [mounted], ['--all']);
		await from.add('a', 2, 1000);
		remount('ro');
		const { targets } = await copy(from.path, [mounted], ['--all'], 8);
		expect(targets).toMatchObject([{ error: { code: 'repository_unwritable' }, present: 1 }]);
	});
});
