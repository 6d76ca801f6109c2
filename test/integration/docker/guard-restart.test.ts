/** The guard over restarts of Docker and the death of the machine; and a few of test/long/chaos.test.ts. */
import { connectDocker } from '../../../docker/client';
import { findImage } from '../../../docker/images';
import { labels } from '../../../docker/labels';
import { startGuard } from '../../../docker/quiesce/guard';
import { holdContainers, type Held } from '../../../docker/quiesce/holds';
import { systemClock } from '../../../protocol/clock';
import { until } from '../cli/lab';
import { emptyEngine } from '../recovery/empty-engine';
import { chaos } from './chaos';
import { image, unique } from './lab';

const engine = emptyEngine(image);
const { docker } = engine;

/** A run in the middle of a backup: one container stopped, one paused, one that rested before. */
async function resting(run: string): Promise<readonly string[]> {
	const host = connectDocker({ type: 'socket', socketPath: engine.host.slice('unix://'.length) });
	try {
		const imageId = (await findImage(host, image))!.id;
		const app = (...line: string[]) =>
			docker(...line, '--network', 'none', '--restart', 'unless-stopped', image, 'sleep', 'inf');
		const [stopped, paused] = [await app('run', '-d'), await app('run', '-d')];
		const rested = await app('create');
		const held = (id: string, mode: Held['mode']): Held => ({
			...{ id, name: id.slice(0, 12), mode },
			...{ project: null, service: null, number: null },
		});
		const containers = [held(stopped, 'stop'), held(paused, 'pause')];
		const runner = ['--label', `${labels.role}=read`, '--label', `${labels.run}=${run}`];
		await docker('run', '-d', ...runner, '--network', 'none', image, 'sleep', 'inf');
		const { signal } = new AbortController();
		const both = { runId: run, job: 'nightly', imageId, signal };
		await holdContainers(host, containers, { ...both, waitMs: 0, clock: systemClock });
		const socketPath = engine.host.slice('unix://'.length);
		await startGuard(host, { ...both, image, containers, downtimeLimitMs: 3_600_000, socketPath }, signal);
		await docker('stop', '-t', '0', stopped);
		await docker('pause', paused);
		return [stopped, paused, rested];
	} finally {
		host.close();
	}
}

test.each(['kill', 'crash'] as const)('dockerd after a %s: what rested for a backup runs', async (how) => {
	const run = unique('run');
	const ids = await resting(run);
	await engine[how]();
	await engine.restart();
	const states = async () => (await docker('inspect', '-f', '{{.State.Status}}', ...ids)).split('\n');
	await until('them to run', async () => (await states()).join() === 'running,running,created');
	const left = () => docker('ps', '-aq', '--filter', `label=${labels.run}=${run}`);
	await until('runner, holds and guard to go', async () => (await left()) === '');
	await docker('rm', '-f', ...ids);
});

test('a few backups cut short: all runs again, nothing is left, every record is true', async () => {
	const seed = Number(process.env['CHAOS_SEED'] ?? 11);
	const figures = await chaos(engine, image, { runs: 3, seed, megabytes: 64 });
	console.log(`seed ${seed}: ${JSON.stringify(figures)}`);
});
