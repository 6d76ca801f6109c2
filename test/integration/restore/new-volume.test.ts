/**
 * Restores into new volumes that end before their time: too little room, or killed. What was made for them is gone,
 * or stands in nobody's way.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { describeTree, diffTrees } from '../../trees/describe-tree';
import {
	docker,
	failure,
	fill,
	json,
	lab,
	mountpoint,
	runnersOf,
	start,
	until,
	volumeExists,
} from '../cli/lab';
import { forge, restore } from './forge';
import { killerOf } from './killer';
import { makeTree, tarOf } from './tree';

const mounted: string[] = [];
afterAll(() => mounted.forEach((path) => execFileSync('umount', ['-l', path])));

const { directory, job: newJob, keyFile, volume, volumeName } = lab();

/** A file system of this size. */
function small(options: string): string {
	const path = join(directory(), 'volumes/v');
	mkdirSync(path, { recursive: true });
	execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
	mounted.push(path);
	return path;
}

test.each([
	['bytes', 'size=12m', /bytes free/],
	['inodes, which nobody can tell before', 'size=200m,nr_inodes=8', /^the target is full: .*No space left/],
])('into a volume of too few %s: it is empty again', async (_, options, message) => {
	const forged = await forge(directory(), tarOf(makeTree(directory()), ['v']), { volumes: ['v'] });
	const target = small(options);
	const wanted = { mode: 'volume', targets: [{ source: 'v', path: target }] } as const;
	await expect(restore(forged, wanted)).rejects.toMatchObject({
		code: 'target_full',
		message: expect.stringMatching(message) as string,
		hint: expect.stringMatching(/\w/) as string,
	});
	expect(readdirSync(target)).toEqual([]);
});

describe('by the command', () => {
	const key = ['--key-file', keyFile()];

	async function backedUp(at: readonly string[], files: Readonly<Record<string, Buffer | string>>) {
		const [source, job] = [await volume('source'), newJob()];
		await fill(source, files);
		const { records } = await json<{ records: { id: string }[] }>([
			...['backup', 'volume', source, '--job', job],
			...at,
		]);
		const to = volumeName('new');
		const line = ['restore', 'volume', records[0]!.id, '--to', to, ...at];
		return { source, job, id: records[0]!.id, to, line };
	}

	test('a new volume whose disk is too small is removed again', async () => {
		const repository = directory();
		const { job, id, to, line } = await backedUp(['--repository', repository, '--no-encrypt'], { a: 'a' });
		// No disk of the tests is too small for what tests can write: the record asks for a petabyte.
		const path = join(repository, 'jobs', job, `${id}.json`);
		const text = readFileSync(path, 'utf8');
		writeFileSync(path, text.replace(/"contentBytes":\d+/, '"contentBytes":1000000000000000'));
		expect(readFileSync(path, 'utf8')).not.toBe(text);
		expect(
			await failure(
				line.filter((flag) => flag !== '--no-encrypt'),
				7,
			),
		).toMatchObject({
			code: 'target_full',
			message: expect.stringContaining('1000000000000000') as string,
		});
		expect(await volumeExists(to)).toBe(false);
		expect(await runnersOf(job)).toEqual([]);
	});

	test('below a volume that is too small: it holds what it held', async () => {
		const at = ['--repository', directory(), ...key];
		const { job, id } = await backedUp(at, { large: noise(8 << 20, 3) });
		const name = volumeName('tmpfs');
		const options = ['type=tmpfs', 'device=tmpfs', 'o=size=4m'].flatMap((option) => ['--opt', option]);
		await docker('volume', 'create', ...options, name);
		// Without a user it would be another one each time.
		const image = 'node:24-bookworm-slim';
		const mount = ['--network=none', '--init', '-v', `${name}:/data`];
		const user = await docker('run', '-d', ...mount, image, 'sleep', '86400');
		try {
			await docker('exec', user, 'sh', '-c', 'echo mine > /data/mine');
			const line = ['restore', 'volume', id, '--to', name, '--into', 'old', ...at];
			expect((await failure(line, 7)).code).toBe('target_full');
			expect(await docker('exec', user, 'ls', '-A', '/data')).toBe('mine');
			expect(await runnersOf(job)).toEqual([]);
		} finally {
			await docker('rm', '-f', user);
		}
	});

	const large = { first: 'first', large: noise(400 << 20, 7) };
	/** Asks Docker nothing: it would be over by the time of an answer. */
	const extracting = async (root: string) =>
		await until('the extraction', () => existsSync(join(root, 'large')) && sizeIn(root) > 0);
	/** Where a volume will be, like one that is there. */
	const placeOf = async (to: string, source: string) => (await mountpoint(source)).replace(source, to);
	const sizeIn = (root: string) => statSync(join(root, 'large')).size;

	test('its runner killed: the volume is gone, and the next try succeeds', async () => {
		const { source, job, to, line } = await backedUp(['--repository', directory(), ...key], large);
		const root = await placeOf(to, source);
		const started = start([...line, '--json']);
		const kill = await killerOf(job);
		await extracting(root);
		kill();
		const { code, stdout } = await started.ended;
		expect([code, JSON.parse(stdout.toString())]).toMatchObject([7, { error: { code: 'runner_died' } }]);
		expect(await volumeExists(to)).toBe(false);
		expect(await runnersOf(job)).toEqual([]);
		await json(line);
		const trees = await Promise.all([source, to].map(async (name) => describeTree(await mountpoint(name))));
		expect(diffTrees(trees[0]!, trees[1]!)).toEqual([]);
	});

	test('the command killed: nothing half-restored is left, and the next try says what is in its way', async () => {
		const { source, job, to, line } = await backedUp(['--repository', directory(), ...key], large);
		const root = await placeOf(to, source);
		const started = start(line);
		await extracting(root);
		started.process.kill('SIGKILL');
		expect(await started.ended).toMatchObject({ signal: 'SIGKILL' });
		await until('the runner to end by itself', async () => (await runnersOf(job, 'running')).length === 0);
		expect(readdirSync(root)).toEqual([]);
		expect(await failure(line, 7)).toMatchObject({ code: 'target_exists' });
		// Runs of later days would have removed it.
		await docker('rm', ...(await runnersOf(job)));
		await docker('volume', 'rm', to);
		await json(line);
		const trees = await Promise.all([source, to].map(async (name) => describeTree(await mountpoint(name))));
		expect(diffTrees(trees[0]!, trees[1]!)).toEqual([]);
	});
});
