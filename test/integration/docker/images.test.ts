import { ensureImage, findImage } from '../../../docker/images';
import { docker, image, localHost, unique } from './lab';
import { startRegistry, type Registry } from './registry';

const host = localHost();
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const step of cleanUp.splice(0).reverse()) await step();
});
afterAll(() => host.close());

const name = unique('image');

async function registry(...options: [Parameters<typeof startRegistry>[1]?]): Promise<Registry> {
	const started = await startRegistry(name, ...options);
	cleanUp.push(started.close);
	return started;
}

test('an image that is there is found, and nobody is asked for it', async () => {
	const [seen] = JSON.parse(await docker('image', 'inspect', image));
	const said: string[] = [];
	const found = await ensureImage(host, image, { onProgress: (text) => said.push(text) });
	expect(found).toEqual({ id: seen.Id, digest: seen.RepoDigests[0]?.split('@')[1] ?? seen.Id });
	expect(said).toEqual([]);
	expect(await findImage(host, seen.Id)).toEqual(found);
});

test.each([
	['its tag', (r: Registry) => `${r.address}/${name}:latest`],
	['no tag', (r: Registry) => `${r.address}/${name}`],
	['its digest', (r: Registry) => `${r.address}/${name}@${r.digest}`],
])('a missing one is pulled by %s, with progress', async (_by, referenceIn) => {
	// Slow enough that the daemon has something to tell.
	const from = await registry((response, bytes) => {
		const send = (at: number) => {
			if (at >= bytes.length) return void response.end();
			response.write(bytes.subarray(at, at + (1 << 20)));
			setTimeout(() => send(at + (1 << 20)), 150);
		};
		send(0);
	});
	const reference = referenceIn(from);
	cleanUp.push(() => docker('rmi', reference));
	const said: [string, number?][] = [];
	const pulled = await ensureImage(host, reference, { onProgress: (...what) => said.push(what) });
	expect(pulled).toEqual({
		id: await docker('image', 'inspect', '-f', '{{.Id}}', reference),
		digest: from.digest,
	});
	expect(said[0]).toEqual([`pulling ${reference}`, undefined]);
	const percents = said.slice(1).map(([, percent]) => percent!);
	expect(percents.at(-1)).toBe(100);
	expect(percents.filter((percent) => percent > 0 && percent < 100).length).toBeGreaterThan(0);
	expect([...percents].sort((a, b) => a - b)).toEqual(percents);
});

test('a tag that the registry does not have', async () => {
	const { address } = await registry();
	const reference = `${address}/${name}:absent`;
	await expect(ensureImage(host, reference)).rejects.toMatchObject({
		code: 'image_not_found',
		message: expect.stringContaining(reference),
		hint: expect.stringMatching(/Runner Image.*docker load/),
	});
});

test('a registry that nobody can reach', async () => {
	const reference = `127.0.0.1:1/${name}:latest`;
	await expect(ensureImage(host, reference)).rejects.toMatchObject({
		code: 'image_pull_failed',
		message: expect.stringMatching(new RegExp(`^image ${reference} could not be pulled: .*refused`)),
		hint: expect.stringMatching(/Runner Image.*docker load/),
	});
});

test('a registry whose name leads nowhere', async () => {
	const reference = `no-such-registry.invalid/${name}:latest`;
	await expect(ensureImage(host, reference)).rejects.toMatchObject({ code: 'image_pull_failed' });
});

test('a pull that stands still ends after the stall time, not before', async () => {
	const { address } = await registry((response, bytes) => response.write(bytes.subarray(0, 1000)));
	const reference = `${address}/${name}:latest`;
	await expect(ensureImage(host, reference, { stallMs: 1_500 })).rejects.toMatchObject({
		code: 'image_pull_failed',
		message: `image ${reference} could not be pulled: nothing came for 1.5 s`,
	});
	expect(await findImage(host, reference)).toBeUndefined();
});

test('an aborted pull ends with the reason', async () => {
	const controller = new AbortController();
	const { address } = await registry((response, bytes) =>
		response.write(bytes.subarray(0, 1000), () => controller.abort(new Error('enough'))),
	);
	const pulling = ensureImage(host, `${address}/${name}:latest`, { signal: controller.signal });
	await expect(pulling).rejects.toThrow('enough');
});

test('damaged bytes are no image', async () => {
	const { address } = await registry((response, bytes) => void response.end(Buffer.alloc(bytes.length)));
	await expect(ensureImage(host, `${address}/${name}:latest`)).rejects.toMatchObject({
		code: 'image_pull_failed',
	});
});

test('an id is not pulled', async () => {
	await expect(ensureImage(host, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
		code: 'image_not_found',
	});
});

test.each(['UPPER/case:latest', 'a b', 'x:y:z', ''])('%j is refused as a name', async (reference) => {
	await expect(ensureImage(host, reference)).rejects.toMatchObject({
		code: 'invalid_parameter',
		message: expect.stringContaining(JSON.stringify(reference)),
	});
});
