/** Users of the shared S3 server with exactly the rights that a bucket's policy gives them; gone in the end. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { endpoint, s3Environment } from './buckets';

export interface Grant {
	readonly actions: readonly string[];
	/** Below the bucket, e.g. `some/prefix/*`; absent: the bucket itself. */
	readonly objects?: string;
}

export interface S3User {
	readonly uid: string;
	/** For the command under test. */
	readonly env: typeof s3Environment;
	readonly client: S3Client;
}

async function admin(...args: string[]): Promise<void> {
	const control = process.env['S3_CONTROL'];
	if (!control) throw new Error('S3_CONTROL is not set: run the tests by scripts/jest');
	await promisify(execFile)(control, ['shared', 'admin', ...args]);
}

/** Call it at the top of a test file. */
export function users() {
	const made: S3User[] = [];
	afterAll(async () => {
		for (const { uid, client } of made) {
			client.destroy();
			await admin('user', 'rm', `--uid=${uid}`);
		}
	});
	return {
		async create(): Promise<S3User> {
			const uid = `dbk-${randomBytes(5).toString('hex')}`;
			const secret = randomBytes(20).toString('hex');
			await admin(
				...['user', 'create', `--uid=${uid}`, `--display-name=${uid}`],
				...[`--access-key=${uid}`, `--secret-key=${secret}`],
			);
			const credentials = { accessKeyId: uid, secretAccessKey: secret };
			const user = {
				uid,
				env: { ...s3Environment, AWS_ACCESS_KEY_ID: uid, AWS_SECRET_ACCESS_KEY: secret },
				client: new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials }),
			};
			made.push(user);
			return user;
		},
		/** Replaces the bucket's policy. `owner`: the client of the bucket's owner. */
		async allow(
			owner: S3Client,
			Bucket: string,
			grants: readonly (readonly [S3User, readonly Grant[]])[],
		): Promise<void> {
			const Statement = grants.flatMap(([{ uid }, each]) =>
				each.map(({ actions, objects }) => ({
					Effect: 'Allow',
					Principal: { AWS: [`arn:aws:iam:::user/${uid}`] },
					Action: actions.map((action) => `s3:${action}`),
					Resource: `arn:aws:s3:::${Bucket}${objects === undefined ? '' : `/${objects}`}`,
				})),
			);
			const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
			await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
		},
	};
}
