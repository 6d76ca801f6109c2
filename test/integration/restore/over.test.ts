/** Over a volume that exists: what it holds is replaced, or stays exactly as it was; containers come back as they were. */
import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { describeTree, diffTrees } from '../../trees/describe-tree';
import { cli, docker, failure, fill, json, lab, mountpoint, unique } from '../cli/lab';

const containers: string[] = [];

afterAll(async () => {
	if (containers.length > 0) await docker('rm', '-f', ...containers);
});

// After the above: a volume can't be removed while a container has it.
const { directory, keyFile, job: newJob, volume: newVolume } = lab();
const key = ['--key-file', keyFile()];

interface Restored {
	readonly containersStopped: readonly string[];
	readonly containersStarted: readonly string[];
	readonly safetyBackup: string | null;
	readonly previousContentRemoved: boolean;
	readonly plan: { readonly fits: boolean; readonly targets: readonly { readonly usedBytes: number }[] };
}

interface Setting {
	readonly volume: string;
	readonly root: string;
	readonly repository: string;
	readonly at: readonly string[];
	readonly job: string;
	readonly id: string;
	readonly saved: ReturnType<typeof describeTree>;
}

/** A volume that was backed up and has changed since. */
async function changedSince(files: Readonly<Record<string, Buffer | string>> = {}): Promise<Setting> {
	const [volume, repository, job] = [await newVolume('over'), directory(), newJob()];
	const at = ['--repository', repository, ...key];
	const root = await mountpoint(volume);
	await fill(volume, { 'app/conf': 'saved', 'app/data/x': 'saved', only: 'in the backup', ...files });
	chownSync(join(root, 'app'), 1000, 1001);
	chmodSync(join(root, 'app'), 0o2770);
	execFileSync('setfattr', ['-n', 'user.origin', '-v', 'backup', root]);
	chownSync(root, 33, 34);
	chmodSync(root, 0o751);
	utimesSync(root, 1_600_000_000.25, 1_600_000_000.25);
	const saved = describeTree(root);
	const { records } = await json<{ records: { id: string }[] }>([
		...['backup', 'volume', volume, '--job', job],
		...at,
	]);
	rmSync(join(root, 'only'));
	await fill(volume, { 'app/conf': 'changed', later: 'later', 'app/data/later/y': 'later' });
	chownSync(root, 0, 0);
	chmodSync(root, 0o700);
	// What is extracted must not inherit it, nor the root keep it.
	execFileSync('setfacl', ['-m', 'u:7:rwx,d:u:7:rwx', root]);
	return { volume, root, repository, at, job, id: records[0]!.id, saved };
}

async function using(volume: string, ...options: string[]): Promise<string> {
	const name = unique('user');
	containers.push(name);
	await docker(
		'run',
		'-d',
		'--init',
		'--network=none',
		'--name',
		name,
		'-v',
		`${volume}:/data`,
		...options,
		'node:24-bookworm-slim',
		'sleep',
		'86400',
	);
	return name;
}

const stateOf = (name: string): Promise<string> =>
	docker('inspect', '-f', '{{.State.Status}} {{.State.StartedAt}}', name);

const over = ({ id, at }: Setting, ...flags: string[]) => [
	'restore',
	'volume',
	id,
	'--overwrite',
	...flags,
	...at,
];
const confirmed = (setting: Setting, ...flags: string[]) =>
	over(setting, '--confirm', setting.volume, ...flags);

/** Runs what must leave the volume, and whoever uses it, as they are. */
async function untouched<T>(setting: Setting, names: readonly string[], work: () => Promise<T>): Promise<T> {
	const before = describeTree(setting.root);
	const states = await Promise.all(names.map(stateOf));
	const result = await work();
	expect(diffTrees(before, describeTree(setting.root))).toEqual([]);
	expect(await Promise.all(names.map(stateOf))).toEqual(states);
	return result;
}

describe.each([
	['swapped', []],
	['wiped first', ['--wipe']],
] as const)('%s', (_, flags) => {
	test('the whole content, owners, modes and the root; users come back as they were', async () => {
		const setting = await changedSince();
		const [running, paused, stopped] = [
			await using(setting.volume),
			await using(setting.volume),
			await using(setting.volume),
		];
		await docker('pause', paused);
		await docker('stop', stopped);
		const before = await stateOf(running);
		const restored = await json<Restored>(confirmed(setting, ...flags));
		expect(diffTrees(setting.saved, describeTree(setting.root))).toEqual([]);
		expect(restored).toMatchObject({
			over: 'overwrite',
			volumes: [{ source: setting.volume, volume: setting.volume }],
			containersStopped: [paused, running],
			containersStarted: [running, paused],
			safetyBackup: null,
			previousContentRemoved: true,
		});
		expect(await stateOf(running)).toMatch(/^running /);
		expect(await stateOf(running)).not.toBe(before);
		expect(await stateOf(paused)).toMatch(/^paused /);
		expect(await stateOf(stopped)).toMatch(/^exited /);
		expect(await docker('exec', running, 'cat', '/data/app/conf')).toBe('saved');
	});

	test('a damaged archive: the old content is whole, and whoever used it runs', async () => {
		const setting = await changedSince({ large: noise(3 << 20, 4) });
		const user = await using(setting.volume);
		const folder = join(setting.repository, 'jobs', setting.job);
		const archive = join(folder, readdirSync(folder).find((name) => name.includes('.tar.'))!);
		const bytes = readFileSync(archive);
		bytes[bytes.length - 1000]! ^= 1;
		writeFileSync(archive, bytes);
		const before = describeTree(setting.root);
		const state = await stateOf(user);
		const error = await failure(confirmed(setting, ...flags), 3);
		expect(error.code).toMatch(/^(?:archive_tampered|checksum_mismatch)$/);
		expect(diffTrees(before, describeTree(setting.root))).toEqual([]);
		expect(await stateOf(user)).toMatch(/^running /);
		// What is to be wiped for it is read through before anybody has to stop.
		if (flags.length > 0) expect(await stateOf(user)).toBe(state);
	});
});

test.each<[what: string, flags: (setting: Setting) => string[], hint: RegExp]>([
	['nothing', () => [], /type its name: \S/],
	['another name', () => ['--confirm', 'something'], /type its name: \S/],
	['the name in capitals', ({ volume }) => ['--confirm', volume.toUpperCase()], /type its name: \S/],
	['the name and a space', ({ volume }) => ['--confirm', `${volume} `], /type its name: \S/],
	[
		'the archive, not the target',
		({ volume }) => ['--confirm', volume, '--to', 'other'],
		/type its name: other/,
	],
	['paths', ({ volume }) => ['--confirm', volume, '--path', 'app'], /new volume/],
	['a directory', ({ volume }) => ['--confirm', volume, '--into', 'x'], /new volume/],
	['a salvage', ({ volume }) => ['--confirm', volume, '--salvage'], /new volume/],
])('refused, with nothing touched: confirming %s', async (_, flags, hint) => {
	const setting = await changedSince();
	const user = await using(setting.volume);
	const error = await untouched(setting, [user], () => failure(over(setting, ...flags(setting)), 2));
	expect(error).toMatchObject({ code: 'invalid_parameter', hint: expect.stringMatching(hint) as string });
});

test('refused, with nothing touched: in use and not to be stopped; or gone once it is stopped', async () => {
	const setting = await changedSince();
	const user = await using(setting.volume);
	const refused = () => untouched(setting, [user], () => failure(confirmed(setting, '--no-stop'), 7));
	expect(await refused()).toMatchObject({
		code: 'target_in_use',
		message: expect.stringContaining(user) as string,
	});
	await docker('pause', user);
	expect(await refused()).toMatchObject({ code: 'target_in_use' });
	await docker('rm', '-f', user);
	const fleeting = await using(setting.volume, '--rm');
	expect(await untouched(setting, [fleeting], () => failure(confirmed(setting), 7))).toMatchObject({
		code: 'target_in_use',
		message: expect.stringContaining('would not come back') as string,
	});
});

test('refused, with nothing touched: a volume that is not there; several at once; the repository itself', async () => {
	const setting = await changedSince();
	const none = unique('none');
	expect(await failure(over(setting, '--confirm', none, '--to', none), 5)).toMatchObject({
		code: 'volume_not_found',
	});
	const second = await newVolume('second');
	await fill(second, { a: 'a' });
	const job = newJob();
	await json(['backup', 'volume', setting.volume, second, '--job', job, ...setting.at]);
	const both = ['restore', 'volume', '--job', job, '--overwrite', '--confirm', `${setting.volume},${second}`];
	expect(await untouched(setting, [], () => failure([...both, ...setting.at], 2))).toMatchObject({
		code: 'invalid_parameter',
		hint: expect.stringContaining(second) as string,
	});
	const one = ['restore', 'volume', '--job', job, '--volume', second, '--overwrite', '--confirm', second];
	await fill(second, { a: 'changed', b: 'new' });
	await json([...one, ...setting.at]);
	expect(readdirSync(await mountpoint(second))).toEqual(['a']);
	expect(readFileSync(join(await mountpoint(second), 'a'), 'utf8')).toBe('a');

	const repository = await newVolume('repository');
	const at = ['--repository', `volume:${repository}`, ...key];
	const { records } = await json<{ records: { id: string }[] }>([
		'backup',
		'volume',
		second,
		'--job',
		job,
		...at,
	]);
	const own = [
		'restore',
		'volume',
		records[0]!.id,
		'--overwrite',
		'--to',
		repository,
		'--confirm',
		repository,
	];
	expect(await failure([...own, ...at], 2)).toMatchObject({ code: 'invalid_parameter' });
	expect(readdirSync(await mountpoint(repository))).toContain('repository.json');
});

test('a dry run says who would be stopped and what would go, and changes nothing', async () => {
	const setting = await changedSince();
	const user = await using(setting.volume);
	for (const flags of [[], ['--wipe']]) {
		const plan = await untouched(setting, [user], () =>
			json<Restored>(confirmed(setting, '--dry-run', ...flags)),
		);
		expect(plan).toMatchObject({
			dryRun: true,
			over: 'overwrite',
			containersStopped: [user],
			containersStarted: [],
			previousContentRemoved: false,
			plan: { fits: true, targets: [{ source: setting.volume, entriesNow: 2 }] },
		});
		expect(plan.plan.targets[0]!.usedBytes).toBeGreaterThan(10_000);
	}
	const { stdout } = await cli(confirmed(setting, '--dry-run'));
	expect(stdout.toString()).toContain(`would stop and start again: ${user}`);
});

test('a safety backup comes first, and when it fails nothing is touched', async () => {
	const setting = await changedSince();
	const user = await using(setting.volume);
	const changed = describeTree(setting.root);
	const bad = await untouched(setting, [user], () =>
		failure(confirmed(setting, '--safety-backup', '../x'), 2),
	);
	expect(bad.code).toBe('invalid_job_name');

	// A lease that somebody else keeps renewing would do as well: there is no place for its folder.
	writeFileSync(join(setting.repository, 'jobs', 'taken'), '');
	const before = describeTree(setting.root);
	expect((await cli([...confirmed(setting, '--safety-backup', 'taken'), '--json'])).code).not.toBe(0);
	expect(diffTrees(before, describeTree(setting.root))).toEqual([]);
	expect(await stateOf(user)).toMatch(/^running /);
	rmSync(join(setting.repository, 'jobs', 'taken'));

	const job = newJob();
	const restored = await json<Restored>(confirmed(setting, '--safety-backup', job));
	expect(restored.safetyBackup).toMatch(new RegExp(`^${job}-`));
	expect(diffTrees(setting.saved, describeTree(setting.root))).toEqual([]);
	await json([
		'restore',
		'volume',
		restored.safetyBackup!,
		'--overwrite',
		'--confirm',
		setting.volume,
		...setting.at,
	]);
	expect(diffTrees(changed, describeTree(setting.root))).toEqual([]);
});

test('known failure 23: a container that does not start again fails the restore, loudly; the others run', async () => {
	const setting = await changedSince();
	const needed = directory();
	const broken = await using(setting.volume, '--mount', `type=bind,source=${needed},target=/needed`);
	const user = await using(setting.volume);
	rmSync(needed, { recursive: true });
	const error = await failure(confirmed(setting), 7);
	expect(error).toMatchObject({
		code: 'docker_failed',
		message: expect.stringContaining(`"${broken}"`) as string,
		hint: `Start it yourself (docker start ${broken}).`,
	});
	expect(await stateOf(user)).toMatch(/^running /);
	expect(diffTrees(setting.saved, describeTree(setting.root))).toEqual([]);
});

describe('a volume without room for both', () => {
	const mounted: string[] = [];
	afterAll(() => mounted.forEach((path) => execFileSync('umount', ['-l', path])));

	test('is left as it is; wiped first, when that is asked for; even that must fit', async () => {
		const path = directory();
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path]);
		mounted.push(path);
		const { repository, at, job } = { repository: directory(), at: [] as string[], job: newJob() };
		at.push('--repository', repository, ...key);
		const name = await newVolumeOn(path);
		writeFileSync(join(path, 'data'), noise(14 << 20, 3));
		const { records } = await json<{ records: { id: string }[] }>([
			'backup',
			'volume',
			name,
			'--job',
			job,
			...at,
		]);
		writeFileSync(join(path, 'data'), noise(14 << 20, 9));
		const setting = { id: records[0]!.id, at, volume: name, root: path } as unknown as Setting;
		const user = await using(name);
		const error = await untouched(setting, [user], () => failure(confirmed(setting), 7));
		expect(error).toMatchObject({
			code: 'target_full',
			hint: expect.stringContaining('wiped first') as string,
		});
		const plan = await json<Restored>(confirmed(setting, '--dry-run'));
		expect(plan.plan.fits).toBe(false);
		expect((await json<Restored>(confirmed(setting, '--dry-run', '--wipe'))).plan.fits).toBe(true);
		await json(confirmed(setting, '--wipe'));
		expect(readFileSync(join(path, 'data')).equals(noise(14 << 20, 3))).toBe(true);
		expect(readdirSync(path)).toEqual(['data']);
		execFileSync('mount', ['-o', 'remount,size=15m', path]);
		rmSync(join(path, 'data'));
		writeFileSync(join(path, 'small'), 'small');
		execFileSync('mount', ['-o', 'remount,size=8m', path]);
		const never = await untouched(setting, [user], () => failure(confirmed(setting, '--wipe'), 7));
		expect(never.code).toBe('target_full');
	});

	async function newVolumeOn(path: string): Promise<string> {
		const name = await newVolume('small');
		await docker('volume', 'rm', name);
		await docker('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${path}`, name);
		return name;
	}
});

test('below a directory of a volume in use, without overwriting: the rest stays', async () => {
	const setting = await changedSince();
	mkdirSync(join(setting.root, 'app/data/kept'));
	await json(['restore', 'volume', setting.id, '--to', setting.volume, '--into', 'old', ...setting.at]);
	expect(readFileSync(join(setting.root, 'old/only'), 'utf8')).toBe('in the backup');
	expect(readFileSync(join(setting.root, 'app/conf'), 'utf8')).toBe('changed');
	expect(statSync(join(setting.root, 'app/data/kept')).isDirectory()).toBe(true);
});
