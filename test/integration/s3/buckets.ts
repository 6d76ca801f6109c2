/**
 * Buckets of one test file on the shared S3 server, looked at with the plain SDK, and emptied and removed in the
 * end (also what object lock in governance mode keeps).
 */
import { randomBytes } from 'node:crypto';
import {
	AbortMultipartUploadCommand,
	CreateBucketCommand,
	DeleteBucketCommand,
	DeleteObjectCommand,
	HeadObjectCommand,
	ListMultipartUploadsCommand,
	ListObjectsV2Command,
	ListObjectVersionsCommand,
	ListPartsCommand,
	S3Client,
} from '@aws-sdk/client-s3';
import type { S3Location } from '../../../protocol/location';

function variable(name: string): string {
	const value = process.env[name];
	if (!value) throw new Error(`${name} is not set: run the tests by scripts/jest`);
	return value;
}

export const endpoint = variable('S3_ENDPOINT');

/** Of the command under test. */
export const s3Environment = {
	AWS_ACCESS_KEY_ID: variable('S3_ACCESS_KEY_ID'),
	AWS_SECRET_ACCESS_KEY: variable('S3_SECRET_ACCESS_KEY'),
	AWS_ENDPOINT_URL: endpoint,
	AWS_REGION: 'us-east-1',
};

/** As the engine is told it, with the keys that may do everything. */
export function locationIn(bucket: string, prefix: string, changes: Partial<S3Location> = {}): S3Location {
	return {
		type: 's3',
		endpoint,
		region: 'us-east-1',
		bucket,
		prefix,
		pathStyle: true,
		ca: null,
		accessKeyId: s3Environment.AWS_ACCESS_KEY_ID,
		secretAccessKey: s3Environment.AWS_SECRET_ACCESS_KEY,
		sessionToken: null,
		storageClass: null,
		serverSideEncryption: null,
		objectLock: null,
		versions: false,
		...changes,
	};
}

/** Call it at the top of a test file. */
export function buckets() {
	const client = new S3Client({
		endpoint,
		region: 'us-east-1',
		forcePathStyle: true,
		credentials: {
			accessKeyId: s3Environment.AWS_ACCESS_KEY_ID,
			secretAccessKey: s3Environment.AWS_SECRET_ACCESS_KEY,
		},
	});
	const made: string[] = [];
	afterAll(async () => {
		for (const bucket of made) await remove(client, bucket);
		client.destroy();
	});
	return {
		client,
		/** A name that no bucket has. */
		free: (what: string): string => `dbk-${what}-${randomBytes(5).toString('hex')}`,
		async create(what: string, { objectLock = false } = {}): Promise<string> {
			const Bucket = `dbk-${what}-${randomBytes(5).toString('hex')}`;
			await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: objectLock }));
			made.push(Bucket);
			return Bucket;
		},
		async keys(Bucket: string): Promise<string[]> {
			const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
			return Contents.map(({ Key = '' }) => Key);
		},
		/** Unfinished multipart uploads, by key, with the sizes of the parts that are there. */
		async uploads(Bucket: string): Promise<Record<string, number[]>> {
			const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
			const found: Record<string, number[]> = {};
			for (const { Key = '', UploadId } of Uploads) {
				const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
				found[Key] = Parts.map(({ Size = 0 }) => Size);
			}
			return found;
		},
		head: (Bucket: string, Key: string) => client.send(new HeadObjectCommand({ Bucket, Key })),
	};
}

async function remove(client: S3Client, Bucket: string): Promise<void> {
	const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
	for (const { Key, UploadId } of Uploads)
		await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
	for (;;) {
		const {
			Versions = [],
			DeleteMarkers = [],
			IsTruncated,
		} = await client.send(new ListObjectVersionsCommand({ Bucket }));
		for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
			await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }));
		}
		if (!IsTruncated) break;
	}
	await client.send(new DeleteBucketCommand({ Bucket }));
}
