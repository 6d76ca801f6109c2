/** Mistakes about what is backed up, by what and where: code, exit code, a hint, and nothing left behind. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { command, docker, failure, fill, lab, refusal, unique, volumeExists, type Failure } from './lab';

const { directory, job: newJob, keyFile, volume } = lab();
const images: string[] = [];
let source: string;
const key = ['--key-file', keyFile()];

beforeAll(async () => {
	source = await volume('source');
	await fill(source, { a: 'a', 'sub/b': 'b' });
});
afterAll(async () => {
	for (const image of images) await docker('rmi', '-f', image);
});

/** Runs a backup that must fail before there is anything to record. */
async function refused(
	what: { repository: string; volumes?: string[]; flags?: string[] },
	exitCode: number,
	code: string,
): Promise<Failure['error']> {
	const { repository, volumes = [source], flags = key } = what;
	const error = await refusal(newJob(), volumes, ['--repository', repository, ...flags], exitCode);
	expect(error.code).toBe(code);
	return error;
}

test('a missing volume is not made', async () => {
	const repository = directory();
	const name = unique('missing');
	const error = await refused({ repository, volumes: [source, name] }, 5, 'volume_not_found');
	expect(error.message).toContain(name);
	expect(await volumeExists(name)).toBe(false);
	expect(readdirSync(repository)).toEqual([]);
});

test.each([
	['a/b', 2],
	['$(id)', 5],
	['..', 2],
	['../etc', 2],
	['/etc', 2],
] as const)('the volume name %j', async (name, exitCode) => {
	const repository = directory();
	await refused(
		{ repository, volumes: [name] },
		exitCode,
		exitCode === 5 ? 'volume_not_found' : 'invalid_parameter',
	);
	expect(readdirSync(repository)).toEqual([]);
});

test('the same volume twice', async () => {
	await refused({ repository: directory(), volumes: [source, source] }, 2, 'invalid_parameter');
});

test.each(['a/b', '..', '../x', 'a..b', '.hidden', '-', 'x'.repeat(65), 'a b', 'a\nb', ''])(
	'the job name %j',
	async (job) => {
		const repository = directory();
		const line = ['backup', 'volume', source, `--job=${job}`, '--repository', repository, ...key];
		const error = await failure(line, 2);
		expect(error.code).toBe(job === '' ? 'usage' : 'invalid_job_name');
		expect(readdirSync(repository)).toEqual([]);
	},
);

describe('the runner image', () => {
	test.each(['../x', '..', 'a//b', 'A/b', 'a b'])('%j, which can be none', async (name) => {
		const line = [
			'backup',
			'volume',
			source,
			'--job',
			newJob(),
			'--repository',
			directory(),
			...key,
			'--runner-image',
			name,
		];
		expect((await failure(line, 2)).code).toBe('invalid_parameter');
	});

	test('that no registry gives', async () => {
		const error = await refused(
			{ repository: directory(), flags: [...key, '--runner-image', 'localhost:1/none:1'] },
			7,
			'image_pull_failed',
		);
		expect(error.message).toContain('localhost:1/none:1');
	});

	test('without Node.js', async () => {
		const image = unique('empty');
		images.push(image);
		const repository = directory();
		execFileSync('bash', ['-c', `tar -c --files-from /dev/null | docker import - ${image}`], {
			stdio: 'ignore',
		});
		await refused({ repository, flags: [...key, '--runner-image', image] }, 7, 'image_without_node');
		expect(readdirSync(repository)).toEqual([]);
	});

	test('without tar', async () => {
		const image = unique('no-tar');
		images.push(image);
		const repository = directory();
		const container = unique('no-tar');
		await docker(
			'run',
			'--name',
			container,
			'--network',
			'none',
			'node:24-bookworm-slim',
			'sh',
			'-c',
			'rm "$(command -v tar)"',
		);
		await docker('commit', container, image);
		await docker('rm', container);
		await refused({ repository, flags: [...key, '--runner-image', image] }, 7, 'image_without_tar');
		expect(readdirSync(repository)).toEqual([]);
	});
});

describe('Docker', () => {
	test('is not there', async () => {
		const repository = directory();
		for (const url of ['unix:///nonexistent/docker.sock', 'tcp://127.0.0.1:1']) {
			const error = await refused(
				{ repository, flags: [...key, '--docker-host', url] },
				7,
				'docker_unreachable',
			);
			expect(error.message).toContain(url);
		}
		expect(readdirSync(repository)).toEqual([]);
	});

	test('does not let us', async () => {
		const socket = join(directory(), 'docker.sock');
		const server = createServer().listen(socket);
		await new Promise((resolve) => server.once('listening', resolve));
		chownSync(socket, 65534, 65534);
		execFileSync('chmod', ['0600', socket]);
		// Root itself is let through everywhere but for this: without its right to override permissions.
		const unprivileged = [
			'--bounding-set=-dac_override,-dac_read_search',
			'--inh-caps=-dac_override,-dac_read_search',
		];
		const line = [
			command,
			'backup',
			'volume',
			source,
			'--job',
			newJob(),
			'--repository',
			directory(),
			...key,
			'--docker-host',
			`unix://${socket}`,
			'--json',
		];
		const { status, stdout } = spawnSync('setpriv', [...unprivileged, '--', process.execPath, ...line], {
			encoding: 'utf8',
		});
		server.close();
		expect([status, JSON.parse(stdout)]).toMatchObject([
			7,
			{ error: { code: 'docker_permission_denied', hint: expect.any(String) as string } },
		]);
	});
});
