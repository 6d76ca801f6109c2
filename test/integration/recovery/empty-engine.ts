/**
 * A Docker Engine of its own beside the machine's: the new host of a recovery, or another host. It has no volume, no
 * container and no image but those it is given, and a bridge of its own, so it touches nothing of the first engine.
 * Needs root.
 */
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../cli/lab';

export interface EmptyEngine {
	/** As DOCKER_HOST takes it. */
	readonly host: string;
	docker(...args: string[]): Promise<string>;
	/** With -9. Resolves once it is gone; what it had started goes on until it comes back. */
	kill(): Promise<void>;
	/** As when the machine loses its power: dockerd, containerd and all containers at once. */
	crash(): Promise<void>;
	/** Resolves once it answers again. */
	restart(): Promise<void>;
}

/** Call it at the top of a test file; the images are copied from the first engine. */
export function emptyEngine(...images: string[]): EmptyEngine {
	return anotherEngine(() => Promise.resolve([]), ...images);
}

/** As `emptyEngine`; `prepare` gives more arguments for dockerd. */
export function anotherEngine(prepare: () => Promise<readonly string[]>, ...images: string[]): EmptyEngine {
	const root = mkdtempSync(join(tmpdir(), 'docker-backup-engine-'));
	const host = `unix://${join(root, 'docker.sock')}`;
	const log = join(root, 'log');
	let daemon: ChildProcess | undefined;
	const docker = async (...args: string[]): Promise<string> =>
		(await promisify(execFile)('docker', ['--host', host, ...args])).stdout.trim();
	const answers = async (): Promise<boolean> => {
		if (daemon?.exitCode !== null)
			throw new Error(`dockerd ended:\n${readFileSync(log, 'utf8').slice(-4000)}`);
		return await docker('version').then(
			() => true,
			() => false,
		);
	};
	const restart = async (): Promise<void> => {
		daemon = start(host, root, log, await prepare());
		await until('the second Docker Engine', answers);
	};
	const kill = async (): Promise<void> => {
		const ended = new Promise((resolve) => daemon?.once('exit', resolve));
		daemon?.kill('SIGKILL');
		await ended;
		// The kernel ends its containerd with it; until that is so, the next one would wait for it in vain.
		const file = join(root, 'exec-root', 'containerd', 'containerd.pid');
		const pid = readFileSync(file, 'utf8');
		await until('its containerd to end', () => !readProcess(pid, 'cmdline').includes(root));
		rmSync(file);
	};
	const crash = async (): Promise<void> => {
		const all = startedBy(root);
		await kill();
		for (const pid of [...all, ...startedBy(root)]) spawnSync('kill', ['-KILL', pid]);
	};
	beforeAll(async () => {
		addBridge();
		await restart();
		const copied = spawnSync('bash', [
			'-c',
			'set -o pipefail; docker save "${@:2}" | docker --host "$1" load',
			'bash',
			host,
			...images,
		]);
		if (copied.status !== 0) throw new Error(String(copied.stderr));
	});
	afterAll(async () => {
		if (daemon !== undefined && daemon.exitCode === null) {
			const ended = new Promise((resolve) => daemon?.once('exit', resolve));
			daemon.kill('SIGTERM');
			await ended;
		}
		endLeftBehind(root);
		execFileSync('ip', ['link', 'delete', bridge]);
		unmountBelow(root);
		rmSync(root, { recursive: true, force: true });
	});
	return { host, docker, kill, crash, restart };
}

/** Of /proc; '' when it has ended. */
function readProcess(pid: string, name: string): string {
	try {
		return readFileSync(`/proc/${pid}/${name}`, 'utf8');
	} catch (error) {
		if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
		throw error;
	}
}

/** Process ids of its containerd, the shims, and the containers below them. */
function startedBy(root: string): string[] {
	const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
	const isDirect = (line: string) => /^[^\0]*containerd/.test(line) && line.includes(root);
	const direct = pids.filter((pid) => isDirect(readProcess(pid, 'cmdline')));
	const parentOf = (pid: string) => /\) \S (\d+)/.exec(readProcess(pid, 'stat'))?.[1] ?? '';
	return [...direct, ...pids.filter((pid) => direct.includes(parentOf(pid)))];
}

/** The containerd of a dockerd that was killed is not ended by the next one. */
function endLeftBehind(root: string): void {
	const file = join(root, 'exec-root', 'containerd', 'containerd.pid');
	if (!existsSync(file)) return;
	const pid = readFileSync(file, 'utf8');
	if (readProcess(pid, 'cmdline').includes(root)) process.kill(Number(pid), 'SIGTERM');
}

/** What dockerd leaves mounted when it ends: the network namespace of containers on the host's network. */
function unmountBelow(root: string): void {
	const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
	const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(root));
	for (const point of points.reverse()) execFileSync('umount', [point]);
}

/** Of its own in every process: several tests may have such an engine at once. */
const number = randomInt(1 << 12);
const bridge = `dbk-engine${number.toString(16)}`;

/** With `--bridge=none` dockerd would delete docker0, which is the first engine's. */
function addBridge(): void {
	const subnet = `10.${240 + (number >> 8)}.${number & 255}`;
	execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
	execFileSync('ip', ['addr', 'add', `${subnet}.1/24`, 'dev', bridge]);
	execFileSync('ip', ['link', 'set', bridge, 'up']);
}

function start(host: string, root: string, log: string, more: readonly string[]): ChildProcess {
	const output = openSync(log, 'a');
	const folders = ['data-root', 'exec-root', 'pidfile'].map((name) => `--${name}=${join(root, name)}`);
	const apart = [
		`--bridge=${bridge}`,
		...['iptables', 'ip6tables', 'ip-masq', 'ip-forward'].map((setting) => `--${setting}=false`),
	];
	// The machine's own settings are the first engine's.
	const settings = join(root, 'daemon.json');
	writeFileSync(settings, '{}');
	const line = ['--host', host, '--config-file', settings, ...folders, ...apart, ...more];
	const daemon = spawn('dockerd', line, { stdio: ['ignore', output, output] });
	closeSync(output);
	return daemon;
}
