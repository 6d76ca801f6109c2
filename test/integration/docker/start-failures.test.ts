import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type Modem from 'docker-modem';
import type { DockerHost } from '../../../docker/client';
import { startRunner, type RunnerMount } from '../../../docker/runner';
import { engineDied } from '../../../protocol/engine-process';
import { BackupError } from '../../../protocol/errors';
import { containersOf, docker, localHost, specOf, text, unique } from './lab';

let host: DockerHost;
let run: string;
beforeEach(() => {
	host = localHost();
	run = unique('run');
});
afterEach(async () => {
	host.close();
	const left = await containersOf(run);
	if (left.length > 0) await docker('rm', '-f', ...left);
	expect(left).toEqual([]);
});

const engine = 'setInterval(() => {}, 1000);';

/** The host, with `seen` told of each request when it is sent and when it is answered. */
function watched(seen: (what: 'asked' | 'answered', path: string) => void): DockerHost {
	const modem = Object.create(host.modem) as Modem;
	modem.dial = (options, callback) => {
		seen('asked', options.path);
		host.modem.dial(options, (error, answer) => {
			seen('answered', options.path);
			callback?.(error, answer);
		});
	};
	return { ...host, modem };
}

describe('an abort', () => {
	test.each([
		['asked', /^\/images\//],
		['answered', /^\/images\//],
		['asked', /\/create\?/],
		['answered', /\/create\?/],
		['asked', /\/attach\?/],
		['answered', /\/attach\?/],
		['asked', /\/start\?/],
		['answered', /\/start\?/],
	] as const)('when the daemon was %s %s leaves no container', async (when, path) => {
		const controller = new AbortController();
		const reason = new BackupError('timed_out', 'the whole run took too long');
		const host = watched((what, seenPath) => {
			if (what === when && path.test(seenPath)) controller.abort(reason);
		});
		await expect(startRunner(host, specOf(run), engine, controller.signal)).rejects.toBe(reason);
		expect(controller.signal.aborted).toBe(true);
		expect(await containersOf(run)).toEqual([]);
	});

	test('before the start asks the daemon nothing', async () => {
		const asked: string[] = [];
		const host = watched((_what, path) => asked.push(path));
		await expect(startRunner(host, specOf(run), engine, AbortSignal.abort())).rejects.toMatchObject({
			name: 'AbortError',
		});
		expect(asked).toEqual([]);
	});

	test.each([5, 20, 40, 60, 80, 100, 120, 150])(
		'%d ms after the start began leaves no container',
		async (ms) => {
			const started = startRunner(host, specOf(run), engine, AbortSignal.timeout(ms));
			const ended = await started.then(
				(runner) => runner.dispose(), // it was faster
				(error: unknown) => error,
			);
			if (ended !== undefined) expect(ended).toMatchObject({ name: 'TimeoutError' });
			expect(await containersOf(run)).toEqual([]);
		},
	);

	test('after the start is the caller’s business', async () => {
		const controller = new AbortController();
		const runner = await startRunner(
			host,
			specOf(run),
			'process.stdin.pipe(process.stdout)',
			controller.signal,
		);
		controller.abort();
		runner.stdin.end('still there');
		expect(await text(runner.stdout)).toBe('still there');
		expect((await runner.exited).exitCode).toBe(0);
		await runner.dispose();
	});
});

describe('what is missing', () => {
	test('a volume is an error, and Docker does not make it', async () => {
		const source = unique('absent');
		const mounts: RunnerMount[] = [{ type: 'volume', source, target: '/source', readOnly: true }];
		await expect(startRunner(host, specOf(run, { mounts }), engine)).rejects.toMatchObject({
			code: 'volume_not_found',
			message: `volume "${source}" does not exist on the docker host`,
		});
		expect(await docker('volume', 'ls', '-q', '--filter', `name=${source}`)).toBe('');
	});

	test.each([
		['source_missing', {}],
		['repository_not_found', { missingCode: 'repository_not_found' }],
	] as const)('a directory is %s with %o', async (code, given) => {
		const source = join(tmpdir(), unique('absent'));
		const mounts: RunnerMount[] = [
			{ type: 'bind', source: '/etc', target: '/other', readOnly: true },
			{ type: 'bind', source, target: '/repository', readOnly: false, ...given },
		];
		await expect(startRunner(host, specOf(run, { mounts }), engine)).rejects.toMatchObject({
			code,
			message: `directory "${source}" does not exist on the docker host`,
			hint: expect.stringContaining('machine that runs Docker'),
		});
	});

	test('an image is told by its name', async () => {
		const image = `${unique('absent')}:latest`;
		await expect(startRunner(host, specOf(run, { image }), engine)).rejects.toMatchObject({
			code: 'image_not_found',
			message: expect.stringContaining(image),
			hint: expect.stringMatching(/Runner Image.*docker load/),
		});
	});

	test('a network is told in the words of the daemon', async () => {
		const network = unique('absent');
		await expect(startRunner(host, specOf(run, { network }), engine)).rejects.toMatchObject({
			code: 'docker_failed',
			message: expect.stringContaining(network),
		});
	});
});

describe('images that cannot run the engine', () => {
	const made: string[] = [];
	afterAll(async () => {
		for (const image of made) await docker('rmi', '-f', image);
	});

	/** An image with these executables, each the given bytes. */
	async function imageWith(files: Record<string, string>, ...changes: string[]): Promise<string> {
		const image = `${unique('image')}:test`;
		const folder = await mkdtemp(join(tmpdir(), 'dbk-image-'));
		const lines = Object.entries(files).map(
			([name, content]) => `printf '%s' '${content}' > ${name} && chmod 755 ${name}`,
		);
		const options = changes.flatMap((change) => ['--change', change]).map((word) => `'${word}'`);
		const command = ['touch some-file', ...lines, `tar -c . | docker import ${options.join(' ')} - ${image}`];
		await promisify(execFile)('sh', ['-ec', command.join(' && ')], { cwd: folder });
		await rm(folder, { recursive: true });
		made.push(image);
		return image;
	}

	test('one without node', async () => {
		const image = await imageWith({});
		await expect(startRunner(host, specOf(run, { image }), engine)).rejects.toMatchObject({
			code: 'image_without_node',
			message: `image ${image} has no node`,
			hint: expect.stringContaining('Runner Image'),
		});
	});

	test('one whose node is of another architecture, or no program', async () => {
		const image = await imageWith({ node: 'no program' }, 'ENV PATH=/');
		// Some daemons refuse to start it, others start it and it fails by itself.
		const failure = await startRunner(host, specOf(run, { image }), engine).then(
			async (runner) => {
				const [said, exit] = await Promise.all([text(runner.stderr), runner.exited]);
				await runner.dispose();
				return engineDied(exit, said);
			},
			(error: unknown) => error,
		);
		expect(failure).toMatchObject({
			code: 'image_without_node',
			hint: expect.stringContaining('Runner Image'),
		});
	});

	test('an anonymous volume that the image asks for is removed with the runner', async () => {
		const image = `${unique('image')}:test`;
		const base = await docker('create', 'node:24-bookworm-slim');
		await docker('commit', '--change', 'VOLUME /asked-for', base, image);
		made.push(image);
		await docker('rm', base);
		const runner = await startRunner(host, specOf(run, { image }), engine);
		const name = await docker('inspect', '-f', '{{range .Mounts}}{{.Name}}{{end}}', runner.containerId);
		expect(name).toMatch(/^[0-9a-f]{64}$/);
		await runner.dispose();
		expect(await docker('volume', 'ls', '-q', '--filter', `name=${name}`)).toBe('');
	});
});
