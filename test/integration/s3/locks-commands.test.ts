/** One writer per job in a bucket, with whole commands and their runners. */
import { randomBytes } from 'node:crypto';
import { PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3';
import { docker, fill, json, lab, runnersOf, start, until, type Failure } from '../cli/lab';
import { buckets, s3Environment } from './buckets';

interface Backup {
	readonly records: readonly { readonly id: string; readonly status: string; readonly seq: number }[];
}
interface List {
	readonly entries: readonly { readonly id: string; readonly status: string }[];
}

const s3 = buckets();
const { job: newJob, keyFile, volume } = lab();
const network = ['--runner-network', 'host'];
const run = <T = unknown>(line: readonly string[], code = 0) => json<T>(line, code, s3Environment);
let large: string;
let small: string;

beforeAll(async () => {
	[large, small] = [await volume('large'), await volume('small')];
	// At level 19 this takes many seconds on any machine.
	await fill(large, { noise: randomBytes(80 << 20) });
	await fill(small, { a: 'a' });
});

async function place(): Promise<{ bucket: string; at: string[]; job: string }> {
	const bucket = await s3.create('locks');
	return { bucket, at: ['--repository', `s3://${bucket}/p`, '--key-file', keyFile()], job: newJob() };
}

test('of eight starts at once exactly one runs, the others say locked', async () => {
	const { bucket, at, job } = await place();
	const line = ['backup', 'volume', large, '--job', job, '--level', '19', ...at, ...network];
	const started = Array.from({ length: 8 }, () => start([...line, '--json', '--quiet'], s3Environment));
	const ended = await Promise.all(started.map((one) => one.ended));
	expect(ended.map(({ code }) => code).sort()).toEqual([0, 6, 6, 6, 6, 6, 6, 6]);
	for (const { code, stdout } of ended) {
		if (code === 6) {
			const hint = expect.any(String) as string;
			expect(JSON.parse(stdout.toString())).toMatchObject({ error: { code: 'locked', hint } });
		}
	}
	expect((await run<List>(['list', ...at])).entries).toMatchObject([{ status: 'success' }]);
	expect(await s3.uploads(bucket)).toEqual({});
});

test('with --lock-wait they run one after the other', async () => {
	const { at, job } = await place();
	const line = ['backup', 'volume', small, '--job', job, '--lock-wait', '240', ...at, ...network];
	const backups = await Promise.all([1, 2, 3].map(() => run<Backup>(line)));
	expect(backups.map(({ records }) => records[0]!.seq).sort()).toEqual([1, 2, 3]);
});

test('a runner that was paused for longer than its lease lives publishes nothing, and says so', async () => {
	const { bucket, at, job } = await place();
	const line = ['backup', 'volume', large, '--job', job, '--level', '19', ...at, ...network, '--json'];
	const paused = start(line, s3Environment);
	await until('parts in the bucket', async () =>
		Object.values(await s3.uploads(bucket)).some((parts) => parts.length > 0),
	);
	const [runner] = await runnersOf(job, 'running');
	await docker('pause', runner!);
	let after: Backup;
	try {
		after = await run<Backup>(['backup', 'volume', small, '--job', job, ...at, ...network]);
	} finally {
		await docker('unpause', runner!);
	}
	const { code, stdout } = await paused.ended;
	expect([code, JSON.parse(stdout.toString())]).toMatchObject([6, { error: { code: 'lease_lost' } }]);

	const { id } = after.records[0]!;
	const { entries } = await run<List & { entries: Failure[] }>(['list', ...at]);
	expect(entries).toMatchObject([
		{ id, status: 'success' },
		{ status: 'failed', error: { code: 'run_interrupted' } },
	]);
	const lost = (entries[1] as unknown as { id: string }).id;
	expect(await s3.uploads(bucket)).toEqual({});
	expect((await s3.keys(bucket)).filter((key) => key.includes(lost))).toEqual([`p/jobs/${job}/${lost}.json`]);
});

test('a lifecycle rule on the locks takes nothing from the order of backups', async () => {
	const { bucket, at, job } = await place();
	const line = ['backup', 'volume', small, '--job', job, ...at, ...network];
	for (const seq of [1, 2]) expect(await run<Backup>(line)).toMatchObject({ records: [{ seq }] });
	// The server of the lab takes five seconds for a day.
	const rule = {
		ID: 'locks',
		Status: 'Enabled',
		Filter: { Prefix: 'p/locks/' },
		Expiration: { Days: 1 },
	} as const;
	await s3.client.send(
		new PutBucketLifecycleConfigurationCommand({
			Bucket: bucket,
			LifecycleConfiguration: { Rules: [rule] },
		}),
	);
	await until(
		'the locks to expire',
		async () => !(await s3.keys(bucket)).some((key) => key.startsWith('p/locks/')),
	);
	expect(await run<Backup>(line)).toMatchObject({ records: [{ seq: 3 }] });
});
