/** What a real S3 server refuses, in the words of the contract: each before any byte of a source would be read. */
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { openS3Storage } from '../../../../engine/repository/s3/open';
import { systemClock } from '../../../../protocol/clock';
import type { S3Location } from '../../../../protocol/location';
import { systemRandom } from '../../../../protocol/random';
import { bytesOf, collect, write } from '../../../conformance/storage';
import { client, control, locationAt, openUploads, storageAt, testBuckets, uniqueName } from './s3-lab';

const makeBucket = testBuckets();
const open = (location: S3Location, clock = systemClock) =>
	openS3Storage(location, {
		scratch: null,
		clock,
		random: systemRandom,
		signal: new AbortController().signal,
	});
const archiveKey = 'jobs/a/a-20260131T030000Z-0a1b.tar.zst';
const recordKey = 'jobs/a/a-20260131T030000Z-0a1b.json';

/** A user of the shared server of their own, gone after the tests. */
function makeUser(): { uid: string; keys: { accessKeyId: string; secretAccessKey: string } } {
	const uid = uniqueName('user');
	const keys = { accessKeyId: uid, secretAccessKey: `${uid}-secret` };
	control(
		'shared',
		'admin',
		'user',
		'create',
		`--uid=${uid}`,
		`--display-name=${uid}`,
		`--access-key=${keys.accessKeyId}`,
		`--secret-key=${keys.secretAccessKey}`,
	);
	users.push(uid);
	return { uid, keys };
}
const users: string[] = [];
afterAll(() => {
	for (const uid of users) control('shared', 'admin', 'user', 'rm', `--uid=${uid}`, '--purge-data');
});

/** Lets a user do only these actions in a bucket. */
async function allow(bucket: string, uid: string, actions: readonly string[]): Promise<void> {
	const Policy = JSON.stringify({
		Version: '2012-10-17',
		Statement: [
			{
				Effect: 'Allow',
				Principal: { AWS: [`arn:aws:iam:::user/${uid}`] },
				Action: actions,
				Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
			},
		],
	});
	await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

describe('opening', () => {
	it('asks for a bucket that is there', async () => {
		await expect(open(locationAt(uniqueName('none')))).rejects.toMatchObject({
			code: 'repository_not_found',
			message: expect.stringContaining('no such bucket'),
			hint: expect.stringContaining('Create the bucket'),
		});
	});

	it('asks for keys that the server knows', async () => {
		const bucket = await makeBucket();
		await expect(open(locationAt(bucket, { accessKeyId: 'stranger' }))).rejects.toMatchObject({
			code: 'storage_denied',
			message: expect.stringContaining('does not know this access key'),
		});
		const wrong = await open(locationAt(bucket, { secretAccessKey: 'not-the-secret' })).catch(
			(error: unknown) => error,
		);
		expect(wrong).toMatchObject({
			code: 'storage_denied',
			message: expect.stringContaining('secret key is wrong'),
		});
		expect(JSON.stringify(wrong)).not.toContain('not-the-secret');
	});

	it('asks for keys that may list the bucket', async () => {
		const bucket = await makeBucket();
		await expect(open(locationAt(bucket, makeUser().keys))).rejects.toMatchObject({
			code: 'storage_denied',
			message: expect.stringContaining('access denied'),
		});
	});

	it('says both times when the clocks differ too much', async () => {
		const bucket = await makeBucket();
		const hourMs = 3_600_000;
		const late = { ...systemClock, now: () => systemClock.now() - hourMs };
		const real = Date.now.bind(Date);
		// What the requests are signed with.
		const spy = jest.spyOn(Date, 'now').mockImplementation(() => real() - hourMs);
		try {
			await expect(open(locationAt(bucket), late)).rejects.toMatchObject({
				code: 'storage_denied',
				message: expect.stringContaining('clocks differ'),
				hint: expect.stringMatching(/it says \d{4}-\d\d-\d\dT.*, the server \d{4}-\d\d-\d\dT/),
			});
		} finally {
			spy.mockRestore();
		}
	});

	it('asks for object lock where it is asked for', async () => {
		const objectLock = { mode: 'GOVERNANCE', days: 1 } as const;
		await expect(open(locationAt(await makeBucket(), { objectLock }))).rejects.toMatchObject({
			code: 'invalid_parameter',
			hint: expect.stringContaining('when a bucket is created'),
		});
		const locked = await makeBucket({ ObjectLockEnabledForBucket: true });
		await expect(open(locationAt(locked, { objectLock }))).resolves.toBeDefined();
	});
});

describe('keys that may only read', () => {
	it('read, and change nothing', async () => {
		const bucket = await makeBucket();
		const { uid, keys } = makeUser();
		await storageAt(locationAt(bucket)).put(recordKey, Buffer.from('there'));
		await allow(bucket, uid, ['s3:GetObject', 's3:ListBucket']);
		const storage = await open(locationAt(bucket, keys));
		expect((await storage.read(recordKey, 9)).toString()).toBe('there');
		const refused = { code: 'repository_unwritable', hint: expect.stringContaining('permission') };
		await expect(storage.put('k', Buffer.from('x'))).rejects.toMatchObject(refused);
		await expect(storage.create(archiveKey)).rejects.toMatchObject(refused);
		await expect(storage.delete(recordKey)).rejects.toMatchObject(refused);
		expect((await storage.read(recordKey, 9)).toString()).toBe('there');
		expect(await openUploads(bucket)).toEqual([]);
	});
});

describe('keys that may only add', () => {
	it('write, publish and abort, and delete nothing', async () => {
		const bucket = await makeBucket();
		const { uid, keys } = makeUser();
		await allow(bucket, uid, ['s3:GetObject', 's3:ListBucket', 's3:PutObject', 's3:AbortMultipartUpload']);
		const storage = await open(locationAt(bucket, keys));
		const body = bytesOf(9 << 20);
		await write(storage, archiveKey, body);
		expect((await collect(storage.get(archiveKey))).equals(body)).toBe(true);
		expect(await storage.put(recordKey, Buffer.from('record'))).toBe('created');
		expect(await storage.put(recordKey, Buffer.from('forged'))).toBe('exists');
		const dropped = await storage.create('dropped');
		await dropped.write(Buffer.from('x'));
		await dropped.abort();
		expect(await openUploads(bucket)).toEqual([]);
		await expect(storage.delete(recordKey)).rejects.toMatchObject({ code: 'repository_unwritable' });
	});
});

describe('a quota', () => {
	it('ends the writing, and nothing stays behind', async () => {
		const bucket = await makeBucket();
		control(
			'shared',
			'admin',
			'quota',
			'set',
			'--quota-scope=bucket',
			`--bucket=${bucket}`,
			'--max-size=20M',
		);
		control('shared', 'admin', 'quota', 'enable', '--quota-scope=bucket', `--bucket=${bucket}`);
		const storage = await open(locationAt(bucket));
		const writer = await storage.create(archiveKey);
		const full = { code: 'repository_full', hint: expect.stringContaining('prune') };
		await expect(
			(async () => {
				for (let n = 0; n < 64; n += 1) await writer.write(bytesOf(1 << 20, n));
				await writer.seal();
			})(),
		).rejects.toMatchObject(full);
		await writer.abort();
		expect(await openUploads(bucket)).toEqual([]);
		await expect(storage.size(archiveKey)).rejects.toMatchObject({ code: 'object_not_found' });
		await expect(storage.put('big', Buffer.alloc(32 << 20))).rejects.toMatchObject(full);
	});
});
