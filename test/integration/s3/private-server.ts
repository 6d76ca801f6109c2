/** An S3 server of one test file's own, which it may kill, hang and fill; removed in the end. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
	CreateBucketCommand,
	ListMultipartUploadsCommand,
	ListPartsCommand,
	S3Client,
} from '@aws-sdk/client-s3';
import type { S3Location } from '../../../protocol/location';
import { locationIn } from './buckets';

const run = promisify(execFile);

export interface PrivateServer {
	readonly client: S3Client;
	locationIn(bucket: string, changes?: Partial<S3Location>): S3Location;
	createBucket(): Promise<string>;
	/** Unfinished multipart uploads of a bucket, by key, with the number of parts that are there. */
	uploads(bucket: string): Promise<Record<string, number>>;
	/** SIGKILL of the front, and its start. */
	kill(): Promise<void>;
	start(): Promise<void>;
	/** SIGSTOP or SIGCONT. */
	signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
	/** Runs the server's own administration. */
	admin(...line: string[]): Promise<string>;
	remove(): Promise<void>;
}

export async function startPrivateServer(): Promise<PrivateServer> {
	const control = process.env['S3_CONTROL'];
	if (!control) throw new Error('S3_CONTROL is not set: run the tests by scripts/jest');
	const name = `faults-${randomBytes(4).toString('hex')}`;
	const verb = async (...line: string[]) => (await run(control, [name, ...line])).stdout.trim();
	const endpoint = await verb('start');
	const pidFile = join(await verb('pids'), 'client.rgw.pid');
	const { accessKeyId, secretAccessKey } = locationIn('none', '');
	const client = new S3Client({
		endpoint,
		region: 'us-east-1',
		forcePathStyle: true,
		credentials: { accessKeyId, secretAccessKey },
	});
	return {
		client,
		locationIn: (bucket, changes) => locationIn(bucket, 'p', { endpoint, ...changes }),
		async createBucket() {
			const Bucket = `faults-${randomBytes(5).toString('hex')}`;
			await client.send(new CreateBucketCommand({ Bucket }));
			return Bucket;
		},
		async uploads(Bucket) {
			const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
			const found: Record<string, number> = {};
			for (const { Key = '', UploadId } of Uploads) {
				const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
				found[Key] = Parts.length;
			}
			return found;
		},
		kill: async () => void (await verb('kill-rgw')),
		start: async () => void (await verb('start-rgw')),
		signal: (signal) => process.kill(Number(readFileSync(pidFile, 'utf8')), signal),
		admin: (...line) => verb('admin', ...line),
		async remove() {
			client.destroy();
			await verb('remove');
		},
	};
}
