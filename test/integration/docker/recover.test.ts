/** Without a guard: the next operation on the host starts what an interrupted run has left at rest. */
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reapOrphans, type ReapOptions } from '../../../docker/reap';
import type { BackupError } from '../../../protocol/errors';
import { containersOf, docker, image, localHost, seeingOnly, unique } from './lab';
import { app, flyingClock, heldOf, hold, holdsOf, removeAll, startedAt, stateOf, worker } from './holds-lab';

const real = localHost();
const runs: string[] = [];
let run: string;
beforeEach(() => {
	run = unique('run');
	runs.push(run);
});
afterAll(async () => {
	await removeAll(...runs);
	real.close();
});

const minute = 60_000;
/** Reaps what belongs to this run, by a clock by which that much passes between two looks. */
async function reap(ageMs: number, minAgeMs?: number) {
	const recovered: string[] = [];
	const problems: BackupError[] = [];
	const options: ReapOptions = {
		clock: flyingClock(ageMs),
		onRecovered: ({ name }) => recovered.push(name),
		onProblem: (problem) => problems.push(problem),
	};
	await reapOrphans(seeingOnly(real, run), { ...options, ...(minAgeMs !== undefined && { minAgeMs }) });
	return { recovered, problems };
}

test('stopped and paused ones go on in their order; hold, runner and guard go', async () => {
	const [paused, stopped] = [await app(), await app()];
	const containers = [await heldOf(stopped), await heldOf(paused, { mode: 'pause' })];
	await hold(real, run, containers);
	await docker('stop', stopped);
	await docker('pause', paused);
	await docker('kill', await worker(run, 'read'), await worker(run, 'guard'));
	expect(await reap(3 * minute)).toEqual({ recovered: containers.map(({ name }) => name), problems: [] });
	expect([await stateOf(stopped), await stateOf(paused)]).toEqual(['running', 'running']);
	expect(await containersOf(run)).toEqual([]);
});

test('after half a minute, while the runner waits for its two', async () => {
	const stopped = await app();
	await hold(real, run, [await heldOf(stopped)]);
	await docker('stop', stopped);
	const runner = await worker(run, 'read');
	await docker('kill', runner);
	expect((await reap(5_000)).recovered).toEqual([]);
	expect(await stateOf(stopped)).toBe('exited');
	expect((await reap(40_000)).recovered).toHaveLength(1);
	expect(await stateOf(stopped)).toBe('running');
	expect(await containersOf(run)).toEqual([runner]);
});

test('never while a runner or a guard is at work', async () => {
	const stopped = await app();
	await hold(real, run, [await heldOf(stopped)]);
	await docker('stop', stopped);
	for (const role of ['read', 'guard']) {
		const id = await worker(run, role);
		expect(await reap(1e9, 0)).toEqual({ recovered: [], problems: [] });
		expect(await stateOf(id)).toBe('running');
		await docker('rm', '-f', id);
	}
	expect([await stateOf(stopped), (await holdsOf(stopped)).length]).toEqual(['exited', 1]);
});

test('a guard that ended stays as long as its runner works', async () => {
	const guard = await worker(run, 'guard');
	await docker('kill', guard);
	const runner = await worker(run, 'read');
	await reap(1e9, 0);
	expect((await containersOf(run)).sort()).toEqual([guard, runner].sort());
});

test('one that still runs may be about to stop, for as long as it may take', async () => {
	const running = await app('--stop-timeout', '120');
	const since = await startedAt(running);
	await hold(real, run, [await heldOf(running)]);
	expect((await reap(minute)).recovered).toEqual([]);
	expect(await holdsOf(running)).toHaveLength(1);
	expect((await reap(3 * minute)).recovered).toHaveLength(1);
	expect(await startedAt(running)).toBe(since);
	expect(await holdsOf(running)).toEqual([]);
});

test('made anew meanwhile: found by its name, or by what Compose calls it; gone for good: forgotten', async () => {
	const compose = (service: string) => ['project=dbk', `service=${service}`, 'container-number=1'];
	const composed = (service: string) =>
		compose(service).flatMap((label) => ['--label', `com.docker.compose.${label}`]);
	const service = unique('service');
	const [named, served, gone] = [await app(), await app(...composed(service)), await app()];
	const containers = [
		await heldOf(named),
		await heldOf(served, { project: 'dbk', service, number: '1' }),
		await heldOf(gone),
	];
	await hold(real, run, containers);
	await docker('rm', '-f', named, served, gone);
	const again = [
		await docker('create', '--name', containers[0]!.name, image, 'sleep', '1000'),
		await docker('create', '--name', unique('app'), ...composed(service), image, 'sleep', '1000'),
		// Of the same service, but not the same one.
		await docker('create', '--name', unique('app'), ...composed(unique('service')), image, 'sleep', '1000'),
	];
	try {
		expect((await reap(3 * minute)).problems).toEqual([]);
		expect(await Promise.all(again.map(stateOf))).toEqual(['running', 'running', 'created']);
		expect(await holdsOf(named, served, gone)).toEqual([]);
	} finally {
		await docker('rm', '-f', ...again);
	}
});

test('one whose data a restore was replacing stays as it is, which is told once', async () => {
	const stopped = await app();
	const held = await heldOf(stopped);
	await hold(real, run, [{ ...held, replaced: true }]);
	await docker('stop', stopped);
	const { recovered, problems } = await reap(minute);
	expect(recovered).toEqual([]);
	expect(problems).toMatchObject([{ code: 'container_not_started' }]);
	expect(problems[0]!.message).toContain(held.name);
	expect(await stateOf(stopped)).toBe('exited');
	expect(await holdsOf(stopped)).toEqual([]);
	expect((await reap(minute)).problems).toEqual([]);
});

test('one that took its place and is held by another run stays at rest', async () => {
	const before = await app();
	const held = await heldOf(before);
	await hold(real, run, [held]);
	await docker('rm', '-f', before);
	const after = await docker('create', '--name', held.name, image, 'sleep', '1000');
	try {
		const other = unique('run');
		runs.push(other);
		await hold(real, other, [await heldOf(after)]);
		await reap(3 * minute);
		expect(await stateOf(after)).toBe('created');
		expect(await holdsOf(before, after)).toEqual([`${other} ${after}`]);
	} finally {
		await docker('rm', '-f', after);
	}
});

test('one that does not start is told and tried again by the next; the others run', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
	const broken = await app('--mount', `type=bind,src=${folder},dst=/data`);
	const sound = await app();
	const containers = [await heldOf(broken), await heldOf(sound)];
	await hold(real, run, containers);
	await docker('stop', broken, sound);
	rmdirSync(folder);
	const { recovered, problems } = await reap(3 * minute);
	expect(recovered).toEqual([containers[1]!.name]);
	expect(problems).toMatchObject([
		{ code: 'container_not_started', message: expect.stringContaining(`"${containers[0]!.name}"`) },
	]);
	expect(problems[0]!.message).toContain('of job "nightly"');
	expect(problems[0]!.message).toContain('bind source path does not exist');
	mkdirSync(folder);
	expect((await reap(3 * minute)).recovered).toEqual([containers[0]!.name]);
	expect(await stateOf(broken)).toBe('running');
	expect(await containersOf(run)).toEqual([]);
	await docker('rm', '-f', broken);
	rmdirSync(folder);
});

test('of several at once each container is started by one', async () => {
	const ids = await Promise.all([app(), app(), app()]);
	await hold(real, run, await Promise.all(ids.map((id) => heldOf(id))));
	await docker('stop', ...ids);
	const results = await Promise.all([1, 2, 3].map(() => reap(3 * minute)));
	expect(results.flatMap(({ recovered }) => recovered)).toHaveLength(3);
	expect(results.flatMap(({ problems }) => problems)).toEqual([]);
	expect(await Promise.all(ids.map(stateOf))).toEqual(['running', 'running', 'running']);
	expect(await holdsOf(...ids)).toEqual([]);
});
