/** Of several who want to bring the same container to rest one does; and what nobody holds any more goes on first. */
import type { Held } from '../../../docker/quiesce/holds';
import { docker, localHost, unique } from './lab';
import { app, flyingClock, heldOf, hold, holdsOf, removeAll, startedAt, stateOf, worker } from './holds-lab';

const host = localHost();
const runs: string[] = [];
const newRun = () => {
	const run = unique('run');
	runs.push(run);
	return run;
};
let one: Held;
let other: Held;
beforeAll(async () => {
	[one, other] = await Promise.all([app().then(heldOf), app().then(heldOf)]);
});
afterEach(async () => {
	await removeAllButApps();
	await docker('start', one.id, other.id);
});
afterAll(async () => {
	await removeAll(...runs);
	host.close();
});

async function removeAllButApps(): Promise<void> {
	for (const run of runs) {
		const left = await docker('ps', '-aq', '--filter', `label=n8n-nodes-docker-backup.run=${run}`);
		if (left !== '') await docker('rm', '-f', ...left.split('\n'));
	}
}

const minutes = 60_000;

test('of five at once one gets it; the others are told whose it is', async () => {
	const all = Array.from({ length: 5 }, newRun);
	const results = await Promise.allSettled(all.map((run) => hold(host, run, [one], { job: `job-${run}` })));
	const winner = all[results.findIndex(({ status }) => status === 'fulfilled')]!;
	const losses = results.filter((result) => result.status === 'rejected');
	expect(losses).toHaveLength(4);
	for (const { reason } of losses) {
		expect(reason).toMatchObject({
			code: 'container_held',
			message: `container "${one.name}" is being kept at rest by a run of job "job-${winner}"`,
			hint: expect.any(String),
		});
	}
	expect(await holdsOf(one.id)).toEqual([`${winner} ${one.id}`]);
});

test('all or none', async () => {
	const [first, second] = [newRun(), newRun()];
	const [lower, higher] = one.id < other.id ? [one, other] : [other, one];
	await hold(host, first, [higher]);
	await expect(hold(host, second, [higher, lower])).rejects.toMatchObject({ code: 'container_held' });
	expect(await holdsOf(one.id, other.id)).toEqual([`${first} ${higher.id}`]);
});

test('who waits gets it once it is released; released again nothing happens to the new one', async () => {
	const [first, second] = [newRun(), newRun()];
	const before = await hold(host, first, [one, other]);
	const waiting = hold(host, second, [other, one], { waitMs: 2 * minutes });
	await before.release(one.id);
	await before.release(other.id);
	const after = await waiting;
	await before.release(one.id);
	expect((await holdsOf(one.id, other.id)).sort()).toEqual(
		[`${second} ${one.id}`, `${second} ${other.id}`].sort(),
	);
	await after.release(one.id);
	await after.release(one.id);
	expect(await holdsOf(one.id, other.id)).toEqual([`${second} ${other.id}`]);
});

test('many who want two in any order all get them, one after the other', async () => {
	let inside = 0;
	const turn = async (containers: readonly Held[]) => {
		const holds = await hold(host, newRun(), containers, { waitMs: 4 * minutes });
		expect(++inside).toBe(1);
		await stateOf(one.id);
		inside--;
		for (const { id } of containers) await holds.release(id);
	};
	await Promise.all([turn([one, other]), turn([other, one]), turn([one, other]), turn([other, one])]);
	expect(await holdsOf(one.id, other.id)).toEqual([]);
});

test('one that waits can be cancelled, and leaves nothing', async () => {
	const [first, second] = [newRun(), newRun()];
	const [lower, higher] = one.id < other.id ? [one, other] : [other, one];
	await hold(host, first, [higher]);
	const cancelled = { ...flyingClock(1), sleep: () => Promise.reject(new Error('cancelled')) };
	const waiting = hold(host, second, [lower, higher], { waitMs: minutes, clock: cancelled });
	await expect(waiting).rejects.toThrow('cancelled');
	expect(await holdsOf(one.id, other.id)).toEqual([`${first} ${higher.id}`]);
});

describe('a hold of a run that is over', () => {
	const clock = () => flyingClock(40_000);
	let [first, second]: string[] = [];
	beforeEach(async () => {
		[first, second] = [newRun(), newRun()];
		await hold(host, first, [one]);
		await docker('stop', one.id);
	});

	test.each(['as it is', 'claimed by somebody who died'])(
		'%s: its container runs before the next gets it',
		async (how) => {
			if (how !== 'as it is') {
				const id = await docker('ps', '-aq', '--filter', `label=n8n-nodes-docker-backup.run=${first}`);
				await docker('rename', id, `docker-backup-reaped-${id}`);
			}
			await hold(host, second!, [one], { waitMs: 1000 * minutes, clock: clock() });
			expect(await stateOf(one.id)).toBe('running');
			expect(await holdsOf(one.id)).toEqual([`${second} ${one.id}`]);
		},
	);

	test.each(['read', 'guard'])('not while it has a %s container at work', async (role) => {
		await worker(first!, role);
		const holding = hold(host, second!, [one], { waitMs: 10 * minutes, clock: clock() });
		await expect(holding).rejects.toMatchObject({ code: 'container_held' });
		expect(await stateOf(one.id)).toBe('exited');
		expect(await holdsOf(one.id)).toEqual([`${first} ${one.id}`]);
	});

	test('not while its runner has ended just now', async () => {
		await docker('kill', await worker(first!, 'read'));
		const holding = hold(host, second!, [one], { waitMs: 200, clock: flyingClock(100) });
		await expect(holding).rejects.toMatchObject({ code: 'container_held' });
		expect(await stateOf(one.id)).toBe('exited');
	});

	test('what its user has started meanwhile is left alone', async () => {
		await docker('start', one.id);
		const since = await startedAt(one.id);
		await hold(host, second!, [one], { waitMs: 1000 * minutes, clock: clock() });
		expect(await startedAt(one.id)).toBe(since);
	});
});
