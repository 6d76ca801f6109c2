/**
 * A swap that dies before, or right after, every call it makes: under the database's name is the old or the new file
 * each time, never none and never the new one with the old one's log; the next try finishes it. Real databases in real
 * directories; only the death is made up.
 */
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
	besideName,
	databaseFiles,
	incomingName,
	putBeside,
	swapIn,
	type DatabaseFiles,
} from '../../../../engine/targets/database-file';
import { placeDatabase } from '../../../../engine/targets/database-place';
import { scratchDirectories } from '../../../fakes/directories';

const directory = scratchDirectories();
const id = 'nightly-20260131T030000Z-1f2e';
const suffixes = ['-wal', '-shm', '-journal'];

class Death extends Error {}

/** Dies at the call of this number: before it does anything, or when it is done. Nothing runs after a death. */
function dying(at: number, when: 'before' | 'after'): { files: DatabaseFiles; calls: () => number } {
	let calls = 0;
	const mortal =
		<A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
		async (...args: A): Promise<T> => {
			calls += 1;
			if (calls > at || (calls === at && when === 'before')) throw new Death();
			const result = await call(...args);
			if (calls === at) throw new Death();
			return result;
		};
	const { inode, link, rename, remove, settle } = databaseFiles;
	const files = {
		inode: mortal(inode),
		link: mortal(link),
		rename: mortal(rename),
		remove: mortal(remove),
		settle: mortal(settle),
	};
	return { files, calls: () => calls };
}

function setUp(): { root: string; path: string; incoming: string } {
	const root = directory();
	const path = join(root, 'app.db');
	writeFileSync(path, 'old');
	for (const suffix of suffixes) writeFileSync(`${path}${suffix}`, `old${suffix}`);
	const incoming = incomingName(path, id);
	writeFileSync(incoming, 'new');
	return { root, path, incoming };
}

const contents = (root: string): Record<string, string> =>
	Object.fromEntries(readdirSync(root).map((name) => [name, readFileSync(join(root, name), 'utf8')]));

const swapped = {
	'app.db': 'new',
	[`app.db.before.${id}`]: 'old',
	...Object.fromEntries(suffixes.map((suffix) => [`app.db.before.${id}${suffix}`, `old${suffix}`])),
};

test('the new file comes, and the old one keeps what belongs to it', async () => {
	const { root, path, incoming } = setUp();
	expect(await swapIn(databaseFiles, incoming, path, id)).toBe(`${path}.before.${id}`);
	expect(contents(root)).toEqual(swapped);
});

test.each(['before', 'after'] as const)(
	'whenever it dies (%s a call), the next try ends it',
	async (when) => {
		for (let at = 1; ; at++) {
			const { root, path, incoming } = setUp();
			const { files, calls } = dying(at, when);
			const died = await swapIn(files, incoming, path, id).then(
				() => false,
				() => true,
			);
			const left = contents(root);
			expect(['old', 'new']).toContain(left['app.db']);
			if (left['app.db'] === 'new') {
				for (const suffix of suffixes) expect(existsSync(`${path}${suffix}`)).toBe(false);
			}
			const everywhere = Object.values(left);
			for (const content of ['old', ...suffixes.map((suffix) => `old${suffix}`)])
				expect(everywhere).toContain(content);
			if (!died) {
				expect(calls()).toBeLessThan(at);
				break;
			}
			const finished = left['app.db'] === 'new';
			// The next try writes the content anew.
			writeFileSync(incoming, 'new');
			await swapIn(databaseFiles, incoming, path, id);
			const { [`app.db.before.${id}.2`]: again, ...rest } = contents(root);
			expect(rest).toEqual(swapped);
			// One that died when all was done has swapped: that file is not thrown away either.
			expect(again).toBe(finished ? 'new' : undefined);
		}
	},
);

test('what fails without a death is undone', async () => {
	const { root, path, incoming } = setUp();
	const before = contents(root);
	const files = {
		...databaseFiles,
		rename: (from: string, to: string) =>
			from === incoming
				? Promise.reject(Object.assign(new Error('no'), { code: 'EIO' }))
				: databaseFiles.rename(from, to),
	};
	await expect(swapIn(files, incoming, path, id)).rejects.toMatchObject({ code: 'target_failed' });
	expect(contents(root)).toEqual(before);
});

test('where there is no file, what lies beside its name goes all the same', async () => {
	const root = directory();
	const path = join(root, 'app.db');
	writeFileSync(`${path}-wal`, 'stale');
	writeFileSync(incomingName(path, id), 'new');
	expect(await swapIn(databaseFiles, incomingName(path, id), path, id)).toBeNull();
	expect(contents(root)).toEqual({ 'app.db': 'new', [`app.db.before.${id}-wal`]: 'stale' });
});

test('beside, nothing is ever overwritten', async () => {
	const { root, path, incoming } = setUp();
	await putBeside(databaseFiles, incoming, besideName(path, id));
	expect(contents(root)).toMatchObject({ 'app.db': 'old', [`app.db.restore.${id}`]: 'new' });
	expect(existsSync(incoming)).toBe(false);
	copyFileSync(path, incoming);
	await expect(putBeside(databaseFiles, incoming, besideName(path, id))).rejects.toThrow();
	expect(contents(root)).toMatchObject({ [`app.db.restore.${id}`]: 'new' });
	const linkless = {
		...databaseFiles,
		link: () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' })),
	};
	await expect(putBeside(linkless, incoming, besideName(path, id))).rejects.toMatchObject({
		code: 'target_exists',
	});
	await putBeside(linkless, incoming, join(root, 'other'));
	expect(contents(root)).toMatchObject({ other: 'old' });
});

test('places that are none are refused', async () => {
	const root = directory();
	const outside = directory();
	mkdirSync(join(root, 'folder'));
	symlinkSync(outside, join(root, 'away'));
	symlinkSync(join(outside, 'x'), join(root, 'broken'));
	symlinkSync('folder/app.db', join(root, 'inside'));
	writeFileSync(join(root, 'folder/app.db'), 'old');
	const refused = (path: string) => placeDatabase(root, path, id).catch((error: unknown) => error);
	expect(await refused('../x')).toMatchObject({ code: 'invalid_parameter' });
	expect(await refused('away/x')).toMatchObject({ code: 'invalid_parameter' });
	expect(await refused('broken')).toMatchObject({ code: 'target_failed' });
	expect(await refused('folder')).toMatchObject({ code: 'target_failed' });
	expect(await refused('none/x')).toMatchObject({ code: 'target_failed' });
	expect(await refused('x'.repeat(220))).toMatchObject({ code: 'invalid_parameter' });
	const place = await placeDatabase(root, 'inside', id);
	expect(place.taken).toBe(true);
	expect(place.below(place.path)).toBe('folder/app.db');
	expect(await placeDatabase(root, 'new', id)).toMatchObject({ taken: false });
});
