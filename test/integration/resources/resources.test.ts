/** What a real engine's containers, volumes and images are listed as. */
import { docker, failure, fill, json, lab, unique, until } from '../cli/lab';
import type { ImageResource } from '../../../operations';
import { backUp, containers, containersOf, image, labelled, mark, volumesOf } from './lab';

// Removed before the volumes that they use.
const { run } = containers();
const { directory, job: newJob, keyFile, volumeName } = lab();

async function volume(what: string, ...labels: string[]): Promise<string> {
	const name = volumeName(what);
	await docker('volume', 'create', ...labelled(...labels), name);
	return name;
}

test('a container with all that is known of it', async () => {
	const [project, mine] = [unique('project'), mark()];
	const data = await volume('data');
	const name = await run(
		...labelled(mine, `com.docker.compose.project=${project}`, 'com.docker.compose.service=web'),
		...['-v', `${data}:/data:ro`, '-v', `${directory()}:/host`],
		...['--health-cmd', 'true', '--health-interval', '1s'],
	);
	const [key] = mine.split('=');
	await until('it to be healthy', async () => (await containersOf('--label', mine))[0]?.health === 'healthy');
	const [found, ...more] = await containersOf(
		'--label',
		key!,
		'--project',
		project,
		'--name',
		'dbk-cli-app-*',
	);
	expect(more).toEqual([]);
	expect(found).toMatchObject({
		name,
		id: await docker('inspect', '-f', '{{.Id}}', name),
		image,
		imageId: await docker('inspect', '-f', '{{.Image}}', name),
		state: 'running',
		running: true,
		health: 'healthy',
		project,
		service: 'web',
		labels: { [key!]: 'yes' },
		networks: ['none'],
	});
	expect(found!.mounts).toContainEqual({
		type: 'volume',
		source: data,
		destination: '/data',
		readOnly: true,
	});
	expect(found!.mounts).toContainEqual({
		type: 'bind',
		source: expect.stringMatching(/^\//),
		destination: '/host',
		readOnly: false,
	});
	await docker('stop', '-t', '0', name);
	expect(await containersOf('--label', mine)).toMatchObject([
		{ state: 'exited', running: false, health: null },
	]);
});

test('an image, with the containers made of it', async () => {
	const name = await run();
	const { images } = await json<{ images: ImageResource[] }>(['resources', 'images', '--name', 'node']);
	const found = images.find(({ tags }) => tags.includes(image));
	expect(found).toMatchObject({ id: await docker('image', 'inspect', '-f', '{{.Id}}', image) });
	expect(found!.sizeBytes).toBeGreaterThan(1_000_000);
	expect(found!.usedBy).toContain(name);
});

test('volumes: who uses them, how large they are, and when they were last backed up', async () => {
	const mine = mark();
	const [used, idle] = [await volume('used', mine), await volume('idle', mine)];
	await fill(idle, { large: Buffer.alloc(1 << 20, 1) });
	const name = await run('-v', `${used}:/data`);
	const keys = ['--key-file', keyFile()];
	const repository = ['--repository', directory(), ...keys];
	const job = newJob();
	const [record] = await backUp([used, '--job', job, ...repository]);

	const [first, second] = (await volumesOf('volumes', '--label', mine, '--sizes')).toSorted((a) =>
		a.name === used ? -1 : 1,
	);
	expect(first).toMatchObject({
		name: used,
		driver: 'local',
		inUse: true,
		anonymous: false,
		usedBy: [{ container: name, state: 'running', readOnly: false }],
	});
	expect(first).not.toHaveProperty('lastProtected');
	expect(second).toMatchObject({ name: idle, inUse: false, usedBy: [] });
	expect(second!.sizeBytes).toBeGreaterThanOrEqual(1 << 20);
	expect(await volumesOf('volumes', '--name', idle)).toMatchObject([{ sizeBytes: null }]);

	const protectedBy = await volumesOf('volumes', '--label', mine, ...repository);
	expect(Object.fromEntries(protectedBy.map((each) => [each.name, each.lastProtected]))).toEqual({
		[used]: { id: record!.id, job, at: record!.startedAt },
		[idle]: null,
	});
	const unprotected = async (...more: string[]) =>
		(await volumesOf('unprotected', '--label', mine, ...repository, ...more)).map((each) => each.name);
	expect(await unprotected()).toEqual([idle]);
	expect(await unprotected('--max-age', '1h')).toEqual([idle]);
	await backUp([idle, '--job', job, ...repository]);
	expect(await unprotected()).toEqual([]);
});

test('a failed backup protects nothing, nor does the volume of the repository count', async () => {
	const mine = mark();
	const [data, repository] = [await volume('data', mine), await volume('repository', mine)];
	const at = ['--repository', `volume:${repository}`, '--no-encrypt'];
	await backUp([await volume('first'), '--job', newJob(), ...at]);
	const unprotected = () => volumesOf('unprotected', '--label', mine, ...at.slice(0, 2));
	expect((await unprotected()).map(({ name }) => name)).toEqual([data]);
	await backUp([data, '--job', newJob(), ...at]);
	expect(await unprotected()).toEqual([]);
});

test('anonymous volumes count only when they are asked for', async () => {
	const name = await run('--mount', 'type=volume,dst=/anonymous');
	const anonymous = await docker('inspect', '-f', '{{(index .Mounts 0).Name}}', name);
	expect(await volumesOf('volumes', '--name', anonymous)).toEqual([]);
	expect(await volumesOf('volumes', '--name', anonymous, '--anonymous')).toMatchObject([
		{ name: anonymous, anonymous: true, usedBy: [{ container: name }] },
	]);
});

test('a repository that is not there is an error, not a host without protection', async () => {
	const line = ['resources', 'unprotected', '--repository', `volume:${unique('nowhere')}`];
	expect(await failure(line, 5)).toMatchObject({ code: expect.stringMatching(/not_found$/) });
});
