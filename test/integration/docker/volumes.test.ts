import { randomBytes } from 'node:crypto';
import {
	containersUsingVolume,
	createVolume,
	findVolume,
	inspectVolume,
	listVolumes,
	removeVolume,
} from '../../../docker/volumes';
import { docker, image, localHost, unique } from './lab';

const host = localHost();
const made: string[] = [];
afterAll(async () => {
	for (const name of made) await docker('volume', 'rm', '-f', name);
	host.close();
});

function fresh(): string {
	const name = unique('volume');
	made.push(name);
	return name;
}

test('a created volume is found, listed and removed', async () => {
	const name = fresh();
	const created = await createVolume(host, { name, labels: { [name]: 'mine' } });
	expect(created).toEqual({
		name,
		driver: 'local',
		mountpoint: await docker('volume', 'inspect', '-f', '{{.Mountpoint}}', name),
		labels: { [name]: 'mine' },
		createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
		scope: 'local',
		options: {},
	});
	expect(await inspectVolume(host, name)).toEqual(created);
	const listed = await listVolumes(host, { filter: name.toUpperCase() });
	expect(listed).toEqual([{ ...created, usedBy: [] }]);
	await removeVolume(host, name);
	expect(await findVolume(host, name)).toBeUndefined();
});

test('driver options reach the driver and come back', async () => {
	const name = fresh();
	const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' };
	await createVolume(host, { name, labels: {}, driver: 'local', options });
	expect((await inspectVolume(host, name)).options).toEqual(options);
});

test('a list is ordered by name and knows who uses what, running or not', async () => {
	const part = unique('list');
	const names = ['b', 'a', 'c'].map((letter) => `${part}-${letter}`);
	made.push(...names);
	for (const name of names) await docker('volume', 'create', name);
	const mount = (name: string, more = '') => ['--mount', `type=volume,src=${name},dst=/x${more}`];
	const container = unique('user');
	await docker('create', '--name', container, ...mount(`${part}-a`, ',readonly'), image);
	const listed = await listVolumes(host, { filter: part });
	expect(listed.map(({ name, usedBy }) => [name, usedBy.map((user) => user.name)])).toEqual([
		[`${part}-a`, [container]],
		[`${part}-b`, []],
		[`${part}-c`, []],
	]);
	expect(await containersUsingVolume(host, `${part}-a`)).toEqual([
		{ id: expect.stringMatching(/^[0-9a-f]{64}$/), name: container, state: 'created', readOnly: true },
	]);
	expect(await containersUsingVolume(host, `${part}-b`)).toEqual([]);
	await expect(removeVolume(host, `${part}-a`)).rejects.toMatchObject({
		code: 'docker_failed',
		message: expect.stringContaining('in use'),
	});
	await docker('rm', container);
});

test('a mount point is not taken for the name of a volume', async () => {
	const name = fresh();
	await docker('volume', 'create', name);
	const container = unique('user');
	await docker('create', '--name', container, '--mount', `type=volume,src=${name},dst=/place`, image);
	expect(await containersUsingVolume(host, '/place')).toEqual([]);
	await docker('rm', container);
});

test('a volume that is there is not handed out as a new one', async () => {
	const name = fresh();
	await docker('volume', 'create', '--label', 'whose=theirs', name);
	const creating = createVolume(host, { name, labels: { whose: 'ours' } });
	await expect(creating).rejects.toMatchObject({
		code: 'target_exists',
		message: expect.stringContaining(name),
	});
	expect((await inspectVolume(host, name)).labels).toEqual({ whose: 'theirs' });
});

test('of two who create the same volume at once, one is told that it exists', async () => {
	for (let round = 0; round < 10; round++) {
		const name = fresh();
		const each = ['one', 'two'].map((who) => createVolume(host, { name, labels: { who } }));
		const ends = await Promise.allSettled(each);
		expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
		expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
			reason: { code: 'target_exists' },
		});
	}
});

test.each([inspectVolume, removeVolume])('%p of a volume that is not there', async (ask) => {
	const name = unique('absent');
	await expect(ask(host, name)).rejects.toMatchObject({
		code: 'volume_not_found',
		message: `volume "${name}" does not exist on the docker host`,
		hint: expect.any(String),
	});
});

test.each(['', 'a/b', '../etc', 'a b', '$(id)', 'a?force=1', 'ä', '-leading', 'x\ny'])(
	'the name %j reaches Docker as it is, or not at all',
	async (name) => {
		await expect(
			createVolume(host, { name, labels: { made: randomBytes(8).toString('hex') } }),
		).rejects.toMatchObject({
			code: 'invalid_parameter',
		});
	},
);
