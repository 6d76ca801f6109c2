/** Chosen paths come back as they were, alone with the folders above them; everything else leaves the target as it was. */
import {
	existsSync,
	lstatSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { scratchDirectories } from '../../fakes/directories';
import { describeTree, diffTrees } from '../../trees/odd-tree';
import { forge, restore, type Forged } from './forge';
import { makeTree, tarOf } from './tree';

const directory = scratchDirectories();
const source = makeTree(directory());
const tar = tarOf(source);

let sealed: Forged;
let forms: { readonly name: string; readonly forged: Forged }[];

beforeAll(async () => {
	const volumes = ['v', 'w'];
	sealed = await forge(directory(), tar, { volumes });
	forms = [
		{ name: 'encrypted', forged: sealed },
		{ name: 'not encrypted', forged: await forge(directory(), tar, { volumes, encrypted: false }) },
		{ name: 'not compressed', forged: await forge(directory(), tar, { volumes, compressed: false }) },
		{
			name: 'neither',
			forged: await forge(directory(), tar, { volumes, encrypted: false, compressed: false }),
		},
	];
});

const targetsIn = (to: string, volumes: readonly string[] = ['v']) =>
	volumes.map((name) => ({ source: name, path: join(to, name) }));

/** Restores into a new directory; what is in it then, by path. */
async function restored(paths: readonly string[], volumes: readonly string[] = ['v'], forged = sealed) {
	const to = join(directory(), 'new');
	const report = await restore(forged, { mode: 'directory', targets: targetsIn(to, volumes), paths });
	return { to, report, names: readdirSync(to, { recursive: true }).map(String).sort() };
}

test.each([0, 1, 2, 3])('one file, its folders with their owners, modes and times; form %#', async (form) => {
	const { to, names, report } = await restored(['conf/app.ini'], ['v'], forms[form]!.forged);
	expect(names).toEqual(['v', 'v/conf', 'v/conf/app.ini']);
	expect(readFileSync(join(to, 'v/conf/app.ini'), 'utf8')).toBe('name = v\n');
	expect(report).toMatchObject({ entries: 1, lostEntries: 0, dryRun: false });
	const original = describeTree(join(source, 'volumes/v'));
	const found = describeTree(join(to, 'v'));
	expect(diffTrees(new Map([...original].filter(([path]) => found.has(path))), found)).toEqual([]);
});

test.each<[paths: string[], expected: string[]]>([
	[['conf/deep'], ['conf', 'conf/deep', 'conf/deep/er', 'conf/deep/er/one.conf', 'conf/deep/two.conf']],
	[['**/*.conf'], ['conf', 'conf/deep', 'conf/deep/er', 'conf/deep/er/one.conf', 'conf/deep/two.conf']],
	[
		['conf/*'],
		['conf', 'conf/app.ini', 'conf/deep', 'conf/deep/er', 'conf/deep/er/one.conf', 'conf/deep/two.conf'],
	],
	[
		['symlink', 'empty'],
		['empty', 'symlink'],
	],
	[
		['conf/deep/two.conf', 'conf/deep', 'conf/d*/two.conf'],
		['conf', 'conf/deep', 'conf/deep/er', 'conf/deep/er/one.conf', 'conf/deep/two.conf'],
	],
	[
		['first/other', 'conf/deep/er', 'empty'],
		['conf', 'conf/deep', 'conf/deep/er', 'conf/deep/er/one.conf', 'empty', 'first', 'first/other'],
	],
])('%j', async (paths, expected) => {
	const { names } = await restored(paths);
	expect(names).toEqual(['v', ...expected.map((name) => `v/${name}`)]);
});

test('a large file', async () => {
	const { to, names } = await restored(['large']);
	expect(names).toEqual(['v', 'v/large']);
	expect(readFileSync(join(to, 'v/large')).equals(readFileSync(join(source, 'volumes/v/large')))).toBe(true);
});

test('a hard link whose file was not chosen is a file, and leaves no trace of the other name', async () => {
	const { to, names } = await restored(['second/name']);
	expect(names).toEqual(['v', 'v/second', 'v/second/name']);
	expect(readFileSync(join(to, 'v/second/name'), 'utf8')).toBe('shared content');
	expect(statSync(join(to, 'v/second/name')).nlink).toBe(1);
	const root = (tree: string) => describeTree(tree).get('.')?.mtimeNs;
	expect(root(join(to, 'v'))).toBe(root(join(source, 'volumes/v')));
});

test('a hard link and its file stay one', async () => {
	const { to } = await restored(['second', 'first/name']);
	expect(statSync(join(to, 'v/second/name')).ino).toBe(statSync(join(to, 'v/first/name')).ino);
});

test('one volume of several, whole; set-id bits are left out of directories, and said', async () => {
	const { to, names, report } = await restored([], ['w']);
	expect(names).toEqual(['w', 'w/file']);
	expect(report).toMatchObject({ privileged: 0 });
	const other = await restored([], ['v']);
	expect(lstatSync(join(other.to, 'v/su')).mode & 0o7777).toBe(0o755);
	expect(other.report).toMatchObject({ privileged: 1, plan: { keepsPrivileges: false } });
	expect(readFileSync(join(to, 'w/file'), 'utf8')).toBe('w');
});

test('set-id bits come back with a volume', async () => {
	const target = join(directory(), 'volumes/v');
	mkdirSync(target, { recursive: true });
	const report = await restore(sealed, {
		mode: 'volume',
		targets: [{ source: 'v', path: target }],
		paths: ['su'],
	});
	expect(lstatSync(join(target, 'su')).mode & 0o7777).toBe(0o4755);
	expect(report).toMatchObject({ privileged: 1, plan: { keepsPrivileges: true } });
});

describe('below a directory of a target that holds other things', () => {
	test('several volumes', async () => {
		const to = directory();
		for (const { path } of targetsIn(to, ['v', 'w'])) {
			mkdirSync(path);
			writeFileSync(join(path, 'mine'), 'mine');
		}
		await restore(sealed, { mode: 'volume', targets: targetsIn(to, ['v', 'w']), into: 'old/er' });
		expect(readdirSync(join(to, 'v')).sort()).toEqual(['mine', 'old']);
		expect(diffTrees(describeTree(join(source, 'volumes/v')), describeTree(join(to, 'v/old/er')))).toEqual(
			[],
		);
		expect(readdirSync(join(to, 'w/old/er'))).toEqual(['file']);
	});

	test.each([
		['that is not empty', 'full', 'target_not_empty'],
		['that is a file', 'mine', 'target_failed'],
		['below a file', 'mine/x', 'target_failed'],
		['below a symbolic link', 'link/x', 'target_failed'],
		['that is a symbolic link', 'link', 'target_failed'],
		['above the target', '../x', 'invalid_parameter'],
		['that is the target', '/', 'invalid_parameter'],
	])('not into one %s', async (_what, into, code) => {
		const place = directory();
		const to = join(place, 'to');
		mkdirSync(join(to, 'v/full'), { recursive: true });
		mkdirSync(join(place, 'elsewhere'));
		writeFileSync(join(to, 'v/full/x'), '');
		writeFileSync(join(to, 'v/mine'), 'mine');
		symlinkSync(join(place, 'elsewhere'), join(to, 'v/link'));
		const before = describeTree(place);
		await expect(restore(sealed, { mode: 'volume', targets: targetsIn(to), into })).rejects.toMatchObject({
			code,
		});
		expect(diffTrees(before, describeTree(place))).toEqual([]);
	});
});

test('an unknown path is named, with its neighbours, before anything is written', async () => {
	const to = join(directory(), 'new');
	const wanted = { mode: 'directory', targets: targetsIn(to) } as const;
	await expect(restore(sealed, { ...wanted, paths: ['empty', 'conf/ap.ini'] })).rejects.toMatchObject({
		code: 'invalid_parameter',
		message: expect.stringContaining('conf/ap.ini') as string,
		hint: expect.stringContaining('"conf/app.ini"') as string,
	});
	await expect(restore(sealed, { ...wanted, paths: ['*.zip'] })).rejects.toMatchObject({
		code: 'invalid_parameter',
	});
	await expect(restore(sealed, { ...wanted, paths: ['../v'] })).rejects.toMatchObject({
		code: 'invalid_parameter',
	});
	expect(existsSync(to)).toBe(false);
});

test('a dry run says what would be and writes nothing', async () => {
	const to = join(directory(), 'new');
	const wanted = { mode: 'directory', targets: targetsIn(to, ['v', 'w']), dryRun: true } as const;
	const whole = await restore(sealed, wanted);
	expect(whole).toMatchObject({
		dryRun: true,
		entries: sealed.record.entries,
		privileged: 1,
		devices: 0,
		plan: { fits: true, keepsPrivileges: false, targets: [{ source: 'v', entriesNow: 0 }, { source: 'w' }] },
	});
	expect(whole.plan.targets[0]!.freeBytes).toBeGreaterThan(1e6);
	expect(await restore(sealed, { ...wanted, targets: targetsIn(to), paths: ['conf'] })).toMatchObject({
		entries: 6,
	});
	expect(existsSync(to)).toBe(false);
});

describe('known failure 31: a restore that restores nothing fails', () => {
	test('of an archive that holds nothing', async () => {
		const nothing = await forge(directory(), Buffer.alloc(1024), { volumes: ['v'] });
		const to = join(directory(), 'new');
		await expect(restore(nothing, { mode: 'directory', targets: targetsIn(to) })).rejects.toMatchObject({
			code: 'invalid_parameter',
			message: expect.stringContaining('holds nothing') as string,
		});
		expect(existsSync(to)).toBe(false);
	});

	test('of a volume that has nothing in the archive', async () => {
		const one = await forge(directory(), tarOf(source, ['w']), { volumes: ['v', 'w'] });
		const to = join(directory(), 'new');
		await expect(restore(one, { mode: 'directory', targets: targetsIn(to) })).rejects.toMatchObject({
			code: 'invalid_parameter',
		});
		expect(existsSync(to)).toBe(false);
	});
});
