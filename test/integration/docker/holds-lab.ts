/** Containers of others that are brought to rest, and runs that do so, on the machine's real Docker Engine. */
import type { DockerHost } from '../../../docker/client';
import { findImage } from '../../../docker/images';
import { labels } from '../../../docker/labels';
import { holdContainers, type Held, type Holds } from '../../../docker/quiesce/holds';
import { systemClock } from '../../../protocol/clock';
import type { Clock } from '../../../protocol/environment';
import { docker, image, unique } from './lab';

/** Removed by `removeAll`, as everything that carries it. */
const mark = unique('holds');
const markFlags = ['--label', `dbk-test=${mark}`];
const quiet = ['--network', 'none', '--log-driver', 'none', '--stop-signal', 'KILL'];

/** Runs; the id. */
export const app = (...flags: string[]): Promise<string> =>
	docker('run', '-d', '--name', unique('app'), ...markFlags, ...quiet, ...flags, image, 'sleep', '1000');

export const heldOf = (id: string, changes: Partial<Held> = {}): Promise<Held> =>
	docker('inspect', '-f', '{{.Name}}', id).then((name) => ({
		id,
		name: name.slice(1),
		mode: 'stop',
		project: null,
		service: null,
		number: null,
		...changes,
	}));

export const stateOf = (id: string): Promise<string> => docker('inspect', '-f', '{{.State.Status}}', id);

export const startedAt = (id: string): Promise<string> => docker('inspect', '-f', '{{.State.StartedAt}}', id);

/** Some container of ours of this role that works for the run. */
export const worker = (run: string, role: string): Promise<string> =>
	docker(
		...['run', '-d', ...markFlags, ...quiet],
		...['--label', `${labels.role}=${role}`, '--label', `${labels.run}=${run}`],
		...[image, 'sleep', '1000'],
	);

export async function hold(
	host: DockerHost,
	run: string,
	containers: readonly Held[],
	changes: { waitMs?: number; clock?: Clock; job?: string } = {},
): Promise<Holds> {
	const found = await findImage(host, image);
	return await holdContainers(host, containers, {
		runId: run,
		job: 'nightly',
		imageId: found!.id,
		waitMs: 0,
		clock: systemClock,
		signal: new AbortController().signal,
		...changes,
	});
}

/** `<run> <held id>` of every hold of these containers. */
export async function holdsOf(...ids: string[]): Promise<string[]> {
	const shape = `{{.Label "${labels.run}"}} {{.Label "${labels.held}"}}`;
	const listed = await docker('ps', '-a', '--filter', `label=${labels.held}`, '--format', shape);
	return listed.split('\n').filter((line) => ids.some((id) => line.endsWith(id)));
}

/** A clock by which time flies between two looks, and waiting is short. */
export function flyingClock(stepMs: number): Clock {
	let now = 0;
	return {
		now: () => systemClock.now(),
		monotonic: () => (now += stepMs),
		sleep: (_ms, signal) => systemClock.sleep(20, signal),
	};
}

/** What carries the mark, and what these runs have left. */
export async function removeAll(...runs: string[]): Promise<void> {
	const filters = [`dbk-test=${mark}`, ...runs.map((run) => `${labels.run}=${run}`)];
	for (const filter of filters) {
		const left = await docker('ps', '-aq', '--filter', `label=${filter}`);
		if (left !== '') await docker('rm', '-f', '-v', ...left.split('\n'));
	}
}
