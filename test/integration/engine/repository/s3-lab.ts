/** Buckets of the tests' S3 server (scripts/lab/s3), and what a test does there apart from the storage. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
	CreateBucketCommand,
	DeleteBucketCommand,
	DeleteObjectCommand,
	ListMultipartUploadsCommand,
	ListObjectVersionsCommand,
	S3Client,
	type CreateBucketCommandInput,
} from '@aws-sdk/client-s3';
import { systemClock } from '../../../../protocol/clock';
import type { S3Location } from '../../../../protocol/location';
import { systemRandom } from '../../../../protocol/random';
import { createS3Storage, type S3StorageOptions } from '../../../../engine/repository/s3/storage';
import type { Storage } from '../../../../engine/repository/storage';

export const endpoint = setting('S3_ENDPOINT');
export const keys = {
	accessKeyId: setting('S3_ACCESS_KEY_ID'),
	secretAccessKey: setting('S3_SECRET_ACCESS_KEY'),
};

export function clientAt(url = endpoint, credentials = keys): S3Client {
	return new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials });
}

export const client = clientAt();

export function locationAt(bucket: string, changes: Partial<S3Location> = {}): S3Location {
	return {
		type: 's3',
		endpoint,
		region: 'us-east-1',
		bucket,
		prefix: '',
		pathStyle: true,
		ca: null,
		...keys,
		sessionToken: null,
		storageClass: null,
		serverSideEncryption: null,
		objectLock: null,
		versions: false,
		...changes,
	};
}

export function storageAt(location: S3Location, options: Partial<S3StorageOptions> = {}): Storage {
	return createS3Storage(location, { clock: systemClock, random: systemRandom, scratch: null, ...options });
}

export const uniqueName = (what: string) => `${what}-${randomBytes(5).toString('hex')}`;

/** New buckets, emptied and removed after the file's tests. */
export function testBuckets(): (
	options?: Partial<CreateBucketCommandInput>,
	on?: S3Client,
) => Promise<string> {
	const made: { Bucket: string; on: S3Client }[] = [];
	afterAll(async () => {
		for (const { Bucket, on } of made) await removeBucket(on, Bucket);
	});
	return async (options = {}, on = client) => {
		const Bucket = uniqueName('test');
		await on.send(new CreateBucketCommand({ Bucket, ...options }));
		made.push({ Bucket, on });
		return Bucket;
	};
}

async function removeBucket(on: S3Client, Bucket: string): Promise<void> {
	for (;;) {
		const page = await on.send(new ListObjectVersionsCommand({ Bucket }));
		const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
		await Promise.all(
			all.map(({ Key, VersionId }) =>
				on.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true })),
			),
		);
		if (!page.IsTruncated) break;
	}
	await on.send(new DeleteBucketCommand({ Bucket }));
}

/** The keys of a bucket's unfinished uploads. */
export async function openUploads(bucket: string, on = client): Promise<string[]> {
	const { Uploads = [] } = await on.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
	return Uploads.map(({ Key }) => Key ?? '');
}

/** The control of an S3 server: see scripts/lab/s3-server. */
export function control(server: string, ...verb: string[]): string {
	return execFileSync(setting('S3_CONTROL'), [server, ...verb], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'inherit'],
	}).trim();
}

function setting(name: string): string {
	const value = process.env[name];
	if (value === undefined)
		throw new Error(`${name} is not set: run by scripts/jest, which sets up the server`);
	return value;
}
