/** Whoever is gone, the guard starts again what rests; and it does nothing as long as the run's runner is at work. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startGuard, type Guard, type GuardSpec } from '../../../docker/quiesce/guard';
import type { Held } from '../../../docker/quiesce/holds';
import { findImage } from '../../../docker/images';
import { labels } from '../../../docker/labels';
import { until } from '../cli/lab';
import { app, heldOf, hold, holdsOf, removeAll, stateOf, worker } from './holds-lab';
import { containersOf, docker, image, localHost, socketPath, specOf, unique } from './lab';
import { bundleProgram } from './orphan';

const host = localHost();
const runs: string[] = [];
let run: string;
beforeEach(() => {
	run = unique('run');
	runs.push(run);
});
afterAll(async () => {
	await removeAll(...runs);
	host.close();
});

const hour = 3_600_000;

async function guardOf(
	runId: string,
	containers: readonly Held[],
	changes: Partial<GuardSpec> = {},
): Promise<Guard> {
	const imageId = (await findImage(host, image))!.id;
	const spec = { runId, job: 'nightly', image, imageId, containers, downtimeLimitMs: hour, socketPath };
	return await startGuard(host, { ...spec, ...changes }, new AbortController().signal);
}

/** One that is stopped and one that is paused, held by the run. */
async function resting(runId: string): Promise<readonly Held[]> {
	const [stopped, paused] = [await app(), await app()];
	const containers = [await heldOf(stopped), await heldOf(paused, { mode: 'pause' })];
	await hold(host, runId, containers);
	await docker('stop', stopped);
	await docker('pause', paused);
	return containers;
}

const states = (containers: readonly Held[]) => Promise.all(containers.map(({ id }) => stateOf(id)));

/** Milliseconds until they run, after `happens`. */
async function runAgain(containers: readonly Held[], happens: () => Promise<unknown>): Promise<number> {
	await happens();
	const began = performance.now();
	await until('all to run again', async () =>
		(await states(containers)).every((state) => state === 'running'),
	);
	return performance.now() - began;
}

const nothingLeft = (runId: string) =>
	until('holds, runner and guard to go', async () => (await containersOf(runId)).length === 0);

test('the runner is killed: what rests goes on, then all of ours is gone; what rested before rests', async () => {
	const alreadyStopped = await app();
	await docker('stop', alreadyStopped);
	const containers = await resting(run);
	const runner = await worker(run, 'read');
	await guardOf(run, containers);
	expect(await states(containers)).toEqual(['exited', 'paused']);
	expect(await runAgain(containers, () => docker('kill', runner))).toBeLessThan(90_000);
	await nothingLeft(run);
	expect(await stateOf(alreadyStopped)).toBe('exited');
});

test('whoever started all that is killed with -9: likewise, and nothing of another run is touched', async () => {
	const other = unique('run');
	runs.push(other);
	const others = await resting(other);
	await worker(other, 'read');
	const theirs = await guardOf(other, others);

	const [stopped, paused] = [await app(), await app()];
	const containers = [await heldOf(stopped), await heldOf(paused, { mode: 'pause' })];
	const imageId = (await findImage(host, image))!.id;
	const guard = { runId: run, job: 'nightly', image, imageId, containers, downtimeLimitMs: hour, socketPath };
	const engine = 'process.stdin.resume().on("end", () => process.exit(0))';
	const { file, remove } = await bundleProgram(`
		import { connectDocker } from './docker/client';
		import { stopContainer } from './docker/containers';
		import { startGuard } from './docker/quiesce/guard';
		import { holdContainers } from './docker/quiesce/holds';
		import { startRunner } from './docker/runner';
		import { systemClock as clock } from './protocol/clock';
		const host = connectDocker({ type: 'socket', socketPath: '${socketPath}' });
		const guard = ${JSON.stringify(guard)};
		const { signal } = new AbortController();
		void (async () => {
			await startRunner(host, ${JSON.stringify(specOf(run))}, ${JSON.stringify(engine)});
			await holdContainers(host, guard.containers, { ...guard, waitMs: 0, clock, signal });
			await startGuard(host, guard, signal);
			await stopContainer(host, { id: '${stopped}', name: 'stopped', stopTimeout: null });
			process.stdout.write('at rest');
		})();
		setInterval(() => {}, 1000);
	`);
	const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
	await once(child.stdout, 'data');
	await docker('pause', paused);
	const killed = async () => {
		child.kill('SIGKILL');
		await once(child, 'exit');
	};
	expect(await runAgain(containers, killed)).toBeLessThan(90_000);
	await remove();
	await nothingLeft(run);

	expect(await states(others)).toEqual(['exited', 'paused']);
	expect(await holdsOf(...others.map(({ id }) => id))).toHaveLength(2);
	await theirs.dismiss();
	await theirs.dismiss();
});

test('the time is over: they run though the runner works on, and its guard is gone', async () => {
	const containers = await resting(run);
	const runner = await worker(run, 'read');
	const began = performance.now();
	// The guard gives 15 seconds more.
	await guardOf(run, containers, { downtimeLimitMs: -12_000 });
	await runAgain(containers, async () => undefined);
	expect(performance.now() - began).toBeGreaterThan(3_000);
	await until('the guard to go', async () => (await containersOf(run)).length === 1);
	expect(await containersOf(run)).toEqual([runner]);
	expect(await stateOf(runner)).toBe('running');
});

test('a container made anew meanwhile; one whose stop was only asked for', async () => {
	const [made, slow] = [await app(), await app()];
	const containers = [await heldOf(made), await heldOf(slow)];
	await hold(host, run, containers);
	await docker('rm', '-f', made);
	const again = await docker('create', '--name', containers[0]!.name, image, 'sleep', '1000');
	try {
		const runner = await worker(run, 'read');
		await guardOf(run, containers);
		await docker('kill', runner);
		await until('the new one to run', async () => (await stateOf(again)) === 'running');
		// As when Docker stops it later than whoever asked for it was killed.
		expect(await holdsOf(slow)).toHaveLength(1);
		await docker('stop', slow);
		await until('the stopped one to run', async () => (await stateOf(slow)) === 'running');
	} finally {
		await docker('rm', '-f', again);
	}
});

test('one that is released is none of its business any more', async () => {
	const containers = await resting(run);
	const [stopped, paused] = containers;
	const runner = await worker(run, 'read');
	const guard = await guardOf(run, containers);
	const id = await docker('ps', '-aq', '--filter', `label=${labels.held}=${stopped!.id}`);
	await docker('rm', id);
	await docker('kill', runner);
	await until('the held one to go on', async () => (await stateOf(paused!.id)) === 'running');
	expect(await holdsOf(paused!.id)).toEqual([]);
	expect(await stateOf(stopped!.id)).toBe('exited');
	await guard.dismiss();
});

test('without the socket, or with one that is none: an error with a hint, and no guard', async () => {
	const containers = await resting(run);
	for (const socket of ['/no/such/docker.sock', '/etc/hostname']) {
		await expect(guardOf(run, containers, { socketPath: socket })).rejects.toMatchObject({
			code: 'guard_failed',
			message: expect.stringMatching(/there is no socket \/no\/such|ECONNREFUSED/),
			hint: expect.stringContaining('switch the guard off'),
		});
	}
	const guards = await docker(
		'ps',
		'-aq',
		'--filter',
		`label=${labels.role}=guard`,
		'--filter',
		`label=${labels.run}=${run}`,
	);
	expect(guards).toBe('');
});

test('it has no secret, no network, no capability and a limit', async () => {
	const guard = await guardOf(run, []);
	const [seen] = JSON.parse(await docker('inspect', guard.containerId)) as [Inspected];
	expect(seen.HostConfig).toMatchObject({
		NetworkMode: 'none',
		ReadonlyRootfs: true,
		CapDrop: ['ALL'],
		CapAdd: null,
		Privileged: false,
		Memory: 64 << 20,
		RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 0 },
		LogConfig: { Type: 'none' },
	});
	expect(seen.Mounts.map(({ Source }) => Source)).toEqual([socketPath]);
	expect(seen.State).toMatchObject({ Running: true, OOMKilled: false });
	await guard.dismiss();
	expect(await containersOf(run)).toEqual([]);
});

interface Inspected {
	readonly HostConfig: object;
	readonly Mounts: readonly { readonly Source: string }[];
	readonly State: object;
}
