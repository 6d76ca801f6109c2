/** Volumes chosen for a backup by what they are on the host at that moment, on a real engine. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectDocker } from '../../../docker/client';
import { selectVolumes } from '../../../operations/select-volumes';
import { cli, docker, failure, fill, lab, mountpoint, refusal, unique } from '../cli/lab';
import { backUp, containers, labelled, mark, sourcesOf } from './lab';

// Removed before the volumes that they use.
const { run } = containers();
const { directory, job: newJob, volumeName } = lab();

async function volume(what: string, ...labels: string[]): Promise<string> {
	const name = volumeName(what);
	await docker('volume', 'create', ...labelled(...labels), name);
	return name;
}

const mounts = (...volumes: string[]) =>
	volumes.flatMap((name, position) => ['--mount', `type=volume,src=${name},dst=/mnt/${position}`]);

describe('by label', () => {
	const enabled = 'docker-backup.enable=true';
	const mine = mark();
	const job = newJob();
	const flags = (repository: string) => [
		...['--label', enabled, '--label', mine],
		...['--job', job, '--repository', repository, '--no-encrypt'],
	];

	test('volumes with it, and the named ones of containers with it; each into an archive of its own', async () => {
		const itself = await volume('itself', enabled, mine);
		const [used, cache, repository] = [
			await volume('used'),
			await volume('cache'),
			await volume('repository'),
		];
		const [other, saysNo] = [
			await volume('other', enabled, mine, 'docker-backup.job=another'),
			await volume('no', mine, 'docker-backup.enable=false'),
		];
		await run(
			...labelled(enabled, mine, `docker-backup.job=${job}`),
			...mounts(used, cache, repository, other, saysNo),
			...['--mount', 'type=volume,dst=/anonymous'],
		);
		await fill(used, { 'a.txt': 'used' });
		const line = [...flags(`volume:${repository}`), '--except', 'dbk-cli-cache-*'];
		const records = await backUp([...line, '--separate']);
		expect(records.map(({ series }) => series).toSorted()).toEqual(
			[`volume:${itself}`, `volume:${used}`].toSorted(),
		);
		// A second run, into one archive, after a volume has joined.
		const late = await volume('late', enabled, mine);
		const [whole, ...more] = await backUp(line);
		expect(more).toEqual([]);
		expect(whole).toMatchObject({ series: 'volumes', status: 'success' });
		expect(sourcesOf(whole!)).toEqual([itself, used, late].toSorted());
	});

	test('the volume of the repository is refused only when it is named', async () => {
		const repository = await volume('repository', enabled, mine);
		const line = ['--repository', `volume:${repository}`, '--no-encrypt'];
		expect(await refusal(newJob(), [repository], line, 2)).toMatchObject({ code: 'repository_in_source' });
	});

	test('a label that nothing has is named', async () => {
		const nobodys = mark();
		const line = ['backup', 'volume', '--label', nobodys, '--job', newJob(), '--repository', directory()];
		expect(await failure([...line, '--no-encrypt'], 5)).toMatchObject({
			code: 'volume_not_found',
			message: `no volume has the label "${nobodys}", and none is used by a container that has it`,
			hint: expect.stringContaining('docker-backup.job'),
		});
	});
});

test('by Compose project: its volumes, and those that its containers use', async () => {
	const project = unique('project');
	const ofProject = `com.docker.compose.project=${project}`;
	const [data, external] = [
		await volume('data', ofProject, 'com.docker.compose.volume=data'),
		await volume('external'),
	];
	await run(...labelled(ofProject, 'com.docker.compose.service=web'), ...mounts(data, external));
	await run(...mounts(await volume('stranger')));
	const line = ['--job', newJob(), '--repository', directory(), '--no-encrypt'];
	const [record] = await backUp(['--project', project, ...line]);
	expect(sourcesOf(record!)).toEqual([data, external].toSorted());
	expect(record!.sources.find(({ name }) => name === data)?.volume).toEqual({
		driver: 'local',
		options: {},
		labels: { 'com.docker.compose.project': project, 'com.docker.compose.volume': 'data' },
	});
	const unknown = unique('project');
	expect(await failure(['backup', 'volume', '--project', unknown, ...line], 5)).toMatchObject({
		message: `the Compose project "${unknown}" has no named volume`,
		hint: expect.stringContaining(project),
	});
});

test('all named volumes of the host, but for what is left out', async () => {
	const [kept, left, repository] = [await volume('kept'), await volume('left'), await volume('repository')];
	const container = await run('--mount', 'type=volume,dst=/anonymous');
	const anonymous = await docker('inspect', '-f', '{{(index .Mounts 0).Name}}', container);
	const host = connectDocker({ type: 'socket', socketPath: '/var/run/docker.sock' });
	// Reading every volume of this machine would be other tests' volumes too: only the choice is looked at.
	const chosen = await selectVolumes(
		host,
		{ by: 'all', except: ['dbk-cli-left-*'] },
		{ job: 'nightly', repository: { type: 'volume', name: repository } },
		new AbortController().signal,
	);
	host.close();
	expect(chosen).toContain(kept);
	for (const name of [left, repository, anonymous]) expect(chosen).not.toContain(name);
	const below = { type: 'directory', path: join(await mountpoint(kept), 'backups') } as const;
	const [first] = await Promise.allSettled([
		selectVolumes(
			host,
			{ by: 'label', labels: [mark()] },
			{ job: 'nightly', repository: below },
			new AbortController().signal,
		),
	]);
	expect(first).toMatchObject({ reason: { code: 'volume_not_found' } });
});

test('directories of the host beside volumes, in one archive, and alone', async () => {
	const name = await volume('beside');
	await fill(name, { 'in-volume': 'v' });
	const source = join(directory(), 'www');
	mkdirSync(source);
	writeFileSync(join(source, 'in-directory'), 'd');
	const repository = directory();
	const line = ['--job', newJob(), '--repository', repository, '--no-encrypt'];
	const [record] = await backUp([name, '--directory', source, ...line]);
	expect(record!.sources.map(({ type }) => type)).toEqual(['volume', 'directory']);
	const to = join(directory(), 'restored');
	const restored = await cli(['restore', 'directory', record!.id, '--to', to, '--repository', repository]);
	expect(restored).toMatchObject({ code: 0 });
	const [, besides] = record!.sources;
	expect(readFileSync(join(to, name, 'in-volume'), 'utf8')).toBe('v');
	expect(readFileSync(join(to, besides!.name, 'in-directory'), 'utf8')).toBe('d');
	const [alone] = await backUp(['--directory', source, ...line]);
	expect(alone!.sources).toEqual([besides]);
	expect(await failure(['backup', 'volume', '--directory', '/no/such/place', ...line], 7)).toMatchObject({
		code: 'source_missing',
	});
});
