/** Images backed up and restored by the command, on the real Docker Engine. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, failure, filesOf, json, lab, runnersOf } from '../cli/lab';
import { idOf, said, smallImages } from './lab';

const { directory, job: newJob, keyFile } = lab();
const images = smallImages();

interface Backup {
	readonly id: string;
	readonly series: string;
	readonly filePath: string;
	readonly sources: readonly object[];
	readonly warnings: readonly { code: string; message: string }[];
}

interface Restored {
	readonly references: readonly object[];
	readonly bytes: number;
}

/** A repository with a key. */
function repositoryAt() {
	const path = directory();
	const at = ['--repository', path, '--key-file', keyFile()];
	return {
		path,
		at,
		backUp: async (job: string, ...line: string[]): Promise<readonly Backup[]> =>
			(await json<{ records: Backup[] }>(['backup', 'image', ...line, '--job', job, ...at])).records,
		restore: async (...line: string[]): Promise<Restored> => await json(['restore', 'image', ...line, ...at]),
	};
}

const removed = async (...references: string[]): Promise<void> => {
	await docker('rmi', ...references);
	for (const reference of references) expect(await idOf(reference)).toBe('');
};

test('two images in one archive, one with two tags: removed, restored, the same, and a container of it runs', async () => {
	const [app, other] = [await images.make(), await images.make('2')];
	const second = `${app.name}:latest`;
	await docker('tag', app.reference, second);
	const job = newJob();
	const { backUp, restore } = repositoryAt();
	// Without a tag: latest.
	const [record, ...more] = await backUp(job, app.reference, app.name, other.reference);
	expect(more).toEqual([]);
	expect(record).toMatchObject({
		kind: 'image',
		series: 'images',
		sources: [app.reference, second, other.reference].map((name) => ({ type: 'image', name })),
		warnings: [],
	});

	await removed(app.reference, second, other.reference);
	const now = (previousId: string | null, present: boolean) => ({
		references: [
			[app.reference, app.id],
			[second, app.id],
			[other.reference, other.id],
		].map(([reference, id]) => ({ reference, id, previousId: previousId && id, present })),
	});
	expect(await restore(record!.id, '--dry-run')).toMatchObject({
		...now(null, false),
		bytes: 0,
		dryRun: true,
	});
	expect(await idOf(app.reference)).toBe('');

	const restored = await restore('--job', job);
	expect(restored).toMatchObject(now(null, false));
	expect(restored.bytes).toBeGreaterThan(1_000_000);
	expect(await Promise.all([app.reference, second, other.reference].map(idOf))).toEqual([
		app.id,
		app.id,
		other.id,
	]);
	expect(await docker('run', '--rm', app.reference)).toMatch(said);
	expect(await restore(record!.id)).toMatchObject({ ...now('its own', true), bytes: 0 });
	expect(await runnersOf(job)).toEqual([]);
});

test('a tag that means another image by now is moved on request only, and what it meant is told', async () => {
	const old = await images.make();
	const job = newJob();
	const { at, backUp, restore } = repositoryAt();
	const [record] = await backUp(job, old.reference);
	const young = await images.make('1', old.name);
	expect(young.id).not.toBe(old.id);

	const error = await failure(['restore', 'image', record!.id, ...at], 7);
	expect(error.code).toBe('target_exists');
	expect(error.message).toContain(`${old.reference} (${young.id})`);
	expect(error.hint).toMatch(/docker tag/);
	expect(await idOf(old.reference)).toBe(young.id);

	const moved = { reference: old.reference, id: old.id, previousId: young.id, present: false };
	const flags = [record!.id, '--overwrite-tags'];
	expect(await restore(...flags, '--dry-run')).toMatchObject({ references: [moved] });
	expect(await idOf(old.reference)).toBe(young.id);
	expect(await restore(...flags)).toMatchObject({ references: [moved] });
	expect(await idOf(old.reference)).toBe(old.id);
	// It is still there, without the tag.
	expect(await idOf(young.id)).toBe(young.id);
	await docker('rmi', young.id);
});

test('separate archives: one for each name, whose series stays when tags change; an id brings no tag back', async () => {
	const [app, other] = [await images.make(), await images.make()];
	await docker('tag', app.reference, `${app.name}:2`);
	const untagged = await images.make();
	const job = newJob();
	const { backUp, restore } = repositoryAt();
	const line = [app.reference, `${app.name}:2`, other.reference, untagged.id, '--separate'];
	const records = await backUp(job, ...line);
	expect(records.map(({ series, sources }) => [series, sources.length])).toEqual([
		[`image:${app.name}`, 2],
		[`image:${other.name}`, 1],
		[`image:${untagged.id.slice(7, 19)}`, 1],
	]);
	expect(records[2]!.warnings).toEqual([
		expect.objectContaining({
			code: 'image_untagged',
			message: expect.stringContaining(`here it is also ${untagged.reference}`) as string,
		}),
	]);

	await removed(other.reference, untagged.reference);
	const latest = ['--job', job, '--series', `image:${other.name}`];
	expect(await restore(...latest)).toMatchObject({ references: [{ reference: other.reference }] });
	expect(await restore(records[2]!.id)).toMatchObject({
		references: [{ reference: untagged.id, id: untagged.id, previousId: null }],
	});
	expect(await idOf(untagged.id)).toBe(untagged.id);
	expect(await idOf(untagged.reference)).toBe('');
	await docker('rmi', untagged.id);
});

test('an archive of images is verified, downloaded, copied and deleted, and docker loads what decrypt gives', async () => {
	const app = await images.make();
	const job = newJob();
	const { path, at, backUp } = repositoryAt();
	const [record] = await backUp(job, app.reference);
	const { id, filePath } = record!;
	for (const level of ['checksum', 'deep'])
		expect(await json(['verify', id, '--level', level, ...at])).toMatchObject({
			verifications: [{ ok: true }],
		});

	const folder = directory();
	const [stored, tar, target] = [join(folder, 'stored'), join(folder, 'tar'), join(folder, 'copy')];
	await json(['download', id, '--out', stored, ...at]);
	expect(readFileSync(stored).equals(readFileSync(join(path, filePath)))).toBe(true);

	execFileSync('mkdir', [target]);
	await json(['copy', id, '--to', target, '--to-key-file', at[3]!, ...at]);
	await json(['delete', id, ...at]);
	expect(existsSync(join(path, filePath))).toBe(false);
	const error = await failure(['restore', 'image', id, ...at], 5);
	expect(error.code).toBe('record_not_found');

	const there = ['--repository', target, '--key-file', at[3]!];
	await removed(app.reference);
	await json(['restore', 'image', id, ...there]);
	expect(await idOf(app.reference)).toBe(app.id);

	await removed(app.reference);
	await json(['decrypt', join(target, filePath), '--out', `${tar}.zst`, '--key-file', at[3]!]);
	execFileSync('zstd', ['-q', '-d', `${tar}.zst`]);
	await docker('load', '-i', tar);
	expect(await idOf(app.reference)).toBe(app.id);
});

describe('bad input', () => {
	const { path, at } = repositoryAt();
	const refused = async (line: readonly string[], code: number) => {
		const job = newJob();
		const error = await failure(['backup', 'image', ...line, '--job', job, ...at], code);
		expect(error.hint).toMatch(/\w/);
		expect(filesOf(path, job)).toEqual([]);
		expect(await runnersOf(job)).toEqual([]);
		return error;
	};

	test('an image that is not on the host is not pulled', async () => {
		const missing = `${images.name()}:1`;
		const error = await refused([missing], 5);
		expect(error).toMatchObject({ code: 'image_missing' });
		expect(error.message).toContain(missing);
	});

	test('what is no name, and one image twice', async () => {
		const app = await images.make('latest');
		for (const line of [['Not A Name'], ['../../info'], [app.reference, app.name]])
			expect((await refused(line, 2)).code).toBe('invalid_parameter');
	});

	test('a record of something else', async () => {
		const { at: own, backUp } = repositoryAt();
		const app = await images.make();
		const [record] = await backUp(newJob(), app.reference);
		const error = await failure(['ls', record!.id, ...own], 2);
		expect(error.code).toBe('archive_kind_mismatch');
		expect(error.hint).toMatch(/\w/);
	});
});
