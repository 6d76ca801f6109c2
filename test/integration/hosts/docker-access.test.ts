/**
 * docs/docker-access.json, which docs/DOCKER-ACCESS.md shows as tables, is what a socket proxy must allow: every
 * operation runs through one that allows just its calls, and makes all of them.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { defaultRunner, testDockerHost } from '../../../operations/index';
import { connectDocker } from '../../../docker/client';
import { labels } from '../../../docker/labels';
import { reapOrphans } from '../../../docker/reap';
import { scratchDirectories } from '../../fakes/directories';
import { docker, failure, fill, json, lab, mountpoint, unique } from '../cli/lab';
import { seeingOnly } from '../docker/lab';
import { postgresLab } from '../postgres/lab';
import { access, allowedBy, callOf, isRecovery } from './access';
import { filteringProxy, type FilteringProxy } from './filtering-proxy';

const image = process.env['RUNNER_IMAGE'] ?? 'node:24-bookworm-slim';
const containers: string[] = [];
const images: string[] = [];
// Before the volumes that they use, which lab() removes.
afterAll(async () => {
	await proxy.close();
	await docker('rm', '-f', '-v', ...containers);
	await docker('rmi', '-f', ...images);
});
const { directory, job: newJob, keyFile, volume, volumeName } = lab();
const scratch = scratchDirectories();
const { server } = postgresLab();
let proxy: FilteringProxy;
let current = '';
const tried = new Set<string>();

let at: string[];
let source: string;
let postgres: Awaited<ReturnType<typeof server>>;
let small: string;
const [volumeJob, postgresJob, sqliteJob, imageJob] = [newJob(), newJob(), newJob(), newJob()];

beforeAll(async () => {
	const socketPath = join(scratch(), 'proxy.sock');
	proxy = await filteringProxy(socketPath, (method, path) => allowedBy(current, method, path));
	at = ['--repository', directory(), '--key-file', keyFile(), '--docker-host', `unix://${socketPath}`];
	source = await volume('source');
	await fill(source, { a: 'a' });
	const database = new DatabaseSync(join(await mountpoint(source), 'app.db'));
	database.exec('create table t (x)');
	database.close();
	small = `${unique('image')}:1`;
	images.push(small);
	const folder = directory();
	writeFileSync(join(folder, 'file'), 'one file');
	execFileSync('bash', ['-c', 'tar -C "$0" -c . | docker import - "$1"', folder, small]);
	postgres = await server(17);
	await postgres.create('shop', 'create table orders (id int); insert into orders values (1);');
	const user = unique('user');
	containers.push(user);
	const line = ['-d', '--init', '--network', 'none', '--name', user, '-v', `${source}:/data`];
	await docker('run', ...line, image, 'sleep', '3600');
});
/** Runs it with what the table allows for this operation, and compares that with what was called. */
async function through(name: string, run: () => Promise<unknown>): Promise<void> {
	tried.add(name);
	current = name;
	proxy.calls();
	await run();
	const called = new Set(proxy.calls().map(callOf));
	const listed = access.operations.find((operation) => operation.name === name);
	if (!listed || process.env['LEARN']) {
		console.log(JSON.stringify({ name, calls: [...called].sort() }));
		return;
	}
	// What others left on this host, any operation may have to set right.
	const expected = (call: string) => listed.calls.includes(call) || !isRecovery(call);
	expect([...called].filter(expected).sort()).toEqual([...listed.calls].sort());
}

const command = (...line: string[]) => json(line, 0, { PGPASSWORD: postgres.password });
const onHost = () => at.slice(-2);

test.each<[string, () => Promise<unknown>]>([
	[
		'Pickers, Docker Resources',
		async () => {
			for (const what of ['containers', 'volumes', 'images']) await command('resources', what, ...onHost());
		},
	],
	['Docker Resources, sizes of volumes', () => command('resources', 'volumes', '--sizes', ...onHost())],
	['Backup Volume', () => command('backup', 'volume', source, '--job', volumeJob, ...at)],
	[
		'Backup Volume, containers paused',
		() => command('backup', 'volume', source, '--job', volumeJob, '--quiesce', 'pause', '--no-guard', ...at),
	],
	[
		'Backup Volume, containers stopped',
		() => command('backup', 'volume', source, '--job', volumeJob, '--quiesce', 'stop', '--no-guard', ...at),
	],
	[
		'Verify Archive, Backup Catalog, Copy Archive',
		async () => {
			await command('verify', '--job', volumeJob, ...at);
			await command('list', ...at);
		},
	],
	[
		'Restore: volume',
		() => command('restore', 'volume', '--job', volumeJob, '--to', volumeName('new'), ...at),
	],
	[
		'Restore: volume, overwrite',
		() =>
			command(
				'restore',
				'volume',
				'--job',
				volumeJob,
				'--to',
				source,
				'--overwrite',
				'--confirm',
				source,
				...at,
			),
	],
	[
		'Dump Postgres',
		() =>
			command(
				'backup',
				'postgres',
				'--container',
				postgres.container,
				'--database',
				'shop',
				'--job',
				postgresJob,
				...at,
			),
	],
	[
		'Restore: Postgres',
		() => command('restore', 'postgres', '--job', postgresJob, '--container', postgres.container, ...at),
	],
	['Verify Archive: drill', () => command('drill', 'postgres', '--job', postgresJob, ...at)],
	[
		'Snapshot SQLite',
		() => command('backup', 'sqlite', '--volume', source, '--path', 'app.db', '--job', sqliteJob, ...at),
	],
	['Restore: SQLite', () => command('restore', 'sqlite', '--job', sqliteJob, '--volume', source, ...at)],
	['Backup Image', () => command('backup', 'image', small, '--job', imageJob, '--level', '1', ...at)],
	[
		'Restore: image',
		async () => {
			await docker('rmi', small);
			await command('restore', 'image', '--job', imageJob, ...at);
		},
	],
	[
		'A runner image that is missing',
		async () => {
			// Nobody answers at this registry: asking for it is what counts.
			const missing = ['--runner-image', 'localhost:1/none:1'];
			const line = ['backup', 'volume', source, '--job', volumeJob, ...missing, ...at];
			expect(await failure(line, 7)).toMatchObject({ code: 'image_pull_failed' });
		},
	],
	[
		'Test of the Docker Host credential',
		() =>
			testDockerHost(
				{ endpoint: { type: 'socket', socketPath: proxy.socketPath }, runner: { ...defaultRunner, image } },
				AbortSignal.timeout(60_000),
			),
	],
	[
		'What a run left that died',
		async () => {
			const run = unique('run');
			const label = [`${labels.role}=read`, `${labels.run}=${run}`, `${labels.job}=nightly`];
			const left = await docker('create', ...label.flatMap((each) => ['--label', each]), image, 'true');
			const host = connectDocker({ type: 'socket', socketPath: proxy.socketPath });
			let looks = 0;
			const clock = {
				now: () => 0,
				monotonic: () => (looks++ === 0 ? 0 : 180_000),
				sleep: () => Promise.resolve(),
			};
			const reaped = await reapOrphans(seeingOnly(host, run), { clock });
			expect(reaped.map(({ containerId }) => containerId)).toEqual([left]);
			host.close();
		},
	],
])('%s', (name, run) => through(name, run));

test('no operation of the table is left out', () => {
	expect(access.operations.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});
