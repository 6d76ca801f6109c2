/** Volumes with options and labels, through a backup and back: made again as they were, or plain, on a real engine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VolumeDefinition } from '../../../protocol/record';
import { docker, failure, json, lab, mountpoint, unique, volumeExists } from '../cli/lab';
import { backUp, containers, image } from './lab';

// Removed before the volumes that they use.
const { run } = containers();
const { directory, job: newJob, keyFile, volumeName } = lab();
const key = keyFile();

interface Restored {
	readonly recreated: readonly string[];
	readonly warnings: readonly string[];
}

async function inspect(name: string): Promise<VolumeDefinition> {
	const [found] = JSON.parse(await docker('volume', 'inspect', name)) as [
		{ Driver: string; Options: Record<string, string> | null; Labels: Record<string, string> | null },
	];
	// What we write on restored volumes is not what they had.
	const labels = Object.entries(found.Labels ?? {}).filter(
		([label]) => !label.startsWith('n8n-nodes-docker-'),
	);
	return { driver: found.Driver, options: found.Options ?? {}, labels: Object.fromEntries(labels) };
}

async function create(what: string, options: Record<string, string>, labels: Record<string, string> = {}) {
	const name = volumeName(what);
	const each = (flag: string, pairs: Record<string, string>) =>
		Object.entries(pairs).flatMap(([pair, value]) => [flag, `${pair}=${value}`]);
	await docker('volume', 'create', ...each('--opt', options), ...each('--label', labels), name);
	return name;
}

/** A volume that leads to a directory of the host, and that directory. */
async function bound(more = '') {
	const place = join(directory(), 'live');
	mkdirSync(place);
	const options = { type: 'none', o: `bind${more}`, device: place };
	const labels = { 'com.docker.compose.project': unique('project'), 'com.docker.compose.volume': 'data' };
	return { name: await create('bound', options, labels), place, options, labels };
}

function repository(protection: readonly string[] = ['--key-file', key]) {
	const at = ['--repository', directory(), ...protection];
	return {
		backUp: (...names: string[]) => backUp([...names, '--job', newJob(), ...at]),
		restore: (id: string, ...flags: string[]) =>
			json<Restored>(['restore', 'volume', id, ...at.filter((flag) => flag !== '--no-encrypt'), ...flags]),
		refusal: (id: string, code: number, ...flags: string[]) =>
			failure(['restore', 'volume', id, ...at, ...flags], code),
	};
}

test('under its own name a volume comes back with driver, options and labels; elsewhere it is plain', async () => {
	const { name, place, options, labels } = await bound();
	writeFileSync(join(place, 'kept'), 'content');
	const plain = await create('plain', {});
	const { backUp, restore } = repository();
	const [record] = await backUp(name, plain);
	const definition = { driver: 'local', options, labels };
	expect(record!.sources).toEqual([
		{ type: 'volume', name, volume: definition },
		{ type: 'volume', name: plain },
	]);
	const only = ['--volume', name];

	const other = volumeName('other');
	expect(await restore(record!.id, ...only, '--to', other)).toMatchObject({ recreated: [], warnings: [] });
	expect(await inspect(other)).toEqual({ driver: 'local', options: {}, labels: {} });
	expect(readFileSync(join(await mountpoint(other), 'kept'), 'utf8')).toBe('content');

	await docker('volume', 'rm', name);
	rmSync(join(place, 'kept'));
	const line = [record!.id, ...only, '--to', name] as const;
	expect(await restore(...line, '--dry-run')).toMatchObject({ recreated: [name] });
	expect(await volumeExists(name)).toBe(false);
	expect(await restore(...line)).toMatchObject({ recreated: [name], warnings: [] });
	expect(await inspect(name)).toEqual(definition);
	expect(readFileSync(join(place, 'kept'), 'utf8')).toBe('content');

	// Backed up again it is still what it was: what we wrote on it is not in the record.
	const [again] = await backUp(name);
	expect(again!.sources).toEqual(record!.sources.slice(0, 1));
});

test('options that lead to live data: refused, and the data is as it was', async () => {
	const { name, place } = await bound();
	writeFileSync(join(place, 'live'), 'before');
	const { backUp, refusal } = repository();
	const [record] = await backUp(name);
	await docker('volume', 'rm', name);
	writeFileSync(join(place, 'live'), 'after');
	expect(await refusal(record!.id, 7, '--to', name)).toMatchObject({
		code: 'target_not_empty',
		message: expect.stringContaining(`device=${place}`),
		hint: expect.stringContaining('under another name'),
	});
	expect(await volumeExists(name)).toBe(false);
	expect(readdirSync(place)).toEqual(['live']);
	expect(readFileSync(join(place, 'live'), 'utf8')).toBe('after');
});

test('a place that is gone: refused with what the options name', async () => {
	const { name, place } = await bound();
	const { backUp, refusal } = repository();
	const [record] = await backUp(name);
	await docker('volume', 'rm', name);
	rmSync(place, { recursive: true });
	expect(await refusal(record!.id, 7, '--to', name)).toMatchObject({
		code: 'docker_failed',
		hint: expect.stringContaining(`device=${place}`),
	});
	expect(await volumeExists(name)).toBe(false);
	expect(existsSync(place)).toBe(false);
});

test('secrets among options and labels are in no record and no list, and keep a volume from being made', async () => {
	const { name, place } = await bound(',password=S3CRET');
	writeFileSync(join(place, 'kept'), 'content');
	const { backUp, refusal, restore } = repository();
	const [record] = await backUp(name);
	expect(JSON.stringify(record)).not.toContain('S3CRET');
	expect(record!.sources[0]!.volume?.options['o']).toBe('bind');
	expect(record!.warnings).toEqual([
		{ code: 'volume_option_masked', message: expect.stringContaining('o=password'), path: null },
	]);
	expect(JSON.stringify(await json(['resources', 'volumes', '--name', name]))).not.toContain('S3CRET');
	await docker('volume', 'rm', name);
	expect(await refusal(record!.id, 2, '--to', name)).toMatchObject({
		code: 'invalid_parameter',
		message: expect.stringContaining('leaves out secrets'),
	});
	expect(await volumeExists(name)).toBe(false);
	await restore(record!.id, '--to', name, '--no-recreate');
	expect(readFileSync(join(await mountpoint(name), 'kept'), 'utf8')).toBe('content');
});

test('without signatures nothing is made by what a record says of places, unless it is asked for', async () => {
	const { name, place, labels } = await bound();
	const { backUp, restore } = repository(['--no-encrypt']);
	const [record] = await backUp(name);
	await docker('volume', 'rm', name);
	expect(await restore(record!.id, '--to', name)).toMatchObject({
		recreated: [],
		warnings: [expect.stringContaining('no signature')],
	});
	expect(await inspect(name)).toEqual({ driver: 'local', options: {}, labels });
	await docker('volume', 'rm', name);
	expect(await restore(record!.id, '--to', name, '--recreate')).toMatchObject({ recreated: [name] });
	expect((await inspect(name)).options['device']).toBe(place);
});

describe('a volume in memory', () => {
	const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=4m' };
	const show = (name: string, path: string) =>
		docker('run', '--rm', '--network', 'none', '-v', `${name}:/m`, image, 'cat', `/m/${path}`);

	test('is backed up while a container holds it; made again it is empty, and that is said', async () => {
		const name = await create('memory', options);
		const holder = await run('-v', `${name}:/m`);
		await docker('exec', holder, 'sh', '-c', 'echo content > /m/kept');
		const { backUp, restore, refusal } = repository();
		const [record] = await backUp(name);
		expect(record).toMatchObject({ status: 'success', entries: 2 });

		const other = volumeName('other');
		await restore(record!.id, '--to', other);
		expect(await show(other, 'kept')).toBe('content');

		// Held by a container, what is restored below it stays.
		const held = await restore(record!.id, '--to', name, '--into', 'restored');
		expect(held.warnings).toEqual([expect.stringContaining('only as long as a container')]);
		expect(await docker('exec', holder, 'cat', '/m/restored/kept')).toBe('content');
		expect(await refusal(record!.id, 2, '--to', name, '--overwrite', '--confirm', name)).toMatchObject({
			code: 'invalid_parameter',
			message: expect.stringContaining('in memory'),
		});
		expect(await docker('exec', holder, 'cat', '/m/kept')).toBe('content');

		await docker('rm', '-f', holder);
		await docker('volume', 'rm', name);
		const made = await restore(record!.id, '--to', name);
		expect(made).toMatchObject({ recreated: [name], warnings: [expect.stringContaining('but empty')] });
		expect((await inspect(name)).options).toEqual(options);
		await expect(show(name, 'kept')).rejects.toThrow(/No such file/);
	});
});
