/** Podman's Docker-compatible service, with storage of its own: nothing of the machine's Podman is seen or touched. */
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../cli/lab';

export interface PodmanService {
	readonly socketPath: string;
	podman(...args: string[]): Promise<string>;
}

/** Call it at the top of a test file; the images are copied from the machine's Docker Engine. */
export function podmanService(...images: string[]): PodmanService {
	const folder = mkdtempSync(join(tmpdir(), 'dbk-podman-'));
	const file = (name: string) => join(folder, name);
	writeFileSync(
		file('storage.conf'),
		`[storage]\ndriver = "overlay"\nrunroot = "${file('run')}"\ngraphroot = "${file('graph')}"\n`,
	);
	// Its own are above what a machine may allow.
	writeFileSync(
		file('containers.conf'),
		'[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n',
	);
	const env = {
		...process.env,
		CONTAINERS_STORAGE_CONF: file('storage.conf'),
		CONTAINERS_CONF: file('containers.conf'),
	};
	const socketPath = file('podman.sock');
	let service: ChildProcess | undefined;
	const podman = async (...args: string[]): Promise<string> =>
		(await promisify(execFile)('podman', args, { env })).stdout.trim();
	beforeAll(async () => {
		const copy = 'set -o pipefail; docker save "$@" | podman load';
		const copied = spawnSync('bash', ['-c', copy, 'bash', ...images], { env });
		if (copied.status !== 0) throw new Error(String(copied.stderr));
		// Loaded, they are of no registry.
		for (const image of images)
			await podman('tag', `localhost/${image}`, `docker.io/library/${image}`).catch(() => '');
		const line = ['system', 'service', '--time=0', `unix://${socketPath}`];
		service = spawn('podman', line, { env, stdio: 'ignore' });
		await until('the service of Podman', () => existsSync(socketPath));
	});
	afterAll(async () => {
		await podman('rm', '--all', '--force', '--time', '0', '--volumes');
		if (service && service.exitCode === null) {
			const ended = once(service, 'exit');
			service.kill('SIGTERM');
			await ended;
		}
		execFileSync('podman', ['system', 'reset', '--force'], { env, stdio: 'ignore' });
		rmSync(folder, { recursive: true, force: true });
	});
	return { socketPath, podman };
}
