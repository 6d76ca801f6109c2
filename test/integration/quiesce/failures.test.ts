/** Whatever goes wrong while containers are brought to rest: they run again, and the record says why. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
	listRecords,
	noQuiesce,
	systemClock,
	systemRandom,
	type ContainerCommand,
} from '../../../operations';
import { createQuieting } from '../../../operations/quiesce/quiesce';
import { docker, fill, lab, mountpoint, unique } from '../cli/lab';
import { applications, eventsSince, host, leftOf, run, stateOf } from './lab';

const application = applications();
const { directory, job: newJob, volume: newVolume } = lab();

/** Ends only when it is killed. */
const stubborn = ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'];

async function setting(megabytes = 0): Promise<{ volume: string; user: string; mount: string[] }> {
	const volume = await newVolume('quiet');
	await fill(volume, { small: 'small' });
	if (megabytes > 0) writeFileSync(join(await mountpoint(volume), 'noise'), randomBytes(megabytes << 20));
	const mount = ['-v', `${volume}:/data`];
	return { volume, user: await application(mount), mount };
}

const context = {
	clock: systemClock,
	random: systemRandom,
	signal: new AbortController().signal,
	workflow: null,
	onEvent: () => undefined,
};

async function storedIn(path: string) {
	const settings = {
		location: { type: 'directory', path } as const,
		secret: null,
		previousSecrets: [],
		mayCreate: false,
		id: null,
	};
	const listed = await listRecords(context, { type: 'process' }, settings, { job: null, limit: null });
	return listed.flatMap((entry) => ('record' in entry ? [entry.record] : []));
}

const command = (container: string, ...words: [string, ...string[]]): ContainerCommand => ({
	container,
	command: words,
	limitMs: 30_000,
	onFailure: 'fail',
});

test('never stopped: the container that this runs in, what it needs, and what it lives on', async () => {
	const { volume, user } = await setting();
	const id = await docker('inspect', '-f', '{{.Id}}', user);
	const begin = async (own: string | null, livesOn: readonly string[]) => {
		const quieting = createQuieting(context, host, {
			runId: unique('run'),
			job: null,
			// There is no runner that a guard could watch.
			request: { ...noQuiesce, mode: 'stop', guard: false, livesOn },
			sources: new Map([['x', { volumes: [volume], directories: [], containers: [] }]]),
			own,
		})!;
		try {
			await quieting.begin('x');
		} finally {
			await quieting.end('x');
		}
	};
	const before = await stateOf(user);
	const refused = { code: 'container_protected', hint: expect.stringContaining('Snapshot SQLite') as string };
	await expect(begin(id, [])).rejects.toMatchObject(refused);
	await expect(begin(id.slice(0, 12), [])).rejects.toMatchObject(refused);
	await expect(begin(null, [user])).rejects.toMatchObject(refused);
	const sharing = unique('quiet');
	await docker(
		'run',
		'-d',
		'--name',
		sharing,
		'--network',
		`container:${user}`,
		'node:24-bookworm-slim',
		'sleep',
		'999',
	);
	try {
		await expect(begin(await docker('inspect', '-f', '{{.Id}}', sharing), [])).rejects.toMatchObject(refused);
	} finally {
		await docker('rm', '-f', sharing);
	}
	expect(await stateOf(user)).toEqual(before);
	await begin(null, ['localhost']);
	expect((await stateOf(user)).startedAt).toBeGreaterThan(before.startedAt);
});

test('one that would not come back is refused, and may be paused', async () => {
	const { volume, user, mount } = await setting();
	const before = await stateOf(user);
	await application([...mount, '--rm']);
	const back = (mode: 'stop' | 'pause') =>
		run({ job: newJob(), volumes: [volume], repository: directory(), quiesce: { mode } });
	expect((await back('stop')).records).toMatchObject([
		{ status: 'failed', consistency: 'live', downtimeMs: 0, error: { code: 'container_not_stopped' } },
	]);
	expect(await stateOf(user)).toEqual(before);
	expect((await back('pause')).records).toMatchObject([{ status: 'success', consistency: 'paused' }]);
});

test('commands: before and after, as whom, and in which order', async () => {
	const { volume, user, mount } = await setting();
	const helper = await application(mount);
	const { records, error } = await run({
		job: newJob(),
		volumes: [volume],
		repository: directory(),
		quiesce: {
			mode: 'stop',
			before: [
				{ ...command(user, 'sh', '-c', 'echo "$1 $(id -u)" >> /data/said', 'sh', 'a "b"'), user: '0' },
				{ ...command(user, 'sh', '-c', 'echo no good; exit 3'), onFailure: 'continue' },
			],
			after: [command(helper, 'sh', '-c', 'echo after >> /data/said')],
		},
	});
	expect(error).toBeUndefined();
	const [record] = records;
	expect(record).toMatchObject({ status: 'success', consistency: 'stopped' });
	expect(record?.warnings).toMatchObject([{ code: 'container_command_failed' }]);
	expect(record?.warnings[0]?.message).toMatch(new RegExp(`sh.*"${user}".*exit code 3: no good`));
	expect(await docker('exec', user, 'cat', '/data/said')).toBe('a "b" 0\nafter');
});

test('a command that fails, or takes too long: nobody is stopped, and what comes after is run', async () => {
	const { volume, user } = await setting();
	const before = await stateOf(user);
	const after = [command(user, 'sh', '-c', 'echo after >> /data/said')];
	const back = (failing: ContainerCommand) =>
		run({
			job: newJob(),
			volumes: [volume],
			repository: directory(),
			quiesce: { mode: 'stop', before: [failing], after },
		});
	const failed = await back(command(user, 'sh', '-c', 'echo all is lost >&2; exit 1'));
	expect(failed.records).toMatchObject([{ status: 'failed', error: { code: 'container_command_failed' } }]);
	expect(failed.records[0]?.error?.message).toContain('all is lost');
	const late = await back({ ...command(user, 'sleep', '600'), limitMs: 1_000 });
	expect(late.records[0]?.error?.message).toContain('did not end within 1 s');
	expect(await docker('exec', user, 'cat', '/data/said')).toBe('after\nafter');
	expect(await docker('exec', user, 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.toContain(
		'sleep 600',
	);
	expect(await stateOf(user)).toEqual(before);
});

test('a command after it that fails: the backup is stored, the error is loud', async () => {
	const { volume, user } = await setting();
	const repository = directory();
	const { error } = await run({
		job: newJob(),
		volumes: [volume],
		repository,
		quiesce: { mode: 'none', after: [command(user, 'false')] },
	});
	expect(error).toMatchObject({ code: 'container_command_failed' });
	expect(error?.message).toContain('the backup itself was made');
	expect(await storedIn(repository)).toMatchObject([{ status: 'success', consistency: 'live' }]);
});

test('cancelled in the middle of a stop: all run again, and the record tells the downtime', async () => {
	const { volume, user, mount } = await setting();
	const slow = await application([...mount, '--stop-timeout', '4'], stubborn);
	const repository = directory();
	const job = newJob();
	const since = Date.now();
	const cancel = new AbortController();
	const running = run({
		job,
		volumes: [volume],
		repository,
		quiesce: { mode: 'stop' },
		signal: cancel.signal,
	});
	for (;;) {
		const events = await docker(
			...['events', '--since', `${since / 1000}`, '--until', `${Date.now() / 1000}`],
			...['--filter', `container=${slow}`, '--filter', 'event=kill', '--format', '{{.Action}}'],
		);
		if (events !== '') break;
	}
	cancel.abort();
	expect((await running).error).toMatchObject({ code: 'cancelled' });
	expect(await stateOf(slow)).toMatchObject({ status: 'running' });
	expect(await stateOf(user)).toMatchObject({ status: 'running' });
	// The newest is stopped first, and the other one was never asked.
	expect(await eventsSince(since, [slow, user])).toEqual([`die ${slow}`, `start ${slow}`]);
	const [record] = await storedIn(repository);
	expect(record).toMatchObject({ status: 'failed', consistency: 'live', error: { code: 'cancelled' } });
	expect(record?.downtimeMs).toBeGreaterThan(1_000);
	expect(await leftOf(job)).toBe('');
});

test('the maximum downtime: all run again before the end, and the archive does not count', async () => {
	const { volume, mount } = await setting();
	const slow = await application([...mount, '--stop-timeout', '5'], stubborn);
	const repository = directory();
	const { records } = await run({
		job: newJob(),
		volumes: [volume],
		repository,
		quiesce: { mode: 'stop', downtimeLimitMs: 1_000 },
	});
	expect(records).toMatchObject([{ status: 'failed', consistency: 'live', error: { code: 'timed_out' } }]);
	expect(records[0]?.downtimeMs).toBeGreaterThan(1_000);
	expect(await stateOf(slow)).toMatchObject({ status: 'running' });
});

test('the maximum downtime while it is being read: all run again at once, and the archive does not count', async () => {
	const { volume, user } = await setting(300);
	const { records, at } = await run({
		job: newJob(),
		volumes: [volume],
		repository: directory(),
		quiesce: { mode: 'stop', downtimeLimitMs: 500 },
	});
	expect(records).toMatchObject([{ status: 'failed', error: { code: 'timed_out' } }]);
	const { status, startedAt } = await stateOf(user);
	expect(status).toBe('running');
	expect(startedAt).toBeLessThan(Number.isNaN(at('source-read')) ? Infinity : at('source-read') + 5_000);
});

test('started by somebody while it is being read: the record claims no rest', async () => {
	const { volume, user } = await setting(100);
	let started: Promise<unknown> | undefined;
	const { records } = await run({
		job: newJob(),
		volumes: [volume],
		repository: directory(),
		quiesce: { mode: 'stop' },
		onEvent(event) {
			if (event.event === 'phase' && event.name === 'reading') started ??= docker('start', user);
		},
	});
	await started;
	expect(records).toMatchObject([
		{ status: 'success', consistency: 'live', warnings: [{ code: 'container_ran_meanwhile' }] },
	]);
	expect(await stateOf(user)).toMatchObject({ status: 'running' });
});
