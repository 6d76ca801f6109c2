/** A database for a drill, in a real container: what it may do, and that nothing of it stays. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDatabaseContainer, type DatabaseContainer } from '../../../docker/database-container';
import { runExec } from '../../../docker/exec';
import { labels, runLabels } from '../../../docker/labels';
import { reapOrphans } from '../../../docker/reap';
import type { Clock } from '../../../protocol/environment';
import { containersOf, docker, localHost, seeingOnly, unique } from './lab';
import { bundleProgram } from './orphan';

const host = localHost();
const images = [process.env['POSTGRES_15_IMAGE']!, process.env['POSTGRES_17_IMAGE']!] as const;
const run = unique('drill');
const specOf = (image: string) => ({
	image,
	labels: runLabels({ runId: run, job: 'nightly', created: '2026-01-31T03:00:00.000Z' }),
	environment: { POSTGRES_PASSWORD: 'secret', POSTGRES_USER: 'me' },
	memoryBytes: 512 << 20,
});

afterEach(async () => {
	const left = await containersOf(run);
	if (left.length > 0) await docker('rm', '-f', '-v', ...left);
});
afterAll(() => host.close());

async function until(what: string, met: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 60_000;
	while (!(await met())) {
		if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
		await sleep(200);
	}
}

const psql = (id: string, statement: string) =>
	runExec(host, {
		container: id,
		// Only the server proper listens there, not the one that prepares the data.
		command: ['psql', '-h', '127.0.0.1', '-U', 'me', '-d', 'postgres', '-Atc', statement],
		limitMs: 30_000,
	});
const ready = ({ id }: DatabaseContainer) =>
	until('the server answers', async () => (await psql(id, 'select 1')).exitCode === 0);

const volumesOf = async (id: string) =>
	(await docker('inspect', '-f', '{{range .Mounts}}{{.Name}}\n{{end}}', id))
		.split('\n')
		.filter((name) => name !== '');

test.each(images)('%s runs for us alone, and leaves nothing', async (image) => {
	const database = await startDatabaseContainer(host, {
		...specOf(image),
		command: ['postgres', '-c', 'fsync=off'],
	});
	await ready(database);
	expect((await psql(database.id, 'show fsync')).stdout).toBe('off\n');
	const inspected = JSON.parse(await docker('inspect', database.id))[0];
	expect(inspected.HostConfig).toMatchObject({
		NetworkMode: 'none',
		PortBindings: null,
		PublishAllPorts: false,
		Binds: null,
		CapDrop: ['ALL'],
		SecurityOpt: ['no-new-privileges'],
		Privileged: false,
		Memory: 512 << 20,
		LogConfig: { Type: 'none' },
	});
	expect(inspected.Config.Labels).toMatchObject({ [labels.role]: 'drill', [labels.run]: run });
	expect(Object.keys(inspected.NetworkSettings.Networks)).toEqual(['none']);
	const volumes = await volumesOf(database.id);
	expect(volumes).toHaveLength(1);
	expect(await docker('volume', 'inspect', '-f', `{{index .Labels "${labels.run}"}}`, ...volumes)).toBe(run);
	await Promise.all([database.dispose(), database.dispose()]);
	expect(await containersOf(run)).toEqual([]);
	await expect(docker('volume', 'inspect', ...volumes)).rejects.toThrow('no such volume');
});

test('why one ended by itself can be said', async () => {
	const database = await startDatabaseContainer(host, { ...specOf(images[1]), environment: {} });
	await until(
		'it has ended',
		async () => (await docker('inspect', '-f', '{{.State.Running}}', database.id)) === 'false',
	);
	await until('it was heard', async () => database.lastOutput() !== '');
	expect(database.lastOutput()).toContain('superuser password is not specified');
	await database.dispose();
});

test('an image that nobody has is named', async () => {
	const failing = startDatabaseContainer(host, specOf('postgres:0.0-none'));
	await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('postgres:0.0-none') });
	expect(await containersOf(run)).toEqual([]);
});

test('an abort leaves nothing', async () => {
	const aborting = new AbortController();
	const reason = new Error('enough');
	const starting = startDatabaseContainer(host, specOf(images[0]), aborting.signal);
	setImmediate(() => aborting.abort(reason));
	await expect(starting).rejects.toBe(reason);
	expect(await containersOf(run)).toEqual([]);
});

test('when its owner is killed it ends, and is reaped', async () => {
	const { file, remove } = await bundleProgram(`
		import { connectDocker } from './docker/client';
		import { startDatabaseContainer } from './docker/database-container';
		const host = connectDocker({ type: 'socket', socketPath: '/var/run/docker.sock' });
		startDatabaseContainer(host, ${JSON.stringify(specOf(images[1]))})
			.then(({ id }) => process.stdout.write(id + '\\n'));
		setInterval(() => {}, 1000);
	`);
	const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
	await once(child.stdout, 'data');
	const [id] = await containersOf(run);
	const volumes = await volumesOf(id!);
	child.kill('SIGKILL');
	await once(child, 'exit');
	await remove();
	await until(
		'it has ended',
		async () => (await docker('inspect', '-f', '{{.State.Running}}', id!)) === 'false',
	);
	const narrow = seeingOnly(host, run);
	expect(await reapOrphans(narrow, { clock: clockAfter(0) })).toEqual([]);
	expect(await reapOrphans(narrow, { clock: clockAfter(200_000) })).toMatchObject([
		{ containerId: id, runId: run, state: 'exited' },
	]);
	await expect(docker('volume', 'inspect', ...volumes)).rejects.toThrow('no such volume');
});

test('one that still runs is reaped when no drill can take so long', async () => {
	const database = await startDatabaseContainer(host, { ...specOf(images[0]), mostLifeMs: 600_000 });
	const narrow = seeingOnly(host, run);
	expect(await reapOrphans(narrow, { clock: clockAfter(500_000) })).toEqual([]);
	expect(await reapOrphans(narrow, { clock: clockAfter(700_000) })).toMatchObject([
		{ containerId: database.id, state: 'running' },
	]);
	expect(await containersOf(run)).toEqual([]);
	await database.dispose();
});

/** A clock on which `ms` pass between the first look and every later one. */
function clockAfter(ms: number): Clock {
	let looks = 0;
	return {
		now: () => 0,
		monotonic: () => (looks++ === 0 ? 0 : ms),
		sleep: () => Promise.reject(new Error('reaping does not sleep')),
	};
}
