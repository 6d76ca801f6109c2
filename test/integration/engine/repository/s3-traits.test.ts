/** What objects are created with, and what a bucket with versioning keeps: on a real S3 server. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	DeleteObjectCommand,
	GetObjectRetentionCommand,
	HeadObjectCommand,
	PutBucketVersioningCommand,
	PutObjectCommand,
} from '@aws-sdk/client-s3';
import { bytesOf, collect, keysOf, write } from '../../../conformance/storage';
import { client, locationAt, openUploads, storageAt, testBuckets } from './s3-lab';

const makeBucket = testBuckets();
const id = 'jobs/a/a-20260131T030000Z-0a1b';
const archiveKey = `${id}.tar.zst.enc`;
const head = async (Bucket: string, Key: string) => await client.send(new HeadObjectCommand({ Bucket, Key }));

describe('the headers of an object', () => {
	it('are the storage class for archives alone', async () => {
		const bucket = await makeBucket();
		const storage = storageAt(locationAt(bucket, { storageClass: 'STANDARD_IA', prefix: 'p' }));
		await write(storage, archiveKey, Buffer.from('archive'));
		await write(storage, `${id}.index.zst.enc`, Buffer.from('index'));
		await storage.put(`${id}.json`, Buffer.from('record'));
		expect((await head(bucket, `p/${archiveKey}`)).StorageClass).toBe('STANDARD_IA');
		expect((await head(bucket, `p/${id}.index.zst.enc`)).StorageClass ?? 'STANDARD').toBe('STANDARD');
		expect((await head(bucket, `p/${id}.json`)).StorageClass ?? 'STANDARD').toBe('STANDARD');
	});

	it('are the encryption for all', async () => {
		const bucket = await makeBucket();
		const serverSideEncryption = { algorithm: 'aws:kms', keyId: 'testkey-1' } as const;
		const storage = storageAt(locationAt(bucket, { serverSideEncryption }));
		const body = bytesOf((8 << 20) + 1);
		await write(storage, archiveKey, body);
		await storage.put(`${id}.json`, Buffer.from('record'));
		for (const key of [archiveKey, `${id}.json`]) {
			expect(await head(bucket, key)).toMatchObject({
				ServerSideEncryption: 'aws:kms',
				SSEKMSKeyId: 'testkey-1',
			});
		}
		expect((await collect(storage.get(archiveKey))).equals(body)).toBe(true);
	});

	it('keep what belongs to a backup for so many days, and nothing else', async () => {
		const bucket = await makeBucket({ ObjectLockEnabledForBucket: true });
		const storage = storageAt(locationAt(bucket, { objectLock: { mode: 'GOVERNANCE', days: 3 } }));
		await write(storage, archiveKey, bytesOf((8 << 20) + 1));
		await storage.put(`${id}.json`, Buffer.from('record'));
		await storage.put(`${id}.run.json`, Buffer.from('marker'));
		for (const Key of [archiveKey, `${id}.json`]) {
			const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: bucket, Key }));
			expect(Retention?.Mode).toBe('GOVERNANCE');
			const days = ((Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now()) / 86_400_000;
			expect(days).toBeGreaterThan(2.99);
			expect(days).toBeLessThan(3.01);
			const { VersionId } = await head(bucket, Key);
			await expect(
				client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId })),
			).rejects.toMatchObject({ name: 'AccessDenied' });
		}
		await expect(
			client.send(new GetObjectRetentionCommand({ Bucket: bucket, Key: `${id}.run.json` })),
		).rejects.toThrow();
	});
});

describe('a view of versions', () => {
	it('shows every key as it was first, behind markers and overwrites', async () => {
		const bucket = await makeBucket();
		await client.send(
			new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
		);
		const storage = storageAt(locationAt(bucket, { prefix: 'p' }));
		for (const key of ['a/deleted', 'a/kept', 'a/overwritten', 'b']) {
			await storage.put(key, Buffer.from(`first ${key}`));
		}
		await storage.delete('a/deleted');
		for (const [key, text] of [
			['a/overwritten', 'forged'],
			['a/deleted', 'put again'],
		]) {
			await client.send(new PutObjectCommand({ Bucket: bucket, Key: `p/${key}`, Body: text }));
		}
		await storage.delete('a/deleted');

		const view = storageAt(locationAt(bucket, { prefix: 'p', versions: true }));
		expect(await keysOf(view, '')).toEqual(['a/deleted', 'a/kept', 'a/overwritten', 'b']);
		expect(await keysOf(view, 'a/')).toHaveLength(3);
		const fresh = storageAt(locationAt(bucket, { prefix: 'p', versions: true }));
		for (const each of [view, fresh]) {
			expect((await each.read('a/deleted', 99)).toString()).toBe('first a/deleted');
			expect((await each.read('a/overwritten', 99)).toString()).toBe('first a/overwritten');
			expect(await each.size('a/deleted')).toBe('first a/deleted'.length);
			expect((await collect(each.get('a/kept', { offset: 6, length: 3 }))).toString()).toBe('a/k');
			await expect(each.read('a', 9)).rejects.toMatchObject({ code: 'object_not_found' });
		}
		const link = await fresh.link?.('a/overwritten', { expiresInSeconds: 60, fileName: 'x' });
		expect(await (await fetch(link ?? '')).text()).toBe('first a/overwritten');
		const refused = { code: 'repository_unwritable' };
		await expect(view.put('k', Buffer.from('x'))).rejects.toMatchObject(refused);
		await expect(view.create('k')).rejects.toMatchObject(refused);
		await expect(view.delete('b')).rejects.toMatchObject(refused);
	});
});

describe('a link', () => {
	it('gives the object under a name of any kind, until it expires', async () => {
		const bucket = await makeBucket();
		const storage = storageAt(locationAt(bucket));
		await storage.put('k', Buffer.from('linked'));
		const fileName = 'back"up; ü\r\n.tar';
		const url = await storage.link?.('k', { expiresInSeconds: 60, fileName });
		const answer = await fetch(url ?? '');
		expect(await answer.text()).toBe('linked');
		expect(answer.headers.get('content-disposition')).toBe(
			`attachment; filename="back_up_ ___.tar"; filename*=UTF-8''back%22up%3B%20%C3%BC%0D%0A.tar`,
		);
		expect(new URL(url ?? '').searchParams.get('X-Amz-Expires')).toBe('60');
	});
});

describe('an object of many parts', () => {
	test.each([0, 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 40 << 20])(
		'of %d bytes is whole',
		async (length) => {
			const bucket = await makeBucket();
			const storage = storageAt(locationAt(bucket));
			const body = bytesOf(length);
			const writer = await storage.create('k', undefined, length);
			for (let at = 0; at < length; at += 777_777) {
				await writer.write(Buffer.from(body.subarray(at, at + 777_777)));
			}
			await writer.seal();
			await writer.publish();
			expect((await collect(storage.get('k'))).equals(body)).toBe(true);
			expect(await openUploads(bucket)).toEqual([]);
		},
	);

	it('goes through a scratch folder where parts are too large for memory', async () => {
		const bucket = await makeBucket();
		const scratch = mkdtempSync(join(tmpdir(), 'scratch-'));
		const storage = storageAt(locationAt(bucket), { scratch });
		const body = bytesOf(100 << 20);
		// As if 70 GiB were expected: parts of 80 MiB.
		const writer = await storage.create('k', undefined, 70 * 2 ** 30);
		for (let at = 0; at < body.length; at += 1 << 20) {
			await writer.write(Buffer.from(body.subarray(at, at + (1 << 20))));
		}
		await writer.seal();
		await writer.publish();
		expect((await collect(storage.get('k'))).equals(body)).toBe(true);
		expect(readdirSync(scratch)).toEqual([]);
		rmSync(scratch, { recursive: true });
	});
});
