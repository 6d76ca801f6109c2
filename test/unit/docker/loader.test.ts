import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { encodeBundle, loaderSource } from '../../../docker/loader';
import { decodeEvent } from '../../../protocol/events';

interface Ending {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** The loader in a Node.js of its own, fed these chunks each in a write of its own, then the end. */
async function load(chunks: readonly Buffer[], source = loaderSource): Promise<Ending> {
	const child = spawn(process.execPath, ['--no-warnings', '-e', source]);
	let stdout = '';
	let stderr = '';
	child.stdout.on('data', (text) => (stdout += String(text)));
	child.stderr.on('data', (text) => (stderr += String(text)));
	child.stdin.on('error', () => undefined); // a loader that gave up reads no more: its exit is looked at
	const closed = once(child, 'close');
	for (const chunk of chunks) {
		await new Promise((resolve) => child.stdin.write(chunk, resolve));
		await turn();
	}
	child.stdin.end();
	const [code] = await closed;
	return { code, stdout, stderr };
}

const cut = (bytes: Buffer, length: number) =>
	Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
		bytes.subarray(i * length, (i + 1) * length),
	);

const ways: Record<string, string> = {
	'for await': `(async () => { for await (const c of process.stdin) process.stdout.write(c); })();`,
	data: `process.stdin.on('data', (c) => process.stdout.write(c));`,
	readable: `process.stdin.on('readable', () => { for (let c; (c = process.stdin.read()); ) process.stdout.write(c); });`,
	pipe: `process.stdin.pipe(process.stdout);`,
	'a later turn': `setImmediate(() => process.stdin.on('data', (c) => process.stdout.write(c)));`,
	'a later read': `setTimeout(() => process.stdin.pipe(process.stdout), 20);`,
};

const rest = Buffer.from(Array.from({ length: 5000 }, (_, i) => `frame ${i}\n`).join(''));

describe.each(Object.entries(ways))('an engine that reads by %s', (_way, engine) => {
	const input = Buffer.concat([encodeBundle(engine), rest]);
	test.each([
		['at once', [input]],
		['at the prefix', [input.subarray(0, 4), input.subarray(4)]],
		['inside the prefix', [input.subarray(0, 2), input.subarray(2)]],
		['at the end of the bundle', [input.subarray(0, input.length - rest.length), rest]],
		['in the midst of the bundle', [input.subarray(0, 20), input.subarray(20)]],
		['one byte into the rest', [input.subarray(0, input.length - rest.length + 1), rest.subarray(1)]],
		['in chunks of 997 bytes', cut(input, 997)],
	])('gets exactly what follows the bundle, sent %s', async (_how, chunks) => {
		const { code, stdout, stderr } = await load(chunks);
		expect(stderr).toBe('');
		expect(code).toBe(0);
		expect(stdout).toBe(rest.toString());
	});

	test('sees the end when nothing follows', async () => {
		expect(await load([encodeBundle(engine)])).toEqual({ code: 0, stdout: '', stderr: '' });
	});
});

test('byte for byte', async () => {
	const engine = ways['data']!;
	const { stdout } = await load(cut(Buffer.concat([encodeBundle(engine), Buffer.from('the rest')]), 1));
	expect(stdout).toBe('the rest');
});

test('a bundle of 3 MB, larger than any buffer on its way', async () => {
	const engine = `/*${'é'.repeat(1_500_000)}*/ process.stdin.pipe(process.stdout);`;
	const { stdout } = await load(cut(Buffer.concat([encodeBundle(engine), rest]), 65_536));
	expect(stdout).toBe(rest.toString());
});

test('the bundle is a CommonJS module under a stable name', async () => {
	const engine = `process.stdout.write(JSON.stringify([__filename, typeof require('node:zlib').zstdCompress, typeof module.exports]));
		null.x;`;
	const { code, stdout, stderr } = await load([encodeBundle(engine)]);
	expect(JSON.parse(stdout)).toEqual(['/engine.js', 'function', 'object']);
	expect(stderr).toContain('/engine.js:2');
	expect(code).toBe(1);
});

test.each([0, 3, 4, 10])('input that ends after %d bytes ends the loader', async (length) => {
	const { code, stderr } = await load([encodeBundle('console.log(1)').subarray(0, length)]);
	expect(code).toBe(1);
	expect(stderr).toBe('stdin ended before the engine was whole\n');
});

test('an empty bundle runs', async () => {
	expect(await load([encodeBundle('')])).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('a Node.js without zstd says so in an event, and fails', async () => {
	const { code, stderr } = await load(
		[encodeBundle('throw new Error("must not run")')],
		`delete require('zlib').zstdCompress;${loaderSource}`,
	);
	expect(code).toBe(1);
	expect(decodeEvent(stderr.trimEnd())).toMatchObject({
		event: 'failure',
		code: 'image_node_too_old',
		message: expect.stringContaining(process.version),
		hint: expect.stringContaining('22.15'),
	});
});

test('its syntax is old enough for the Node.js versions that it must refuse', () => {
	expect(loaderSource).not.toMatch(/=>|\blet\b|\bconst\b|`|\?\.|\?\?|\basync\b|\.\.\./);
});
