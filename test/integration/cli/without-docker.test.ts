/** What must work when there is nothing left but the repository, the key and this command; and without the command, too. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOddTree, describeTree, diffTrees, type TreeFacts } from '../../trees/odd-tree';
import { withoutPowers } from '../../trees/without-powers';
import { python } from '../../unit/engine/format/python';
import { cli, failure, fill, json, lab, mountpoint, recoverScript } from './lab';

interface Backup {
	readonly records: readonly { readonly id: string; readonly filePath: string }[];
}

/** Nobody answers there: whatever asks Docker fails. */
const withoutDocker = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
const { directory, file, job: newJob, keyFile, volume } = lab();
const repository = directory();
const key = ['--key-file', keyFile()];
const at = ['--repository', repository, ...key];
const job = newJob();
let odd: string;
let other: string;
let oddTree: ReadonlyMap<string, TreeFacts>;
let id: string;
let archive: string;

beforeAll(async () => {
	odd = await volume('odd');
	other = await volume('other');
	createOddTree(await mountpoint(odd));
	oddTree = describeTree(await mountpoint(odd));
	await fill(other, { 'a/b': 'b' });
	const { records } = await json<Backup>(['backup', 'volume', odd, other, '--job', job, ...at]);
	id = records[0]!.id;
	archive = join(repository, records[0]!.filePath);
});

test('that nobody answers is true', async () => {
	expect(await failure(['backup', 'volume', odd, '--job', job, ...at], 7, withoutDocker)).toMatchObject({
		code: 'docker_unreachable',
	});
});

test('list, show and verify', async () => {
	expect(await json(['list', ...at], 0, withoutDocker)).toMatchObject({ entries: [{ id, trust: 'signed' }] });
	expect(await json(['show', id, ...at], 0, withoutDocker)).toMatchObject({ id, trust: 'signed' });
	const verified = { verifications: [{ id, ok: true }] };
	expect(await json(['verify', id, ...at], 0, withoutDocker)).toMatchObject(verified);
	expect(await json(['verify', id, '--level', 'deep', ...at], 0, withoutDocker)).toMatchObject(verified);
});

test('list without the key', async () => {
	const { entries } = await json<{ entries: object[] }>(
		['list', '--repository', repository],
		0,
		withoutDocker,
	);
	expect(entries).toMatchObject([{ id }]);
});

describe('restore directory', () => {
	test('all volumes: identical but for devices, set-id bits and capabilities, which are counted', async () => {
		const to = join(directory(), 'new');
		const outcome = await json(['restore', 'directory', id, '--to', to, ...at], 0, withoutDocker);
		expect(outcome).toMatchObject({
			id,
			directory: to,
			volumes: [odd, other],
			devices: [...oddTree.values()].filter(({ type }) => type === 'character' || type === 'block').length,
			privileged: expect.any(Number) as number,
			plan: { keepsPrivileges: false },
		});
		expect(diffTrees(withoutPowers(oddTree), describeTree(join(to, odd)))).toEqual([]);
		expect(readFileSync(join(to, other, 'a/b'), 'utf8')).toBe('b');
		expect(readdirSync(to).sort()).toEqual([odd, other].sort());
	});

	test('one volume, into an empty directory', async () => {
		const to = directory();
		await json(['restore', 'directory', '--job', job, '--volume', odd, '--to', to, ...at], 0, withoutDocker);
		expect(readdirSync(to)).toEqual([odd]);
		expect(diffTrees(withoutPowers(oddTree), describeTree(join(to, odd)))).toEqual([]);
	});

	test('not into a directory with something in it', async () => {
		const to = directory();
		mkdirSync(join(to, 'mine'));
		const error = await failure(['restore', 'directory', id, '--to', to, ...at], 7, withoutDocker);
		expect(error.code).toBe('target_not_empty');
		expect(readdirSync(to)).toEqual(['mine']);
	});
});

test('decrypt, zstd and tar: identical', () => {
	const folder = directory();
	const extract =
		'set -o pipefail; "$0" "$1" decrypt "$2" --key-file "$3" | zstd -d | tar -x --xattrs --xattrs-include="*" --acls --numeric-owner -p -C "$4"';
	const { status, stderr } = spawnSync('bash', [
		'-c',
		extract,
		process.execPath,
		join(__dirname, '../../../dist/cli/main.js'),
		archive,
		key[1]!,
		folder,
	]);
	// tar says that some of the odd mtimes are implausible.
	expect([
		status,
		String(stderr)
			.split('\n')
			.filter((line) => line !== '' && !/time stamp/.test(line)),
	]).toEqual([0, []]);
	expect(diffTrees(oddTree, describeTree(join(folder, 'volumes', odd)))).toEqual([]);
});

test('docs/recover.py gives the same bytes as decrypt', async () => {
	const folder = directory();
	expect(await cli(['decrypt', archive, ...key, '--out', join(folder, 'ours')])).toMatchObject({ code: 0 });
	expect(python([recoverScript, archive, ...key, '--out', join(folder, 'theirs')])).toMatchObject({
		status: 0,
	});
	execFileSync('cmp', [join(folder, 'ours'), join(folder, 'theirs')]);
});

test('recover.py checks the record, too', () => {
	const out = join(directory(), 'out');
	const record = archive.replace(/\.tar\.zst\.enc$/, '.json');
	expect(python([recoverScript, archive, ...key, '--record', record, '--out', out])).toMatchObject({
		status: 0,
	});
});

test('a key that is not this one', async () => {
	const wrong = ['--key-file', keyFile()];
	expect(await failure(['decrypt', archive, ...wrong, '--out', join(directory(), 'x')], 4)).toMatchObject({
		code: 'key_wrong',
	});
	expect(
		await failure(
			['verify', id, '--repository', repository, '--passphrase-file', file('no')],
			4,
			withoutDocker,
		),
	).toMatchObject({
		code: expect.stringMatching(/^key_/) as string,
	});
});
