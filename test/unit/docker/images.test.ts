import { ensureImage, findImage, splitReference } from '../../../docker/images';
import { pullReport } from '../../../docker/pull-progress';
import { cannedDaemon, closeDaemons } from './fake-daemon';

afterEach(closeDaemons);

test.each([
	['node', 'node', 'latest'],
	['node:24', 'node', '24'],
	['library/node:24-slim', 'library/node', '24-slim'],
	['registry.example:5000/team/node', 'registry.example:5000/team/node', 'latest'],
	['registry.example:5000/team/node:24', 'registry.example:5000/team/node', '24'],
	['node@sha256:abc', 'node', 'sha256:abc'],
	['registry.example:5000/node@sha256:abc', 'registry.example:5000/node', 'sha256:abc'],
])('%s is pulled as %s and %s', (reference, fromImage, tag) => {
	expect(splitReference(reference)).toEqual({ fromImage, tag });
});

test('an image from a registry has its digest there, one from nowhere its id', async () => {
	const host = await cannedDaemon({
		'GET /images/node%3A24/json': { Id: 'sha256:1', RepoDigests: ['node@sha256:2', 'other@sha256:3'] },
		'GET /images/own/json': { Id: 'sha256:4', RepoDigests: [] },
		'GET /images/team/old/json': { Id: 'sha256:5', RepoDigests: null },
	});
	expect(await findImage(host, 'node:24')).toEqual({ id: 'sha256:1', digest: 'sha256:2' });
	expect(await findImage(host, 'own')).toEqual({ id: 'sha256:4', digest: 'sha256:4' });
	expect(await findImage(host, 'team/old')).toEqual({ id: 'sha256:5', digest: 'sha256:5' });
	expect(await findImage(host, 'absent')).toBeUndefined();
});

test.each([
	['an abort', undefined, 'enough'],
	['a stall', 50, 'image node:24 could not be pulled: nothing came for 0.05 s'],
])('%s of a pull closes the connection, so that the daemon can stop too', async (_what, stallMs, message) => {
	const controller = new AbortController();
	let closed = () => {};
	const connectionClosed = new Promise<void>((resolve) => (closed = resolve));
	const host = await cannedDaemon({
		'POST /images/create': (_request, response) => {
			response.on('close', () => closed());
			response.write('{"status":"Pulling"}\n');
		},
	});
	const onProgress = () => stallMs ?? setTimeout(() => controller.abort(new Error('enough')), 20);
	const pulling = ensureImage(host, 'node:24', { signal: controller.signal, onProgress, stallMs });
	await expect(pulling).rejects.toThrow(message);
	await connectionClosed;
});

test.each([
	[
		'{"status":"Pulling"}\n{"errorDetail":{"message":"no space left"},"error":"no space left"}\n',
		'no space left',
	],
	['{"status":"Pulling"}\nno JSON\n', 'not JSON'],
])('a pull that says %j fails', async (said, message) => {
	const host = await cannedDaemon({ 'POST /images/create': (_request, response) => response.end(said) });
	await expect(ensureImage(host, 'node:24')).rejects.toThrow(message);
});

test('a pull that breaks off fails', async () => {
	const host = await cannedDaemon({
		'POST /images/create': (_request, response) =>
			void response.write('{"status":"Pulling"}\n', () => response.destroy()),
	});
	await expect(ensureImage(host, 'node:24')).rejects.toMatchObject({ code: 'image_pull_failed' });
});

test('a pull that ends well and leaves no image is told', async () => {
	const host = await cannedDaemon({
		'POST /images/create': (_request, response) => void response.end('{"status":"Done"}\n'),
	});
	await expect(ensureImage(host, 'node:24')).rejects.toMatchObject({ code: 'image_not_found' });
});

test.each(['', '  ', '/node', 'node//x', '../../volumes', 'a/../b'])('%j is no image', async (reference) => {
	const host = await cannedDaemon({});
	await expect(findImage(host, reference)).rejects.toMatchObject({ code: 'invalid_parameter' });
});

test('progress sums the layers, never falls, and repeats nothing', () => {
	const said: [string, number | undefined][] = [];
	const report = pullReport('node:24', (text, percent) => said.push([text, percent]));
	const downloading = (id: string, current: number, total: number) =>
		report({ id, status: 'Downloading', progressDetail: { current, total } });
	report({ status: 'Pulling from library/node', id: '24' });
	report({ status: 'Pulling fs layer', id: 'a', progressDetail: {} });
	downloading('a', 10e6, 40e6);
	downloading('a', 10e6, 40e6);
	downloading('b', 0, 60e6); // more to do than was known
	downloading('a', 30e6, 40e6);
	report({ status: 'Download complete', id: 'a', progressDetail: {} });
	report({ status: 'Already exists', id: 'c', progressDetail: {} });
	report({ status: 'Extracting', id: 'b', progressDetail: { current: 1, total: 60e6 } });
	report({ status: 'Status: Downloaded newer image' });
	expect(said).toEqual([
		['pulling node:24: 10.0 of 40.0 MB', 25],
		['pulling node:24: 10.0 of 100.0 MB', 25],
		['pulling node:24: 30.0 of 100.0 MB', 30],
		['pulling node:24: 40.0 of 100.0 MB', 40],
		['pulling node:24: 100.0 of 100.0 MB', 100],
	]);
});
