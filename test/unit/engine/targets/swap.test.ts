/**
 * A swap that dies before, or in the middle of, every call it makes: the old or the new content is whole in the volume
 * each time, and the next restore finds the old or the new content alone, once what was left is finished. Real
 * directories; only the death is made up.
 */
import {
	chmodSync,
	chownSync,
	existsSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findLeftovers, namesOf, writeJournal, type Journal } from '../../../../engine/targets/journal';
import { hasLeftovers, recover, requireSettled } from '../../../../engine/targets/recover';
import { swapTarget, type Replacement } from '../../../../engine/targets/swap';
import { volumeFiles, type VolumeFiles } from '../../../../engine/targets/volume-files';
import { wipedTarget } from '../../../../engine/targets/wipe';
import { scratchDirectories } from '../../../fakes/directories';
import { describeTree, diffTrees, type TreeFacts } from '../../../trees/odd-tree';

const directory = scratchDirectories();
const archive = 'nightly-20260131T030000Z-1f2e';
const source = 'v';

/** Names that both have, in other roles; one that is not UTF-8; a root of its own owner and time. */
function makeOld(root: string): void {
	mkdirSync(join(root, 'both/deep'), { recursive: true });
	writeFileSync(join(root, 'both/deep/old'), 'old');
	writeFileSync(join(root, 'file-then-folder'), 'old');
	mkdirSync(join(root, 'folder-then-file'));
	writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'old bytes');
	symlinkSync('/etc', join(root, 'link'));
	chmodSync(root, 0o1750);
	chownSync(root, 11, 12);
	setTimes(root, 1_000_000_000.25);
}

function makeNew(root: string): void {
	mkdirSync(join(root, 'both'), { recursive: true });
	writeFileSync(join(root, 'both/new'), 'new');
	mkdirSync(join(root, 'file-then-folder'));
	writeFileSync(join(root, 'file-then-folder/new'), 'new');
	writeFileSync(join(root, 'folder-then-file'), 'new');
	writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xfd])]), 'new bytes');
	chownSync(root, 21, 22);
	chmodSync(root, 0o755);
	setTimes(root, 1_100_000_000.5);
}

/** Of everything, so that two trees that were made one after the other are the same. */
function setTimes(path: string | Buffer, time: number): void {
	if (lstatSync(path).isDirectory()) {
		for (const name of readdirSync(path, { encoding: 'buffer' }))
			setTimes(Buffer.concat([Buffer.from(path), Buffer.from('/'), name]), time);
	}
	lutimesSync(path, time, time);
}

const oldTree = made(makeOld);
const newTree = made(makeNew);

function made(make: (root: string) => void): Map<string, TreeFacts> {
	const root = directory();
	make(root);
	return describeTree(root);
}

class Death extends Error {}

const isDeath = (error: unknown): void => {
	if (!/killed|\(\)/.test((error as Error).message)) throw error;
};

/** A process that dies loses nothing that it wrote, so what waits for the disk would only take time. */
const withoutDisk: VolumeFiles = {
	...volumeFiles,
	write: async (path, bytes) => writeFileSync(path, bytes, { flag: 'wx' }),
	settle: async () => undefined,
	settleAll: async () => undefined,
};

/** Real files until call number `last`, where the process dies: before it, or having done half of a removal. */
function mortal(last: number): { files: VolumeFiles; calls: () => string[] } {
	const calls: string[] = [];
	const files = new Proxy(withoutDisk, {
		get(target, name: keyof VolumeFiles) {
			return async (...args: [Buffer, ...unknown[]]) => {
				if (calls.length >= last) {
					if (calls.length === last && name === 'remove') halfRemoved(args[0].toString());
					calls.push(name);
					throw new Death(`killed at ${name}`);
				}
				calls.push(name);
				return await (target[name] as (...given: unknown[]) => Promise<unknown>)(...args);
			};
		},
	});
	return { files, calls: () => calls };
}

function halfRemoved(path: string): void {
	if (!existsSync(path) || !lstatSync(path).isDirectory()) return;
	const [first] = readdirSync(path, { withFileTypes: true, encoding: 'buffer' }).map(({ name }) => name);
	if (first) rmSync(Buffer.concat([Buffer.from(`${path}/`), first]), { recursive: true });
}

const replacement = (files: VolumeFiles, warnings: string[] = []): Replacement => ({
	files,
	archive,
	now: () => 1_700_000_000_000,
	onWarning: (message) => warnings.push(message),
});

/** As the engine does it; what is extracted is made by `makeNew`. */
async function swap(root: string, files: VolumeFiles): Promise<void> {
	await recover({ path: root }, replacement(files));
	const strategy = swapTarget({ source, path: root }, replacement(files));
	try {
		await strategy.prepare();
		makeNew(join(strategy.placeOf(source).directory, source));
		await strategy.finish();
	} catch (error) {
		await strategy.abandon().catch((later: unknown) => {
			if (!(later instanceof Death)) throw later;
		});
		throw error;
	}
}

/** But for the volume's root: its time is set last of all, and it is in the middle of things. */
const content = (tree: Map<string, TreeFacts>) => new Map([...tree].filter(([path]) => path !== '.'));

/** Whether all of `tree` is in one of these directories, or the other. */
function isWithin(tree: Map<string, TreeFacts>, ...roots: string[]): boolean {
	const found = new Map(
		roots.filter((root) => existsSync(root)).flatMap((root) => [...describeTree(root)].toReversed()),
	);
	return [...content(tree)].every(
		([path, facts]) => diffTrees(new Map([[path, facts]]), new Map([[path, found.get(path)!]])).length === 0,
	);
}

async function callsOfOneSwap(): Promise<string[]> {
	const root = directory();
	makeOld(root);
	const { files, calls } = mortal(Infinity);
	await swap(root, files);
	expect(diffTrees(newTree, describeTree(root))).toEqual([]);
	return calls();
}

test('a death at every call, and another one at every call of the next try', async () => {
	const all = await callsOfOneSwap();
	expect(all.filter((name) => name === 'rename').length).toBeGreaterThan(10);
	const seen = { old: 0, new: 0 };
	for (let last = 0; last < all.length; last += 1) {
		for (const again of last % 6 === 0 ? [Infinity, 1, 6, 12, 20, 28] : [Infinity]) {
			const root = directory();
			makeOld(root);
			const first = mortal(last);
			// In the last phase, where nothing can be lost any more, no failure of a call is one of the swap.
			await swap(root, first.files).catch(isDeath);
			expect(first.calls().length).toBeGreaterThan(last);
			const { incoming, outgoing } = namesOf(root, archive);
			const whole = {
				old: isWithin(oldTree, outgoing.toString(), root),
				new: isWithin(newTree, join(incoming.toString(), source), root),
			};
			expect({ last, whole: whole.old || whole.new }).toEqual({ last, whole: true });
			await recover({ path: root }, replacement(mortal(again).files)).catch(isDeath);
			await recover({ path: root }, replacement(withoutDisk));
			const found = content(describeTree(root));
			const isOld = diffTrees(content(oldTree), found).length === 0;
			const isNew = diffTrees(content(newTree), found).length === 0;
			expect({ last, again, settled: isOld || isNew, names: readdirSync(root) }).toMatchObject({
				last,
				again,
				settled: true,
			});
			seen[isOld ? 'old' : 'new'] += 1;
			rmSync(root, { recursive: true });
		}
	}
	expect(seen.old).toBeGreaterThan(0);
	expect(seen.new).toBeGreaterThan(0);
}, 120_000);

async function failing(
	root: string,
	name: keyof VolumeFiles,
	which: (path: string) => boolean,
	then: VolumeFiles,
) {
	const files = {
		...then,
		[name]: async (...args: [Buffer, Buffer]) => {
			if (which(args[0].toString())) throw Object.assign(new Error('no'), { code: 'EPERM' });
			await (volumeFiles[name] as (...given: unknown[]) => Promise<unknown>)(...args);
		},
	};
	return await swap(root, files);
}

test.each<[what: string, name: 'rename' | 'copyAttributes', which: (path: string) => boolean]>([
	[
		'an old entry can not be moved',
		'rename',
		(path) => path.endsWith('/both') && !path.includes('.incoming'),
	],
	['a new entry can not be moved', 'rename', (path) => path.endsWith(`/${source}/file-then-folder`)],
	['the attributes can not be set', 'copyAttributes', (path) => path.includes('.incoming')],
])('%s: all is as it was', async (_, name, which) => {
	const root = directory();
	makeOld(root);
	await expect(failing(root, name, which, volumeFiles)).rejects.toMatchObject({ code: 'target_failed' });
	expect(diffTrees(oldTree, describeTree(root))).toEqual([]);
});

test('what can not be removed afterwards is told, and is no failure', async () => {
	const root = directory();
	makeOld(root);
	const warnings: string[] = [];
	const files: VolumeFiles = {
		...volumeFiles,
		async remove(path) {
			if (path.includes('.outgoing-')) throw Object.assign(new Error('no'), { code: 'EPERM' });
			await volumeFiles.remove(path);
		},
	};
	const strategy = swapTarget({ source, path: root }, replacement(files, warnings));
	await strategy.prepare();
	makeNew(join(strategy.placeOf(source).directory, source));
	await strategy.finish();
	expect(warnings).toEqual([expect.stringContaining('could not be removed')]);
	expect(isWithin(newTree, root)).toBe(true);
	expect(await hasLeftovers([{ source, path: root }], { files })).toBe(true);
	await recover({ path: root }, replacement(volumeFiles));
	expect(diffTrees(newTree, describeTree(root))).toEqual([]);
});

const journal: Journal = {
	version: 1,
	archive,
	source,
	phase: 'out',
	startedAt: 5,
	modified: '1100000000500000000',
	previouslyModified: '1000000000250000000',
};

test.each(['out', 'in'] as const)(
	'a journal in phase %s whose new content is gone: the old one comes back',
	async (phase) => {
		const root = directory();
		makeOld(root);
		await writeJournal(volumeFiles, root, { ...journal, phase });
		if (phase === 'in') {
			const { outgoing } = namesOf(root, archive);
			await volumeFiles.makeFolder(outgoing);
			await volumeFiles.copyAttributes(Buffer.from(root), outgoing, 1_000_000_000_250_000_000n);
			for (const name of ['both', 'link'])
				await volumeFiles.rename(
					Buffer.from(`${root}/${name}`),
					Buffer.from(`${outgoing.toString()}/${name}`),
				);
			rmSync(join(root, 'folder-then-file'), { recursive: true });
		}
		await expect(recover({ path: root }, replacement(volumeFiles))).rejects.toMatchObject({
			code: 'target_failed',
		});
		expect(readdirSync(root)).toEqual(expect.arrayContaining(['both', 'link']));
		expect(await findLeftovers(volumeFiles, root)).toEqual({ journals: [], unfinished: [] });
		await swap(root, volumeFiles);
		expect(diffTrees(newTree, describeTree(root))).toEqual([]);
	},
);

test('what was put there after an interrupted swap gives way to what the swap brings', async () => {
	const calls = await callsOfOneSwap();
	for (const [last, call] of calls.entries()) {
		if (call !== 'rename') continue;
		const root = directory();
		makeOld(root);
		await expect(swap(root, mortal(last).files)).rejects.toThrow(/killed/);
		// An application that was started, and made itself at home.
		rmSync(join(root, 'both'), { recursive: true, force: true });
		mkdirSync(join(root, 'both/started'), { recursive: true });
		await swap(root, withoutDisk);
		expect(diffTrees(newTree, describeTree(root))).toEqual([]);
	}
});

test('a swap of another archive is finished first, also one that the new content brings along', async () => {
	const root = directory();
	makeOld(root);
	const other = 'weekly-20260131T030000Z-aaaa';
	const names = namesOf(root, other);
	mkdirSync(join(names.incoming.toString(), source, 'sub'), { recursive: true });
	writeFileSync(join(names.incoming.toString(), source, 'sub/x'), 'x');
	await writeJournal(volumeFiles, root, { ...journal, archive: other });
	await recover({ path: root }, replacement(volumeFiles));
	expect(readdirSync(root, { recursive: true }).sort()).toEqual(['sub', 'sub/x']);
});

test('what only looks like a leftover stays', async () => {
	const root = directory();
	for (const name of [
		'.incoming-x',
		'.outgoing-x',
		'.restore-x.json',
		'.restore-.json',
		`.outgoing-${archive}`,
	])
		mkdirSync(join(root, name));
	writeFileSync(join(root, `.restore-${archive}.json`), '{"version":2}');
	writeFileSync(join(root, '.restore-weekly-20260131T030000Z-aaaa.json'), JSON.stringify(journal));
	const before = readdirSync(root);
	await recover({ path: root }, replacement(volumeFiles));
	expect(readdirSync(root)).toEqual(before);
});

test('lost+found is of the file system', async () => {
	const root = directory();
	makeOld(root);
	mkdirSync(join(root, 'lost+found'));
	writeFileSync(join(root, 'lost+found/#12'), 'found');
	await swap(root, volumeFiles);
	expect(readFileSync(join(root, 'lost+found/#12'), 'utf8')).toBe('found');
	expect(isWithin(newTree, root)).toBe(true);
});

test('a wipe that dies leaves a journal: the next restore starts over, and nobody restores beside it', async () => {
	const root = join(directory(), 'volumes', source);
	makeOld(root);
	const target = { source, path: root };
	const first = wipedTarget(target, replacement(volumeFiles));
	await first.prepare();
	expect(readdirSync(root)).toEqual([`.restore-${archive}.json`]);
	expect(first.placeOf(source)).toEqual({ directory: join(root, '../..'), stripComponents: 0 });
	writeFileSync(join(root, 'half'), 'half');
	await first.abandon();
	await expect(requireSettled(target, { files: volumeFiles })).rejects.toMatchObject({
		code: 'target_failed',
	});
	const other = { ...replacement(volumeFiles), archive: 'weekly-20260131T030000Z-aaaa' };
	await recover(target, other);
	expect(readdirSync(root)).toEqual([`.restore-${archive}.json`]);
	const second = wipedTarget(target, other);
	await second.prepare();
	makeNew(root);
	await second.finish();
	expect(diffTrees(newTree, describeTree(root))).toEqual([]);
	await requireSettled(target, { files: volumeFiles });
});
