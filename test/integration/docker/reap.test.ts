import type { DockerHost } from '../../../docker/client';
import { labels } from '../../../docker/labels';
import { reapOrphans } from '../../../docker/reap';
import type { Clock } from '../../../protocol/environment';
import { containersOf, docker, image, localHost, seeingOnly, unique } from './lab';

let run: string;
let host: DockerHost;
const real = localHost();
beforeEach(() => {
	run = unique('run');
	host = seeingOnly(real, run);
});
afterEach(async () => {
	const left = await containersOf(run);
	if (left.length > 0) await docker('rm', '-f', '-v', ...left);
});
afterAll(() => real.close());

/** A clock on which `ms` pass between the first look and every later one. */
function clockAfter(ms: number): Clock {
	let looks = 0;
	return {
		now: () => {
			throw new Error('our wall clock says nothing about another machine');
		},
		monotonic: () => (looks++ === 0 ? 0 : ms),
		sleep: () => Promise.reject(new Error('reaping does not sleep')),
	};
}

const minute = 60_000;
const flags = (...more: string[]) => [
	...more,
	...[
		'--label',
		`${labels.role}=read`,
		'--label',
		`${labels.run}=${run}`,
		'--label',
		`${labels.job}=nightly`,
	],
	...['--network', 'none', '--log-driver', 'none'],
];
const created = () => docker('create', ...flags(), image, 'true');
const exited = async () => {
	const id = await docker('run', '-d', ...flags(), image, 'true');
	await docker('wait', id);
	return id;
};
const running = () => docker('run', '-d', ...flags(), image, 'sleep', '600');

test('what ended or never started goes after two minutes of the daemon’s time', async () => {
	const ids = [await created(), await exited()];
	const reaped = await reapOrphans(host, { clock: clockAfter(3 * minute) });
	expect(reaped.map(({ containerId }) => containerId).sort()).toEqual(ids.sort());
	expect(reaped.map(({ state }) => state).sort()).toEqual(['created', 'exited']);
	for (const orphan of reaped) {
		expect(orphan).toMatchObject({ runId: run, job: 'nightly' });
		expect(orphan.ageMs).toBeGreaterThanOrEqual(3 * minute);
		expect(orphan.ageMs).toBeLessThan(4 * minute);
	}
	expect(await containersOf(run)).toEqual([]);
});

test('and not before', async () => {
	await created();
	await exited();
	expect(await reapOrphans(host, { clock: clockAfter(minute) })).toEqual([]);
	expect(await containersOf(run)).toHaveLength(2);
});

test('what runs or is paused is never touched, however old', async () => {
	const [runs, paused] = [await running(), await running()];
	await docker('pause', paused);
	expect(await reapOrphans(host, { clock: clockAfter(1e9) })).toEqual([]);
	expect((await containersOf(run)).sort()).toEqual([runs, paused].sort());
	expect(await docker('inspect', '-f', '{{.State.Status}}', runs, paused)).toBe('running\npaused');
});

test('containers of other roles and other people stay', async () => {
	const other = await docker(
		'create',
		'--label',
		`${labels.role}=other`,
		'--label',
		`${labels.run}=${run}`,
		image,
	);
	const foreign = await docker('create', '--label', `${labels.run}=${run}`, image);
	expect(await reapOrphans(host, { clock: clockAfter(1e9) })).toEqual([]);
	expect((await containersOf(run)).sort()).toEqual([other, foreign].sort());
});

test('of several reapers each orphan has one', async () => {
	const ids = await Promise.all(Array.from({ length: 6 }, created));
	const hosts = Array.from({ length: 4 }, () => seeingOnly(real, run));
	const reaped = await Promise.all(hosts.map((each) => reapOrphans(each, { clock: clockAfter(3 * minute) })));
	expect(
		reaped
			.flat()
			.map(({ containerId }) => containerId)
			.sort(),
	).toEqual(ids.sort());
	expect(await containersOf(run)).toEqual([]);
});

test('what a reaper claimed before it died is finished by the next', async () => {
	const id = await created();
	await docker('rename', id, `docker-backup-reaped-${id.slice(0, 12)}`);
	const reaped = await reapOrphans(host, { clock: clockAfter(3 * minute) });
	expect(reaped).toMatchObject([{ containerId: id, name: `docker-backup-reaped-${id.slice(0, 12)}` }]);
	expect(await containersOf(run)).toEqual([]);
});

test('the volumes that an orphan mounts stay', async () => {
	const volume = unique('volume');
	await docker('volume', 'create', volume);
	await docker('create', ...flags('--mount', `type=volume,src=${volume},dst=/x`), image);
	expect(await reapOrphans(host, { clock: clockAfter(3 * minute) })).toHaveLength(1);
	await docker('volume', 'rm', volume);
});

test('an aborted reaper stops', async () => {
	await created();
	const reaping = reapOrphans(host, { clock: clockAfter(3 * minute), signal: AbortSignal.abort() });
	await expect(reaping).rejects.toMatchObject({ name: 'AbortError' });
	expect(await containersOf(run)).toHaveLength(1);
});
