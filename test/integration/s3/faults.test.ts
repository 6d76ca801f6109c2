/**
 * Whole backups while the store fails in every way that stores do. After each: no success without its bytes, no
 * multipart upload left open, and the next run succeeds. A real server of this file's own, and the built engine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import type { S3Location } from '../../../protocol/location';
import { scratchDirectories } from '../../fakes/directories';
import { noise } from '../../trees/odd-tree';
import { until } from '../cli/lab';
import { backUp, expectSound, outcomes, startBackup, type RunningBackup } from './faults-lab';
import { startPrivateServer, type PrivateServer } from './private-server';

const newDirectory = scratchDirectories();
const mib = 1 << 20;
/** For what lasts minutes otherwise: the engine's time-outs, retries and leases take a tenth. */
const hurry = 10;
/** So slow that there is time to kill somebody in the middle. */
const slowLevel = 19;

let server: PrivateServer;
let large: string;
let tiny: string;

beforeAll(async () => {
	server = await startPrivateServer();
	large = sourceOf({ 'noise.bin': noise(48 * mib, 5) });
	tiny = sourceOf({ 'file.txt': Buffer.from('small') });
});
afterAll(() => server.remove());

function sourceOf(files: Readonly<Record<string, Buffer>>): string {
	const folder = join(newDirectory(), 'volumes', 'data');
	mkdirSync(folder, { recursive: true });
	for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
	return folder;
}

interface Running extends RunningBackup {
	readonly location: S3Location;
}

/** A backup of which parts are stored and others will follow. */
async function uploading(options: { hurry?: number } = {}): Promise<Running> {
	const bucket = await server.createBucket();
	const location = server.locationIn(bucket);
	const running = startBackup({ location, job: 'nightly', source: large, level: slowLevel, ...options });
	await until('a stored part', async () => {
		const ended = await Promise.race([
			running.records.then(
				() => true,
				() => true,
			),
			Promise.resolve(false),
		]);
		if (ended) throw new Error(`it ended before it was disturbed: ${JSON.stringify(running.events.at(-1))}`);
		const parts = Object.values(await server.uploads(bucket));
		return parts.some((count) => count > 0);
	});
	return { ...running, location };
}

/** The next run of the job succeeds, and leaves everything sound. */
async function expectNextRun(location: S3Location, before: string): Promise<void> {
	const [record] = await backUp({ location, job: 'nightly', source: tiny, hurry });
	expect(record).toMatchObject({ status: 'success' });
	expect(await expectSound(server, location)).toEqual([expect.stringMatching(before), 'success']);
}

describe('the server is killed in the middle of an upload', () => {
	test('and started again: the backup succeeds', async () => {
		const { records, location } = await uploading();
		await server.kill();
		await server.start();
		expect(await records).toMatchObject([{ status: 'success' }]);
		expect(await expectSound(server, location)).toEqual(['success']);
	});

	test('and stays away: the run fails, and the first one after its return closes it', async () => {
		const { records, location } = await uploading({ hurry });
		await server.kill();
		const began = performance.now();
		try {
			await expect(records).rejects.toMatchObject({
				code: 'storage_unreachable',
				message: expect.stringMatching(/tried \d+ times in \d+ s/) as string,
				hint: expect.stringMatching(/\w/) as string,
			});
			// Not the whole patience of 120 s again for each of the things that it tidies up (that would be ten minutes),
			// but 15 or 20 s for a few; a busy machine counts tenfold here.
			expect((performance.now() - began) * hurry).toBeLessThan(540_000);
		} finally {
			await server.start();
		}
		expect(await outcomes(location)).toEqual([]);
		await expectNextRun(location, '^run_interrupted$');
	});
});

describe('the server hangs in the middle of an upload', () => {
	test('and comes back: the backup succeeds', async () => {
		const { records, location } = await uploading({ hurry });
		server.signal('SIGSTOP');
		// Longer than the time-out of the requests that wait.
		await new Promise((resolve) => setTimeout(resolve, 9_000));
		server.signal('SIGCONT');
		expect(await records).toMatchObject([{ status: 'success' }]);
		expect(await expectSound(server, location)).toEqual(['success']);
	});

	test('for good: time-outs end the run, and the first one after its return closes it', async () => {
		const { records, location } = await uploading({ hurry });
		server.signal('SIGSTOP');
		try {
			await expect(records).rejects.toMatchObject({ code: 'storage_unreachable' });
		} finally {
			server.signal('SIGCONT');
		}
		// The failed record may have been among the requests that waited in the hanging server.
		await expectNextRun(location, '^(run_interrupted|storage_unreachable)$');
	});
});

test('the engine is killed in the middle of an upload: the next run takes the upload away', async () => {
	const { records, kill, location } = await uploading({ hurry });
	await kill();
	await expect(records).rejects.toMatchObject({ code: 'runner_died' });
	// Of the archive and of its index.
	expect(Object.keys(await server.uploads(location.bucket))).toHaveLength(2);
	expect(await outcomes(location)).toEqual([]);
	await expectNextRun(location, '^run_interrupted$');
});

test('the quota is used up in the middle: a failed record, nothing else, and room again is enough', async () => {
	const bucket = await server.createBucket();
	const location = server.locationIn(bucket);
	const quota = ['--quota-scope=bucket', `--bucket=${bucket}`];
	await server.admin('quota', 'set', ...quota, '--max-size=12M');
	await server.admin('quota', 'enable', ...quota);
	const [record] = await backUp({ location, job: 'nightly', source: large });
	expect(record).toMatchObject({
		status: 'failed',
		error: { code: 'repository_full', hint: expect.stringMatching(/\w/) as string },
	});
	expect(await expectSound(server, location)).toEqual(['repository_full']);
	await server.admin('quota', 'disable', ...quota);
	await expectNextRun(location, '^repository_full$');
});

/** What the engine said, apart from what it says before it looks at its sources. */
const saidMore = ({ events }: RunningBackup): string[] =>
	events
		.map((event) => (event.event === 'phase' ? event.name : event.event))
		.filter((what) => !['heartbeat', 'repository', 'failure'].includes(what));

test('the quota is used up before: refused before any byte is read', async () => {
	const bucket = await server.createBucket();
	const location = server.locationIn(bucket);
	await backUp({ location, job: 'first', source: tiny });
	const quota = ['--quota-scope=bucket', `--bucket=${bucket}`];
	await server.admin('quota', 'set', ...quota, '--max-objects=1');
	await server.admin('quota', 'enable', ...quota);
	const running = startBackup({ location, job: 'nightly', source: large });
	await expect(running.records).rejects.toMatchObject({
		code: 'repository_full',
		hint: expect.stringMatching(/\w/) as string,
	});
	expect(saidMore(running)).toEqual([]);
	await server.admin('quota', 'disable', ...quota);
	await expectNextRun(location, '^success$');
});

describe('refused before any byte is read', () => {
	let bucket: string;
	const readOnly = { accessKeyId: 'readonlyaccess', secretAccessKey: 'readonlysecret0123456789' };
	beforeAll(async () => {
		bucket = await server.createBucket();
		await backUp({ location: server.locationIn(bucket), job: 'first', source: tiny });
		await server.admin(
			...['user', 'create', '--uid=reader', '--display-name=reader'],
			...[`--access-key=${readOnly.accessKeyId}`, `--secret-key=${readOnly.secretAccessKey}`],
		);
		const Statement = {
			Effect: 'Allow',
			Principal: { AWS: ['arn:aws:iam:::user/reader'] },
			Action: ['s3:GetObject', 's3:ListBucket'],
			Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
		};
		const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
		await server.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
	});

	test.each<[string, Partial<S3Location>, number, string]>([
		['keys that may only read', readOnly, 0, 'repository_unwritable'],
		['an unknown access key', { accessKeyId: 'nobody' }, 0, 'storage_denied'],
		['a wrong secret key', { secretAccessKey: 'wrong' }, 0, 'storage_denied'],
		['a clock an hour ahead', {}, 60 * 60_000, 'storage_denied'],
		['a clock an hour behind', {}, -60 * 60_000, 'storage_denied'],
		['a bucket that is not there', { bucket: 'no-such-bucket-1f2e' }, 0, 'repository_not_found'],
	])('%s', async (_name, changes, skewMs, code) => {
		const location = server.locationIn(bucket, changes);
		const running = startBackup({ location, job: 'nightly', source: large, skewMs });
		const failure: unknown = await running.records.then(
			() => undefined,
			(error: unknown) => error,
		);
		expect(failure).toMatchObject({ code, hint: expect.stringMatching(/\w/) as string });
		if (skewMs !== 0) expect(failure).toMatchObject({ hint: expect.stringMatching(/clock/i) as string });
		expect(saidMore(running)).toEqual([]);
		const sound = server.locationIn(bucket);
		expect(await expectSound(server, sound)).toEqual(['success']);
	});
});
