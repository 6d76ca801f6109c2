/** `copy` into S3, between buckets and back, on a real server; with a target that is not there among them. */
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { fill, json, lab, mountpoint, volumeExists } from '../cli/lab';
import { buckets, s3Environment } from '../s3/buckets';
import { contentOf, newRepository, type CopyDocument, type SourceRepository } from './repositories';

const s3 = buckets();
const { directory, keyFile, job: newJob, volume } = lab();
const key = keyFile();
const withoutDocker = { ...s3Environment, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
let source: SourceRepository;

beforeAll(async () => {
	source = await newRepository(directory(), key);
	for (const [job, number, size] of [
		['a', 1, 30 << 20],
		['a', 2, 100],
		['b', 1, 5 << 20],
	] as const)
		await source.add(job, number, size);
});

const copy = (
	from: string,
	to: readonly string[],
	flags: readonly string[] = [],
	code = 0,
	env: object = {},
) =>
	json<CopyDocument>(
		[
			'copy',
			'--all',
			'--repository',
			from,
			...to.flatMap((each) => ['--to', each]),
			'--key-file',
			key,
			...flags,
		],
		code,
		{ ...withoutDocker, ...env },
	);

const copied = ['copied', 'copied', 'copied'];
const outcomes = ({ targets }: CopyDocument) =>
	targets.map(({ results }) => results.map(({ outcome }) => outcome));
const under = (keys: readonly string[], prefix: string) =>
	keys.filter((each) => each.startsWith(`${prefix}jobs/`)).map((each) => each.slice(prefix.length));

test('a directory into a bucket, into another, and back into a directory: the same bytes', async () => {
	const [first, second, back] = [await s3.create('copy'), await s3.create('copy'), directory()];
	const here = `s3://${first}/some/prefix`;
	expect(outcomes(await copy(source.path, [here], ['--read-back']))).toEqual([copied]);
	expect(under(await s3.keys(first), 'some/prefix/').toSorted()).toEqual(
		Object.keys(contentOf(source.path)).toSorted(),
	);
	expect(outcomes(await copy(here, [`s3://${second}`]))).toEqual([copied]);
	expect(outcomes(await copy(`s3://${second}`, [back], ['--read-back']))).toEqual([copied]);
	expect(contentOf(back)).toEqual(contentOf(source.path));
	expect((await copy(source.path, [here])).targets).toMatchObject([{ selected: 3, present: 3, results: [] }]);
	for (const bucket of [first, second]) expect(await s3.uploads(bucket)).toEqual({});
	const verify = ['verify', '--job', 'a', '--repository', `s3://${second}`, '--key-file', key];
	expect(await json(verify, 0, withoutDocker)).toMatchObject({ verifications: [{ ok: true }, { ok: true }] });
});

test('of three targets one is not there: the others get everything, and it is not forgotten', async () => {
	const bucket = await s3.create('copy');
	const [before, after] = [directory(), `s3://${bucket}/after`];
	const missing = `s3://${s3.free('nobody')}/x`;
	const document = await copy(source.path, [before, missing, after], [], 5);
	expect(document.targets).toMatchObject([
		{ error: null },
		{ error: { code: 'repository_not_found' }, results: [] },
		{ error: null },
	]);
	expect(outcomes(document)).toEqual([copied, [], copied]);
	expect(contentOf(before)).toEqual(contentOf(source.path));
});

test('a store that does not answer fails its target, and no other', async () => {
	const to = directory();
	const flags = ['--to-endpoint', 'http://127.0.0.1:9', '--to', to];
	const { targets } = await copy(source.path, [`s3://bucket/x`], flags, 8);
	expect(targets).toMatchObject([
		{ error: { code: 'storage_unreachable' }, results: [] },
		{ error: null, results: [{ outcome: 'copied' }, { outcome: 'copied' }, { outcome: 'copied' }] },
	]);
});

test('the keys of the target are its own where it has some', async () => {
	const bucket = await s3.create('copy');
	const source = `s3://${await s3.create('copy')}`;
	await json(
		[
			'copy',
			'--all',
			'--repository',
			(await newRepository(directory(), key)).path,
			'--to',
			source,
			'--key-file',
			key,
		],
		0,
		withoutDocker,
	);
	const wrong = { TO_AWS_ACCESS_KEY_ID: 'nobody', TO_AWS_SECRET_ACCESS_KEY: 'nothing' };
	expect((await copy(source, [`s3://${bucket}`], [], 8, wrong)).targets).toMatchObject([
		{ error: { code: 'storage_denied' } },
	]);
	const right = {
		AWS_ACCESS_KEY_ID: s3Environment.AWS_ACCESS_KEY_ID,
		TO_AWS_ACCESS_KEY_ID: s3Environment.AWS_ACCESS_KEY_ID,
		TO_AWS_SECRET_ACCESS_KEY: s3Environment.AWS_SECRET_ACCESS_KEY,
	};
	expect((await copy(source, [`s3://${bucket}`], [], 0, right)).targets).toMatchObject([
		{ error: null, selected: 0 },
	]);
});

test('an object lost in the bucket comes again', async () => {
	const bucket = await s3.create('copy');
	await copy(source.path, [`s3://${bucket}`]);
	const lost = (await s3.keys(bucket)).find(
		(each) => each.startsWith('jobs/b/') && each.endsWith('.tar.zst.enc'),
	)!;
	await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: lost }));
	expect(outcomes(await copy(source.path, [`s3://${bucket}`]))).toEqual([['completed']]);
	expect(under(await s3.keys(bucket), '').toSorted()).toEqual(Object.keys(contentOf(source.path)).toSorted());
});

test('volumes of a Docker host, and S3, by a runner', async () => {
	const [name, from, to, job] = [await volume('data'), await volume('from'), await volume('to'), newJob()];
	const bucket = await s3.create('copy');
	await fill(name, { a: 'a' });
	await json(['backup', 'volume', name, '--job', job, '--repository', `volume:${from}`, '--key-file', key]);
	const line = [
		'copy',
		'--job',
		job,
		'--repository',
		`volume:${from}`,
		'--to',
		`volume:${to}`,
		'--to',
		`s3://${bucket}`,
	];
	const { targets } = await json<CopyDocument>(
		[...line, '--key-file', key, '--runner-network', 'host'],
		0,
		s3Environment,
	);
	expect(targets).toMatchObject([
		{ name: `volume:${to}`, results: [{ outcome: 'copied' }] },
		{ name: `s3://${bucket}`, results: [{ outcome: 'copied' }] },
	]);
	expect(await volumeExists(to)).toBe(true);
	expect(contentOf(await mountpoint(to))).toEqual(contentOf(await mountpoint(from)));
	const restored = join(directory(), 'restored');
	await json(
		[
			'restore',
			'directory',
			'--job',
			job,
			'--to',
			restored,
			'--repository',
			`s3://${bucket}`,
			'--key-file',
			key,
		],
		0,
		withoutDocker,
	);
});
