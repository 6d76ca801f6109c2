/** A real volume to a real S3 server and back, by the command and a runner; and what is refused before it reads. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFaultProxy, type FaultProxy } from '../../fakes/fault-proxy';
import { createOddTree, describeTree, diffTrees, type TreeFacts } from '../../trees/odd-tree';
import { cli, docker, fill, json, lab, mountpoint, refusal, runnersOf, start, until } from '../cli/lab';
import { buckets, s3Environment } from './buckets';

interface Backup {
	readonly records: readonly {
		readonly id: string;
		readonly status: string;
		readonly filePath: string;
		readonly files: readonly { readonly path: string; readonly size: number }[];
		readonly sizeBytes: number;
		readonly error: { readonly code: string } | null;
	}[];
	readonly repositoryCreated: boolean;
}

const s3 = buckets();
const { directory, job: newJob, keyFile, volume, volumeName } = lab();
/** Of loopback, where the server listens. */
const network = ['--runner-network', 'host'];
const mib = 1 << 20;
let odd: string;
let oddTree: ReadonlyMap<string, TreeFacts>;

beforeAll(async () => {
	odd = await volume('odd');
	createOddTree(await mountpoint(odd));
	oddTree = describeTree(await mountpoint(odd));
});

const run = <T = unknown>(line: readonly string[], code = 0, env = s3Environment) => json<T>(line, code, env);

async function differences(restored: string): Promise<string[]> {
	return diffTrees(oddTree, describeTree(await mountpoint(restored)));
}

/** A volume of so many bytes that don't compress. */
async function noise(bytes: number): Promise<string> {
	const name = await volume('noise');
	const root = await mountpoint(name);
	for (let at = 0; at < bytes; at += 16 * mib)
		writeFileSync(join(root, `n${at}`), randomBytes(Math.min(16 * mib, bytes - at)));
	return name;
}

/** A volume that tar can't read whole, whoever it runs as. */
async function unreadable(): Promise<string> {
	const name = volumeName('unreadable');
	const options = ['type=none', 'o=bind', 'device=/sys/bus/cpu'].flatMap((option) => ['--opt', option]);
	await docker('volume', 'create', ...options, name);
	return name;
}

test.each([
	['encrypted', () => ['--key-file', keyFile()], []],
	['not encrypted', () => [], ['--no-encrypt', '--level', '0']],
] as const)('%s: there and back, identical', async (_what, makeKey, flags) => {
	const bucket = await s3.create('round');
	const at = ['--repository', `s3://${bucket}/some/prefix`, ...makeKey()];
	const job = newJob();
	const backup = await run<Backup>(['backup', 'volume', odd, '--job', job, ...at, ...network, ...flags]);
	expect(backup).toMatchObject({ repositoryCreated: true, records: [{ status: 'success', warnings: [] }] });
	const record = backup.records[0]!;
	const { id } = record;

	const keys = await s3.keys(bucket);
	expect(keys).toContain('some/prefix/repository.json');
	expect(keys).toContain(`some/prefix/jobs/${job}/${id}.json`);
	expect(keys.filter((key) => !key.startsWith('some/prefix/'))).toEqual([]);
	for (const { path, size } of record.files) {
		expect(await s3.head(bucket, `some/prefix/${path}`)).toMatchObject({ ContentLength: size });
	}
	expect(await s3.uploads(bucket)).toEqual({});

	expect(await run(['list', ...at])).toMatchObject({ entries: [{ id }] });
	for (const level of ['checksum', 'deep']) {
		expect(await run(['verify', id, '--level', level, ...at])).toMatchObject({
			verifications: [{ id, ok: true, level, error: null }],
		});
	}
	const restored = volumeName('restored');
	await run(['restore', 'volume', id, '--to', restored, ...at, ...network]);
	expect(await differences(restored)).toEqual([]);

	// Without Docker, as on the day when its host is gone.
	const target = join(directory(), 'restored');
	await run(['restore', 'directory', id, '--to', target, ...at]);
	// Set-id bits, capabilities and devices stay out of somebody's directory.
	const powers =
		/^(modes\/[2467]\d{3}: mode|special\/.*: missing$|attributes\/\w+: xattrs .*security\.capability)/;
	const others = diffTrees(oddTree, describeTree(join(target, odd))).filter((line) => !powers.test(line));
	expect(others).toEqual([]);
});

test('through a runner too: list and verify', async () => {
	const bucket = await s3.create('runner');
	const at = ['--repository', `s3://${bucket}`, '--key-file', keyFile()];
	const { records } = await run<Backup>(['backup', 'volume', odd, '--job', newJob(), ...at, ...network]);
	const { id } = records[0]!;
	const there = [...at, ...network, '--docker-host', 'unix:///var/run/docker.sock'];
	expect(await run(['list', ...there])).toMatchObject({ entries: [{ id, trust: 'signed' }] });
	expect(await run(['verify', id, '--level', 'deep', ...there])).toMatchObject({
		verifications: [{ id, ok: true }],
	});
});

test('many parts, and a second backup beside the first', async () => {
	const bucket = await s3.create('parts');
	const source = await noise(50 * mib);
	const at = ['--repository', `s3://${bucket}/p`, '--key-file', keyFile()];
	const job = newJob();
	const one = await run<Backup>(['backup', 'volume', source, '--job', job, ...at, ...network]);
	const two = await run<Backup>(['backup', 'volume', source, '--job', job, ...at, ...network]);
	expect([one.repositoryCreated, two.repositoryCreated]).toEqual([true, false]);
	for (const { filePath, sizeBytes } of [...one.records, ...two.records]) {
		const { ETag, ContentLength } = await s3.head(bucket, `p/${filePath}`);
		expect(ContentLength).toBe(sizeBytes);
		// Parts of 8 MiB: the server writes their number behind the hash.
		expect(ETag).toMatch(new RegExp(`-${Math.ceil(sizeBytes / (8 * mib))}"$`));
	}
	expect(await run(['verify', '--job', job, '--level', 'deep', ...at])).toMatchObject({
		verifications: [{ ok: true }, { ok: true }],
	});
});

test('one archive of a run fails: the others are kept, and it leaves only its record', async () => {
	const bucket = await s3.create('second');
	const [first, third] = [await volume('a-first'), await volume('z-third')];
	for (const name of [first, third]) await fill(name, { 'kept.txt': name });
	const bad = await unreadable();
	const at = ['--repository', `s3://${bucket}`, '--key-file', keyFile()];
	const job = newJob();
	const line = ['backup', 'volume', first, bad, third, '--separate', '--job', job, ...at, ...network];
	const { records } = await run<Backup>(line, 7);
	expect(records.map(({ status, error }) => [status, error?.code ?? null])).toEqual([
		['success', null],
		['failed', 'source_unreadable'],
		['success', null],
	]);
	const failed = records[1]!.id;
	expect((await s3.keys(bucket)).filter((key) => key.includes(failed))).toEqual([
		`jobs/${job}/${failed}.json`,
	]);
	expect(await s3.uploads(bucket)).toEqual({});
	expect(await run(['verify', '--job', job, '--level', 'deep', ...at])).toMatchObject({
		verifications: [{ ok: true }, { ok: true }],
	});
});

describe('seen from the network', () => {
	let proxy: FaultProxy;
	beforeAll(async () => (proxy = await startFaultProxy(s3Environment.AWS_ENDPOINT_URL)));
	afterAll(() => proxy.close());

	test('a small backup takes about thirty requests, none of them twice', async () => {
		const bucket = await s3.create('requests');
		const source = await volume('small');
		await fill(source, { a: 'a' });
		const at = ['--repository', `s3://${bucket}/p`, '--key-file', keyFile()];
		const job = newJob();
		const env = { ...s3Environment, AWS_ENDPOINT_URL: proxy.endpoint };
		const line = ['backup', 'volume', source, '--job', job, ...at, ...network];
		await run(line, 0, env);
		proxy.script();
		await run(line, 0, env);
		const count = (what: string) => proxy.requests.filter((request) => request.what === what).length;
		expect(count('PUT part')).toBe(2);
		expect(count('POST uploads')).toBe(2);
		expect(count('POST complete')).toBe(2);
		// docs/S3.md says what a backup costs; a slow machine renews the lease once or twice.
		expect(proxy.requests.length).toBeLessThanOrEqual(36);
	});

	test('cancelled in the middle: no upload, object, runner or scratch volume is left, and the job is free', async () => {
		const bucket = await s3.create('cancel');
		const source = await noise(80 * mib);
		const at = ['--repository', `s3://${bucket}`, '--key-file', keyFile()];
		const job = newJob();
		let parts = 0;
		proxy.script(({ what }) => (what === 'PUT part' && ++parts > 3 ? { type: 'hang' } : undefined));
		const env = { ...s3Environment, AWS_ENDPOINT_URL: proxy.endpoint };
		const line = ['backup', 'volume', source, '--job', job, ...at, ...network, '--json'];
		const running = start(line, env);
		await until('parts in the bucket', async () => {
			const [sizes = []] = Object.values(await s3.uploads(bucket)).filter((found) => found.length >= 3);
			return sizes.length >= 3 && parts > 3;
		});
		const [runner] = await runnersOf(job);
		const scratch = JSON.parse(await docker('inspect', '-f', '{{json .Mounts}}', runner!)) as {
			readonly Name?: string;
			readonly Destination: string;
		}[];
		const scratchVolume = scratch.find(({ Destination }) => Destination === '/scratch')!.Name!;
		running.process.kill('SIGINT');
		const ended = await running.ended;
		expect(ended.code).not.toBe(0);
		expect(`${ended.stdout.toString()}${ended.stderr}`).toMatch(/cancel/);
		expect(await s3.uploads(bucket)).toEqual({});
		expect((await s3.keys(bucket)).filter((key) => key.endsWith('.enc'))).toEqual([]);
		expect(await runnersOf(job)).toEqual([]);
		expect(await docker('volume', 'ls', '-q', '--filter', `name=${scratchVolume}`)).toBe('');

		const again = await run<Backup>(['backup', 'volume', source, '--job', job, ...at, ...network]);
		expect(again.records).toMatchObject([{ status: 'success' }]);
		const { entries } = await run<{ entries: object[] }>(['list', '--job', job, ...at]);
		expect(entries).toMatchObject([
			{ status: 'success' },
			{ status: 'failed', error: { code: 'cancelled' } },
		]);
	});
});

test('a backup into a directory is not measured before', async () => {
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const local = await cli(['backup', 'volume', odd, '--job', newJob(), ...at]);
	expect(local).toMatchObject({ code: 0, stderr: expect.stringMatching(/reading/) as string });
	expect(local.stderr).not.toMatch(/measuring/);
	const bucket = await s3.create('measured');
	const there = ['--repository', `s3://${bucket}`, '--no-encrypt', ...network];
	const measured = await cli(['backup', 'volume', odd, '--job', newJob(), ...there], s3Environment);
	expect(measured.stderr).toMatch(/measuring[^]*reading/);
});

describe('refused before anything is read', () => {
	/** What the command said on its way: a source that is measured or read has a phase of its own. */
	async function phases(line: readonly string[], env: Record<string, string>): Promise<string> {
		const { code, stderr } = await cli(line, env);
		expect(code).not.toBe(0);
		return stderr;
	}

	test.each<[string, () => Promise<[string, string[], Record<string, string>]>, string, number]>([
		['no such bucket', async () => [s3.free('none'), [], {}], 'repository_not_found', 5],
		[
			'an unknown access key',
			async () => [await s3.create('denied'), [], { AWS_ACCESS_KEY_ID: 'nobody' }],
			'storage_denied',
			8,
		],
		[
			'a wrong secret key',
			async () => [await s3.create('denied'), [], { AWS_SECRET_ACCESS_KEY: 'not0the1right2one' }],
			'storage_denied',
			8,
		],
		[
			'object lock of a bucket without it',
			async () => [await s3.create('plain'), ['--object-lock', 'governance:1'], {}],
			'invalid_parameter',
			2,
		],
	])('%s', async (_what, make, code, exitCode) => {
		const [bucket, flags, changes] = await make();
		const env = { ...s3Environment, ...changes };
		const source = await unreadable();
		const job = newJob();
		const at = ['--repository', `s3://${bucket}`, '--key-file', keyFile(), ...network, ...flags];
		const error = await refusal(job, [source], at, exitCode, env);
		expect(error.code).toBe(code);
		expect(`${error.message} ${error.hint}`).not.toContain(env.AWS_SECRET_ACCESS_KEY);
		expect(await phases(['backup', 'volume', source, '--job', job, ...at], env)).not.toMatch(
			/measuring|reading/,
		);
		if (exitCode !== 5) expect(await s3.keys(bucket)).toEqual([]);
	});
});

test('storage class, encryption by the server and object lock arrive', async () => {
	const bucket = await s3.create('traits', { objectLock: true });
	const at = ['--repository', `s3://${bucket}`, '--key-file', keyFile()];
	const job = newJob();
	const traits = [
		'--storage-class',
		'STANDARD_IA',
		'--sse',
		'aws:kms:testkey-1',
		'--object-lock',
		'governance:2',
	];
	const before = Date.now();
	const { records } = await run<Backup>([
		'backup',
		'volume',
		odd,
		'--job',
		job,
		...at,
		...network,
		...traits,
	]);
	const after = Date.now();
	const [{ id, filePath, files }] = records as [Backup['records'][number]];
	const indexPath = files.find(({ path }) => path !== filePath)!.path;
	const days = (count: number) => count * 24 * 60 * 60 * 1000;
	for (const [key, storageClass] of [
		[filePath, 'STANDARD_IA'],
		[indexPath, undefined],
		[`jobs/${job}/${id}.json`, undefined],
	] as const) {
		const head = await s3.head(bucket, key);
		expect([key, head.StorageClass]).toEqual([key, storageClass]);
		expect(head).toMatchObject({
			ServerSideEncryption: 'aws:kms',
			SSEKMSKeyId: 'testkey-1',
			ObjectLockMode: 'GOVERNANCE',
		});
		const until = head.ObjectLockRetainUntilDate!.getTime();
		expect(until).toBeGreaterThan(before + days(2) - 60_000);
		expect(until).toBeLessThan(after + days(2) + 60_000);
	}
	const restored = volumeName('restored');
	await run(['restore', 'volume', id, '--to', restored, ...at, ...network]);
	expect(await differences(restored)).toEqual([]);
	// Leases and markers come and go: nothing keeps them.
	expect((await s3.keys(bucket)).filter((key) => key.endsWith('.run.json'))).toEqual([]);
});
