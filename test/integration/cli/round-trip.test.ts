/** Everything there and back: volumes of odd things, in every kind of archive, by the command alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOddTree, describeTree, diffTrees, type TreeFacts } from '../../trees/odd-tree';
import { cli, docker, fill, filesOf, json, lab, mountpoint } from './lab';

interface Backup {
	readonly records: readonly {
		readonly id: string;
		readonly status: string;
		readonly encrypted: boolean;
		readonly sizeBytes: number;
		readonly contentBytes: number;
		readonly entries: number;
		readonly filePath: string;
		readonly kdf: { readonly id: string } | null;
		readonly compression: { readonly algorithm: string; readonly level: number | null };
		readonly sources: readonly { readonly name: string }[];
		readonly tags: readonly string[];
		readonly warnings: readonly unknown[];
	}[];
	readonly repositoryCreated: boolean;
}

const { directory, file, job: newJob, keyFile, volume, volumeName } = lab();
let odd: string;
let oddTree: ReadonlyMap<string, TreeFacts>;

beforeAll(async () => {
	odd = await volume('odd');
	createOddTree(await mountpoint(odd));
	oddTree = describeTree(await mountpoint(odd));
});

/** Restores into a new volume and says what is not as it was. */
async function differences(restored: string, expected = oddTree): Promise<string[]> {
	return diffTrees(expected, describeTree(await mountpoint(restored)));
}

describe.each([
	['a raw key', () => ['--key-file', keyFile()], 'raw'],
	['a passphrase', () => ['--passphrase-file', file('correct horse battery staple\n')], 'scrypt'],
	['no key at all', () => [], null],
] as const)('with %s', (_name, makeKey, kdf) => {
	test.each([
		['compressed', [], { algorithm: 'zstd', level: 1 }],
		['not compressed', ['--level', '0'], { algorithm: 'none', level: null }],
	] as const)('%s: identical', async (_compression, flags, compression) => {
		const key = makeKey();
		const at = ['--repository', directory(), ...key];
		const job = newJob();
		const plain = kdf === null ? ['--no-encrypt'] : [];
		const backup = await json<Backup>([
			'backup',
			'volume',
			odd,
			'--job',
			job,
			...at,
			...flags,
			...plain,
			'--tag',
			'a',
			'--tag',
			'b',
		]);
		expect(backup).toMatchObject({
			repositoryCreated: true,
			records: [{ status: 'success', tags: ['a', 'b'], warnings: [], compression }],
		});
		const [record] = backup.records;
		expect(record).toMatchObject({
			encrypted: kdf !== null,
			entries: oddTree.size,
			sources: [{ name: odd }],
		});
		expect(record?.kdf?.id ?? null).toBe(kdf);
		const { id } = record!;

		const [listed] = (await json<{ entries: object[] }>(['list', ...at])).entries;
		expect(listed).toEqual({
			...record,
			trust: kdf === null ? 'unchecked' : 'signed',
			held: null,
			deleting: false,
			verifications: [],
		});
		expect(await json(['show', id, ...at])).toEqual(listed);
		for (const level of ['checksum', 'deep']) {
			const { verifications } = await json<{ verifications: object[] }>([
				'verify',
				id,
				'--level',
				level,
				...at,
			]);
			expect(verifications).toMatchObject([{ id, ok: true, level, error: null }]);
		}
		const restored = volumeName('restored');
		const outcome = await json(['restore', 'volume', id, '--to', restored, ...at]);
		expect(outcome).toMatchObject({
			id,
			entries: oddTree.size,
			volumes: [{ source: odd, volume: restored }],
		});
		expect(await differences(restored)).toEqual([]);
	});
});

test('a repository in a volume: all of it through runners', async () => {
	const repository = `volume:${await volume('repository')}`;
	const at = ['--repository', repository, '--key-file', keyFile()];
	const job = newJob();
	const { records } = await json<Backup>(['backup', 'volume', odd, '--job', job, ...at]);
	const { id } = records[0]!;
	expect(await json(['list', ...at])).toMatchObject({ entries: [{ id, trust: 'signed' }] });
	expect(await json(['show', id, ...at])).toMatchObject({ id });
	expect(await json(['verify', '--job', job, '--latest', '--level', 'deep', ...at])).toMatchObject({
		verifications: [{ id, ok: true }],
	});
	const restored = volumeName('restored');
	await json(['restore', 'volume', '--job', job, '--to', restored, ...at]);
	expect(await differences(restored)).toEqual([]);
});

test('a directory repository through the Docker host gives the same as without', async () => {
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const job = newJob();
	await json(['backup', 'volume', odd, '--job', job, ...at]);
	const local = await json(['list', ...at]);
	expect(await json(['list', ...at, '--docker-host', 'unix:///var/run/docker.sock'])).toEqual(local);
});

test('several volumes in one archive, and in one each', async () => {
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const other = await volume('other');
	await fill(other, { 'a/b': 'b', c: 'c' });
	const otherTree = describeTree(await mountpoint(other));

	const together = newJob();
	const one = await json<Backup>(['backup', 'volume', odd, other, '--job', together, ...at]);
	expect(one.records.map(({ sources }) => sources.map(({ name }) => name))).toEqual([[odd, other]]);
	const { id } = one.records[0]!;
	const prefix = volumeName('both');
	const names = [`${prefix}_${odd}`, `${prefix}_${other}`];
	try {
		await json(['restore', 'volume', id, '--to', `${prefix}_{volume}`, ...at]);
		expect(await differences(names[0]!)).toEqual([]);
		expect(await differences(names[1]!, otherTree)).toEqual([]);
	} finally {
		await docker('volume', 'rm', '-f', ...names);
	}
	const single = volumeName('single');
	await json(['restore', 'volume', id, '--volume', other, '--to', single, ...at]);
	expect(await differences(single, otherTree)).toEqual([]);

	const apart = newJob();
	const two = await json<Backup>(['backup', 'volume', odd, other, '--separate', '--job', apart, ...at]);
	expect(two.records.map(({ sources }) => sources.map(({ name }) => name))).toEqual([[odd], [other]]);
	const restored = volumeName('apart');
	await json(['restore', 'volume', two.records[1]!.id, '--to', restored, ...at]);
	expect(await differences(restored, otherTree)).toEqual([]);
	expect(
		(await json<{ verifications: unknown[] }>(['verify', '--job', apart, ...at])).verifications,
	).toHaveLength(2);
});

test('what is excluded stays out', async () => {
	const at = ['--repository', directory(), '--no-encrypt'];
	const source = await volume('source');
	await fill(source, { 'keep.txt': 'k', 'drop.tmp': 'd', 'sub/drop.tmp': 'd', 'cache/x': 'x' });
	const { records } = await json<Backup>([
		'backup',
		'volume',
		source,
		'--job',
		newJob(),
		...at,
		'--exclude',
		'*.tmp',
		'--exclude',
		'cache',
	]);
	const restored = volumeName('restored');
	await json(['restore', 'volume', records[0]!.id, '--to', restored, '--repository', at[1]!]);
	expect([...describeTree(await mountpoint(restored)).keys()].sort()).toEqual(['.', 'keep.txt', 'sub']);
});

test('a directory of the Docker host', async () => {
	const source = directory();
	createOddTree(source);
	const tree = describeTree(source);
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const { records } = await json<Backup>(['backup', 'directory', source, '--job', newJob(), ...at]);
	const restored = volumeName('restored');
	await json(['restore', 'volume', records[0]!.id, '--to', restored, ...at]);
	expect(await differences(restored, tree)).toEqual([]);
});

test('for people: a table, facts, and a line for each result', async () => {
	const repository = directory();
	const at = ['--repository', repository, '--key-file', keyFile()];
	const job = newJob();
	const backup = await cli(['backup', 'volume', odd, '--job', job, ...at]);
	const [created, line] = backup.stdout.toString().split('\n');
	expect(created).toBe(`new repository in directory ${repository}`);
	const id = /^ok {6}(\S+) {2}[\d.]+ MB stored of [\d.]+ MB, [\d,]+ entries, [\d.]+ s$/.exec(line!)?.[1];
	expect(id).toMatch(new RegExp(`^${job}-`));
	expect(backup.stderr).toMatch(/^reading /);

	const listed = (await cli(['list', ...at])).stdout.toString().split('\n');
	expect(listed[0]).toMatch(/^id +job +status +trust +size +content +entries +started +duration$/);
	expect(listed[1]).toMatch(new RegExp(`^${id} +${job} +success +signed +`));
	expect((await cli(['show', id!, ...at])).stdout.toString()).toMatch(
		/\nencrypted +with key [0-9a-f]{16} \(raw key\)\n/,
	);
	expect((await cli(['verify', id!, '--level', 'deep', ...at])).stdout.toString()).toMatch(
		new RegExp(`^ok {6}${id} {2}deep, `),
	);
	const restored = volumeName('restored');
	expect(
		(await cli(['restore', 'volume', id!, '--to', restored, ...at, '--quiet'])).stdout.toString(),
	).toMatch(new RegExp(`^ok {6}${odd} restored to volume ${restored}\n {8}from ${id}: `));
	expect(filesOf(repository, job)).toHaveLength(3);
	const record = readFileSync(join(repository, 'jobs', job, `${id}.json`), 'utf8').split('\n');
	expect(JSON.parse(record[0]!)).toMatchObject({ id });
});

test('an archive that holds nothing is made, and says so', async () => {
	const source = await volume('emptied');
	await fill(source, { kept: 'x' });
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const job = newJob();
	const { records } = await json<Backup>(['backup', 'volume', source, '--job', job, ...at, '--exclude', '*']);
	expect(records[0]).toMatchObject({ status: 'success', entries: 0, warnings: [{ code: 'nothing_read' }] });
	expect(await cli(['verify', '--job', job, '--level', 'deep', ...at])).toMatchObject({ code: 0 });
});
