/** The command on a repository in S3, as a user works with it: without Docker but for the backup itself. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describeTree, diffTrees } from '../../trees/odd-tree';
import { buckets, s3Environment } from '../s3/buckets';
import { cli, failure, fill, json, lab, mountpoint, volumeExists } from './lab';

interface Entry {
	readonly id: string;
	readonly job: string;
	readonly status: string;
	readonly filePath: string;
	readonly checksum: string;
	readonly sizeBytes: number;
	readonly held: { readonly reason: string } | null;
	readonly deleting: boolean;
}

const s3 = buckets();
const { directory, job: newJob, keyFile, volume, volumeName } = lab();
/** A daemon that nobody can reach: whatever works with it works without Docker. */
const withoutDocker = { ...s3Environment, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const run = <T = unknown>(line: readonly string[], code = 0) => json<T>(line, code, withoutDocker);
const refused = (line: readonly string[], code: number) => failure(line, code, withoutDocker);

let source: string;
beforeAll(async () => {
	source = await volume('source');
	await fill(source, { a: 'a', 'sub/b': 'b'.repeat(100_000), 'sub/ünïcode "x"': 'c' });
});

interface Made {
	readonly bucket: string;
	readonly job: string;
	readonly at: readonly string[];
	readonly record: Entry;
}

/** A backup, by default into a bucket of its own. */
async function backedUp(given?: string): Promise<Made> {
	const bucket = given ?? (await s3.create('cli'));
	const job = newJob();
	const at = ['--repository', `s3://${bucket}/some/prefix`, '--key-file', keyFile()];
	const line = ['backup', 'volume', source, '--job', job, '--runner-network', 'host', ...at];
	const { records } = await json<{ records: Entry[] }>(line, 0, s3Environment);
	return { bucket, job, at, record: records[0]! };
}

test('list, show, verify and restore a directory, in this process', async () => {
	const { job, at, record } = await backedUp();
	const { entries } = await run<{ entries: Entry[] }>(['list', ...at, '--job', job, '--limit', '1']);
	expect(entries).toMatchObject([{ id: record.id, trust: 'signed', held: null, deleting: false }]);
	expect(await run(['show', record.id, ...at])).toMatchObject({ id: record.id });
	for (const level of ['checksum', 'deep']) {
		expect(await run(['verify', record.id, '--level', level, ...at])).toMatchObject({
			verifications: [{ ok: true, level }],
		});
	}
	const to = join(directory(), 'restored');
	await run(['restore', 'directory', '--job', job, '--to', to, ...at]);
	const differences = diffTrees(describeTree(await mountpoint(source)), describeTree(join(to, source)));
	expect(differences).toEqual([]);
});

test('restore a volume, by a runner', async () => {
	const { at, record } = await backedUp();
	const to = volumeName('restored');
	const line = ['restore', 'volume', record.id, '--to', to, '--runner-network', 'host', ...at];
	await json(line, 0, s3Environment);
	expect(diffTrees(describeTree(await mountpoint(source)), describeTree(await mountpoint(to)))).toEqual([]);
});

test('download to a file, to its own name, and to stdout', async () => {
	const { at, record } = await backedUp();
	const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
	const file = join(directory(), 'archive');
	expect(await run(['download', record.id, '--out', file, ...at])).toMatchObject({
		id: record.id,
		file,
		size: record.sizeBytes,
		checksum: record.checksum,
	});
	expect(sha256(readFileSync(file))).toBe(record.checksum);

	const taken = await refused(['download', record.id, '--out', file, ...at], 7);
	expect(taken.code).toBe('target_exists');
	expect(sha256(readFileSync(file))).toBe(record.checksum);

	const piped = await cli(['download', record.id, '--out', '-', ...at, '--quiet'], withoutDocker);
	expect([piped.code, piped.stderr]).toEqual([0, '']);
	expect(sha256(piped.stdout)).toBe(record.checksum);

	expect(
		(await refused(['download', `${record.id.slice(0, -4)}0000`, '--out', join(directory(), 'x'), ...at], 5))
			.code,
	).toBe('record_not_found');
});

test('a download of damaged bytes fails and leaves no file', async () => {
	const { bucket, at, record } = await backedUp();
	const folder = directory();
	const Body = Buffer.alloc(record.sizeBytes, 1);
	await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: `some/prefix/${record.filePath}`, Body }));
	const error = await refused(['download', record.id, '--out', join(folder, 'archive'), ...at], 3);
	expect(error.code).toBe('checksum_mismatch');
	expect(readdirSync(folder)).toEqual([]);
});

test('a link that needs no key, gives the archive under its own name, and expires', async () => {
	const { at, record } = await backedUp();
	const { url, expiresAt } = await run<{ url: string; expiresAt: string }>([
		'link',
		record.id,
		'--expires',
		'60',
		...at,
	]);
	const left = Date.parse(expiresAt) - Date.now();
	expect(left).toBeGreaterThan(0);
	expect(left).toBeLessThanOrEqual(60_000);
	const answer = await fetch(url);
	expect(answer.status).toBe(200);
	const fileName = record.filePath.split('/').at(-1);
	expect(answer.headers.get('content-disposition')).toBe(
		`attachment; filename="${fileName}"; filename*=UTF-8''${fileName}`,
	);
	const bytes = Buffer.from(await answer.arrayBuffer());
	expect(createHash('sha256').update(bytes).digest('hex')).toBe(record.checksum);
	expect(url).not.toContain(s3Environment.AWS_SECRET_ACCESS_KEY);

	const plain = await cli(['link', record.id, ...at], withoutDocker);
	expect(plain.stdout.toString()).toMatch(/^http:\/\/\S+X-Amz-Expires=3600\S*\n$/);
});

test('a hold keeps a backup from deletion until it is released', async () => {
	const { bucket, at, job, record } = await backedUp();
	const { id } = record;
	expect(await run(['hold', id, '--reason', 'for the audit', ...at])).toMatchObject({
		id,
		job,
		held: { reason: 'for the audit' },
	});
	const listed = await cli(['list', ...at], withoutDocker);
	expect(listed.stdout.toString()).toContain('success, held');

	const refusal = await run<{ deletions: object[] }>(['delete', id, ...at], 6);
	expect(refusal).toMatchObject({
		deletions: [{ id, deleted: false, error: { code: 'record_held' } }],
		error: { code: 'record_held', hint: expect.stringContaining('Release') },
	});
	expect(await run(['verify', id, ...at])).toMatchObject({ verifications: [{ ok: true }] });

	expect(await run(['release', id, ...at])).toMatchObject({ id, held: null });
	expect(await run(['delete', id, '--reason', 'test', ...at])).toMatchObject({
		deletions: [{ id, deleted: true, error: null }],
	});
	expect(await run(['list', ...at])).toEqual({ entries: [] });
	const left = await s3.keys(bucket);
	expect(left.filter((key) => key.includes('/jobs/'))).toEqual([]);
});

test('one of two deletions fails: the other is done, and the code tells', async () => {
	const { at, record } = await backedUp();
	const none = `${record.id.slice(0, -4)}ffff`;
	const ended = await cli(['delete', record.id, none, ...at, '--quiet'], withoutDocker);
	expect(ended.code).toBe(5);
	expect(ended.stdout.toString()).toMatch(
		new RegExp(`^ok      ${record.id} deleted\\nfailed  ${none}  record_not_found: .*\\n$`),
	);
	expect(ended.stderr).toMatch(/^error: 1 of 2 deletions failed, among them: there is no record/);
});

test('the doctor: nothing, a planted object, a missing archive', async () => {
	const { bucket, at, job, record } = await backedUp();
	const healthy = await cli(['doctor', ...at], withoutDocker);
	expect([healthy.code, healthy.stdout.toString()]).toEqual([
		0,
		'nothing found that is not as it should be\n',
	]);

	const planted = `some/prefix/jobs/${job}/${job}-20250101T000000Z-abcd.tar.zst`;
	await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: planted, Body: 'x' }));
	expect(await run(['doctor', ...at])).toMatchObject({
		findings: [{ type: 'unlisted_object', key: planted.slice('some/prefix/'.length), size: 1, job }],
	});

	await s3.client.send(
		new DeleteObjectCommand({
			Bucket: bucket,
			Key: `some/prefix/${record.filePath}`,
		}),
	);
	const damaged = await run<{ findings: { type: string; id: string }[] }>(['doctor', ...at], 3);
	expect(damaged.findings.map(({ type }) => type).sort()).toEqual(['missing_object', 'unlisted_object']);
	expect(damaged).toMatchObject({ error: { code: 'archive_missing' } });
	const text = await cli(['doctor', ...at, '--quiet'], withoutDocker);
	expect(text.code).toBe(3);
	expect(text.stdout.toString()).toMatch(/^what +object +size +meaning\n/);
});

test('what was deleted is found behind the deletion, in a bucket with versions', async () => {
	const Bucket = await s3.create('cli-versions');
	const VersioningConfiguration = { Status: 'Enabled' } as const;
	await s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
	const { bucket, at, record } = await backedUp(Bucket);
	await run(['delete', record.id, ...at]);
	expect(await run(['list', ...at])).toEqual({ entries: [] });
	expect(await s3.keys(bucket)).not.toContain(`some/prefix/${record.filePath}`);
	const { entries } = await run<{ entries: Entry[] }>(['list', '--versions', ...at]);
	expect(entries.map(({ id }) => id)).toEqual([record.id]);
	expect(await run(['show', record.id, '--versions', ...at])).toMatchObject({ id: record.id });
	expect(await run(['verify', record.id, '--level', 'deep', '--versions', ...at])).toMatchObject({
		verifications: [{ ok: true }],
	});
	const to = join(directory(), 'restored');
	await run(['restore', 'directory', record.id, '--versions', '--to', to, ...at]);
	expect(diffTrees(describeTree(await mountpoint(source)), describeTree(join(to, source)))).toEqual([]);
});

describe('refused, with a hint, before any byte of the source is read', () => {
	const key = ['--key-file', keyFile()];
	const backUp = async (
		repository: string,
		flags: readonly string[],
		code: number,
		env: Readonly<Record<string, string | undefined>> = {},
	) => {
		const line = ['backup', 'volume', source, '--job', newJob(), '--repository', repository];
		const all = [...line, '--runner-network', 'host', ...key, ...flags];
		const error = await failure(all, code, { ...s3Environment, ...env });
		expect(error.hint).toMatch(/\w/);
		for (const secret of [s3Environment.AWS_SECRET_ACCESS_KEY, 'hush'])
			expect(JSON.stringify(error)).not.toContain(secret);
		return error;
	};

	test.each([
		['an endpoint without scheme', 's3://bkt', ['--endpoint', 'store.example.com'], 'invalid_parameter'],
		['an endpoint with a path', 's3://bkt', ['--endpoint', 'https://h/bkt'], 'invalid_parameter'],
		['an endpoint with keys', 's3://bkt', ['--endpoint', 'https://id:hush@h'], 'invalid_parameter'],
		['a prefix with ..', 's3://bkt/a/../b', [], 'invalid_parameter'],
		['no bucket', 's3:///a', [], 'invalid_parameter'],
		['keys in the location', 's3://id:hush@bkt', [], 'usage'],
		['object lock of no days', 's3://bkt', ['--object-lock', 'governance:0'], 'usage'],
		['an unknown encryption', 's3://bkt', ['--sse', 'rot13'], 'invalid_parameter'],
	])('%s', async (_, repository, flags, code) => {
		expect((await backUp(repository, flags, 2)).code).toBe(code);
	});

	test.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('no %s', async (name) => {
		const error = await backUp('s3://bkt', [], 2, { [name]: undefined });
		expect(error).toMatchObject({ code: 'usage', message: `the variable ${name} is not set` });
	});

	test('a bucket that is not there', async () => {
		const bucket = s3.free('none');
		const error = await backUp(`s3://${bucket}`, [], 5);
		expect(error.code).toBe('repository_not_found');
		expect(error.message).toContain(bucket);
	});

	test('wrong keys', async () => {
		const bucket = await s3.create('keys');
		expect((await backUp(`s3://${bucket}`, [], 8, { AWS_SECRET_ACCESS_KEY: 'hush' })).code).toBe(
			'storage_denied',
		);
		expect((await backUp(`s3://${bucket}`, [], 8, { AWS_ACCESS_KEY_ID: 'nobody' })).code).toBe(
			'storage_denied',
		);
	});

	test('object lock in a bucket that has none', async () => {
		const bucket = await s3.create('nolock');
		const error = await backUp(`s3://${bucket}`, ['--object-lock', 'governance:1'], 2);
		expect(error.message).toMatch(/object lock/);
		expect(await s3.keys(bucket)).toEqual([]);
	});

	test('a store that nobody answers for', async () => {
		const error = await refused(
			['list', '--repository', 's3://bkt', '--endpoint', 'http://127.0.0.1:1', ...key],
			8,
		);
		expect(error).toMatchObject({ code: 'storage_unreachable', hint: expect.stringMatching(/\w/) });
	});
});

test('flags of S3 with another repository', async () => {
	for (const flag of [['--endpoint', 'https://h'], ['--versions'], ['--region', 'x']]) {
		const error = await refused(['list', '--repository', directory(), ...flag], 2);
		expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(`${flag[0]} goes with`) });
	}
});

test('a link to a directory is refused, a volume is never touched', async () => {
	const error = await refused(['link', 'x-20250101T000000Z-abcd', '--repository', directory()], 2);
	expect(error.message).toContain('only an S3 store can make links');
	expect(await volumeExists(source)).toBe(true);
	expect(existsSync('/nowhere')).toBe(false);
});
