/**
 * Backups with a key that may only add, into a bucket with versioning: docs/S3.md, "Append-only keys". And what
 * a thief of that key, or of one that may delete, can't take away.
 */
import {
	DeleteObjectCommand,
	GetObjectCommand,
	HeadObjectCommand,
	ListMultipartUploadsCommand,
	ListObjectVersionsCommand,
	PutBucketVersioningCommand,
	PutObjectCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { createOddTree, describeTree, diffTrees, type TreeFacts } from '../../trees/odd-tree';
import { docker, fill, json, lab, mountpoint, runnersOf, start, until, type Failure } from '../cli/lab';
import { buckets, s3Environment } from './buckets';
import { users, type Grant, type S3User } from './users';

interface Backup {
	readonly records: readonly {
		readonly id: string;
		readonly status: string;
		readonly seq: number;
		readonly warnings: readonly object[];
		readonly filePath: string;
		readonly files: readonly { readonly path: string }[];
	}[];
	readonly repositoryCreated: boolean;
}
interface List {
	readonly entries: readonly {
		readonly id: string;
		readonly status: string;
		readonly trust?: string;
		readonly error?: Failure['error'] | null;
	}[];
}

/** As docs/S3.md has them. */
const mayAdd: readonly Grant[] = [
	{ actions: ['ListBucket', 'ListBucketMultipartUploads'] },
	{ actions: ['GetObject', 'PutObject', 'AbortMultipartUpload'], objects: 'some/prefix/*' },
];
const mayLock: readonly Grant[] = [
	...mayAdd,
	{ actions: ['GetBucketObjectLockConfiguration'] },
	{ actions: ['PutObjectRetention'], objects: 'some/prefix/*' },
];
const mayLookBehind: readonly Grant[] = [
	{ actions: ['ListBucket', 'ListBucketVersions'] },
	{ actions: ['GetObject', 'GetObjectVersion'], objects: 'some/prefix/*' },
];
/** To see in a test what each object is kept by. */
const maySeeRetention: Grant = { actions: ['GetObjectRetention'], objects: 'some/prefix/*' };

const s3 = buckets();
const s3Users = users();
const { job: newJob, keyFile, volume, volumeName } = lab();
const network = ['--runner-network', 'host'];
let odd: string;
let oddTree: ReadonlyMap<string, TreeFacts>;

beforeAll(async () => {
	odd = await volume('odd');
	createOddTree(await mountpoint(odd));
	oddTree = describeTree(await mountpoint(odd));
});

const run = <T = unknown>(user: S3User | null, line: readonly string[], code = 0) =>
	json<T>(line, code, user?.env ?? s3Environment);

/** A bucket with versioning and a key of its own for it. */
async function setUp(
	what: string,
	grants: readonly Grant[],
	options: { readonly objectLock?: boolean } = {},
): Promise<{ bucket: string; user: S3User; reader: S3User; at: string[] }> {
	const bucket = await s3.create(what, options);
	if (!options.objectLock) {
		const VersioningConfiguration = { Status: 'Enabled' } as const;
		await s3.client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
	}
	const [user, reader] = [await s3Users.create(), await s3Users.create()];
	await s3Users.allow(s3.client, bucket, [
		[user, grants],
		[reader, [...mayLookBehind, maySeeRetention]],
	]);
	return {
		bucket,
		user,
		reader,
		at: ['--repository', `s3://${bucket}/some/prefix`, '--key-file', keyFile()],
	};
}

async function expectIdentical(user: S3User | null, id: string, at: readonly string[]): Promise<void> {
	const restored = volumeName('restored');
	await run(user, ['restore', 'volume', id, '--to', restored, ...at, ...network]);
	expect(diffTrees(oddTree, describeTree(await mountpoint(restored)))).toEqual([]);
}

/** Unfinished ones; their parts are their user's business. */
async function uploads(Bucket: string): Promise<number> {
	const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket }));
	return Uploads.length;
}

/** A volume that tar can't read whole, whoever it runs as. */
async function unreadable(): Promise<string> {
	const name = volumeName('unreadable');
	const options = ['type=none', 'o=bind', 'device=/sys/bus/cpu'].flatMap((option) => ['--opt', option]);
	await docker('volume', 'create', ...options, name);
	return name;
}

test('a key that may only add: the whole way of a backup, after success, failure and death', async () => {
	const { bucket, user, at } = await setUp('append', mayAdd);
	const job = newJob();
	const line = (source: string, ...flags: string[]) => [
		...['backup', 'volume', source, '--job', job, ...at, ...network, ...flags],
	];
	const deletion = new DeleteObjectCommand({ Bucket: bucket, Key: 'some/prefix/repository.json' });

	// `json` also says that nothing was printed on standard error: no warning.
	const first = await run<Backup>(user, line(odd));
	expect(first).toMatchObject({ repositoryCreated: true, records: [{ status: 'success', warnings: [] }] });
	await expect(user.client.send(deletion)).rejects.toMatchObject({ name: 'AccessDenied' });
	const second = await run<Backup>(user, line(odd));
	expect(second).toMatchObject({ repositoryCreated: false, records: [{ status: 'success', warnings: [] }] });
	await run<Backup>(user, line(await unreadable()), 7);

	const noise = await volume('noise');
	await fill(noise, { noise: randomBytes(150 << 20) });
	const dying = start([...line(noise, '--level', '19'), '--json'], user.env);
	await until('an upload in the bucket', async () => (await uploads(bucket)) > 0);
	const [runner] = await runnersOf(job, 'running');
	await docker('kill', '--signal', 'KILL', runner!);
	expect((await dying.ended).code).toBe(7);
	expect(await uploads(bucket)).toBeGreaterThan(0);

	const third = await run<Backup>(user, line(odd));
	expect(third.records).toMatchObject([{ status: 'success', warnings: [] }]);
	expect(await uploads(bucket)).toBe(0);
	const [one, two, three] = [first, second, third].map(({ records }) => records[0]!.id);
	const { entries } = await run<List>(user, ['list', ...at]);
	expect(entries).toMatchObject([
		{ id: three, status: 'success', trust: 'signed' },
		{ status: 'failed', trust: 'signed', error: { code: 'run_interrupted' } },
		{ status: 'failed', trust: 'signed', error: { code: 'source_unreadable' } },
		{ id: two, status: 'success', trust: 'signed' },
		{ id: one, status: 'success', trust: 'signed' },
	]);
	expect(third.records[0]!.seq).toBe(5);
	const keys = await s3.keys(bucket);
	const ending = (suffix: string) =>
		keys.filter((key) => key.endsWith(suffix)).map((key) => key.slice(0, -suffix.length));
	expect(ending('.closed.json')).toEqual(ending('.run.json'));
	expect(ending('.run.json')).toHaveLength(5);
	expect(await run(user, ['verify', '--job', job, '--level', 'deep', ...at])).toMatchObject({
		verifications: [{ ok: true }, { ok: true }, { ok: true }],
	});
	await expectIdentical(user, one!, at);
});

describe('a thief', () => {
	let place: Awaited<ReturnType<typeof setUp>>;
	let ids: string[];
	let paths: string[];
	let behind: string[];
	const forged = Buffer.from('forged\n');
	beforeAll(async () => {
		place = await setUp('thief', mayAdd);
		const { user, at } = place;
		const job = newJob();
		const backups: Backup[] = [];
		for (let n = 0; n < 2; n += 1) {
			backups.push(await run<Backup>(user, ['backup', 'volume', odd, '--job', job, ...at, ...network]));
		}
		ids = backups.map(({ records }) => records[0]!.id).reverse();
		paths = backups[0]!.records[0]!.files.map(({ path }) => `some/prefix/${path}`);
		paths.push(`some/prefix/jobs/${job}/${ids[1]}.json`);
		behind = [...at, '--versions'];
	});

	const expectAll = async () => {
		const { reader } = place;
		const { entries } = await run<List>(reader, ['list', ...behind]);
		expect(entries).toMatchObject(ids.map((id) => ({ id, status: 'success', trust: 'signed' })));
		for (const id of ids) {
			expect(await run(reader, ['show', id, ...behind])).toMatchObject({ id, status: 'success' });
			expect(await run(reader, ['verify', id, '--level', 'deep', ...behind])).toMatchObject({
				verifications: [{ id, ok: true }],
			});
			await expectIdentical(reader, id, behind);
		}
	};

	test('before one comes, the view shows the same', async () => {
		const { entries } = await run<List>(place.user, ['list', ...place.at]);
		expect(entries).toMatchObject(ids.map((id) => ({ id, trust: 'signed' })));
		await expectAll();
	});

	test('with the key that may add overwrites a record, an archive, and the repository’s document', async () => {
		const { bucket, user, at } = place;
		for (const Key of [...paths, 'some/prefix/repository.json']) {
			await user.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: forged }));
			const { Body } = await user.client.send(new GetObjectCommand({ Bucket: bucket, Key }));
			expect(await Body!.transformToString()).toBe(forged.toString());
		}
		await run(user, ['verify', ids[1]!, ...at], 3);
		await expectAll();
	});

	test('who may delete removes everything', async () => {
		const { bucket, user, at } = place;
		for (const Key of await s3.keys(bucket))
			await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
		expect(await s3.keys(bucket)).toEqual([]);
		await run(user, ['list', ...at], 5);
		await expectAll();
	});

	test('whoever looks behind can’t write there', async () => {
		const line = ['backup', 'volume', odd, '--job', newJob(), ...behind, ...network];
		expect(await run<Failure>(null, line, 2)).toMatchObject({ error: { code: 'usage' } });
	});
});

test('behind deletions by a key that may delete: no run shows as going on, and the archive restores', async () => {
	const { bucket, reader, at } = await setUp('full', mayAdd);
	await s3Users.allow(s3.client, bucket, [[reader, mayLookBehind]]);
	const { records } = await run<Backup>(null, [
		'backup',
		'volume',
		odd,
		'--job',
		newJob(),
		...at,
		...network,
	]);
	const { id } = records[0]!;
	for (const Key of await s3.keys(bucket))
		await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
	const behind = [...at, '--versions'];
	for (const user of [reader, null]) {
		const { entries } = await run<List>(user, ['list', ...behind]);
		expect(entries).toMatchObject([{ id, status: 'success', trust: 'signed' }]);
		expect(await run(user, ['show', id, ...behind])).toMatchObject({ id, status: 'success' });
	}
	await expectIdentical(null, id, behind);
});

test('with object lock, what a backup is stays for its time; what a run needs does not', async () => {
	const { bucket, user, reader, at } = await setUp('lock', mayLock, { objectLock: true });
	const job = newJob();
	const line = ['backup', 'volume', odd, '--job', job, ...at, ...network, '--object-lock', 'governance:1'];
	const first = await run<Backup>(user, line);
	const second = await run<Backup>(user, line);
	expect([first, second]).toMatchObject(Array(2).fill({ records: [{ status: 'success', warnings: [] }] }));

	const { Versions = [] } = await s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
	const kept: string[] = [];
	for (const { Key, VersionId } of Versions) {
		const head = await reader.client.send(new HeadObjectCommand({ Bucket: bucket, Key, VersionId }));
		if (head.ObjectLockMode === undefined) continue;
		expect(head.ObjectLockMode).toBe('GOVERNANCE');
		kept.push(Key!.slice('some/prefix/'.length));
		await expect(
			s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId })),
		).rejects.toMatchObject({ name: 'AccessDenied' });
	}
	const records = [first, second].map(({ records: [record] }) => record!);
	const expected = records.flatMap(({ id, files }) => [
		`jobs/${job}/${id}.json`,
		...files.map(({ path }) => path),
	]);
	expect(kept.sort()).toEqual([...expected, 'repository.json'].sort());
	expect(Versions.some(({ Key }) => Key!.includes('/locks/'))).toBe(true);
	expect(Versions.some(({ Key }) => Key!.endsWith('.run.json'))).toBe(true);
	await expectIdentical(user, records[0]!.id, at);
});
