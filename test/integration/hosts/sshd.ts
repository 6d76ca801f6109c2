/** A real OpenSSH server on a free port of loopback, with its own host keys and users' keys. Needs root. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SshEndpoint } from '../../../docker/endpoint';
import { until } from '../cli/lab';
import { freePort } from './cutting-proxy';

/** How a user's key is let in: options as authorized_keys has them. */
export type Login = 'free' | 'restricted' | 'command' | 'stranger' | 'encrypted' | 'rsa';

export interface Sshd {
	readonly port: number;
	readonly folder: string;
	/** Text of a private key. */
	key(login: Login): string;
	/** Lines as ssh-keyscan prints them. */
	readonly knownHosts: string;
	fingerprint(type: 'ed25519' | 'rsa'): string;
	endpoint(changes?: Partial<SshEndpoint>): SshEndpoint;
	/** As `kill -9` of the server and all its sessions. */
	kill(): Promise<void>;
	start(): Promise<void>;
}

export const passphrase = 'the words to open it';
/** Made by scripts/lab/ssh: may log in, and nothing else. */
export const powerless = 'dbk-lab';

const authorized: Readonly<Record<Exclude<Login, 'stranger'>, string>> = {
	free: '',
	encrypted: '',
	rsa: '',
	restricted: 'restrict ',
	command: 'restrict,command="docker system dial-stdio" ',
};

/** Call it at the top of a test file. `settings`: more lines of sshd_config. */
export function sshd(settings: readonly string[] = []): Sshd {
	const folder = mkdtempSync(join(tmpdir(), 'dbk-sshd-'));
	chmodSync(folder, 0o755); // the keys are read as the user that logs in
	const file = (name: string) => join(folder, name);
	const makeKey = async (name: string, type: string, words = '') => {
		const length = type === 'rsa' ? ['-b', '2048'] : [];
		const line = ['-q', '-t', type, ...length, '-N', words, '-C', 'test', '-f', file(name)];
		await promisify(execFile)('ssh-keygen', line);
	};
	const read = (name: string) => readFileSync(file(name), 'utf8');
	let server: ChildProcess | undefined;
	let port = 0;

	const start = async () => {
		const [binary, config] = ['/usr/sbin/sshd', file('sshd_config')];
		server = spawn(binary, ['-D', '-E', file('log'), '-f', config], { stdio: 'ignore', detached: true });
		await until('the SSH server', () => answers(port));
	};
	const stop = async () => {
		if (server?.pid === undefined || server.exitCode !== null) return;
		const ended = once(server, 'exit');
		// Each session is a process group of its own, and a child of the server.
		for (const pid of [...descendants(server.pid), server.pid]) process.kill(pid, 'SIGKILL');
		await ended;
		server = undefined;
	};

	beforeAll(async () => {
		await Promise.all([
			...['ed25519', 'rsa', 'ecdsa'].map((type) => makeKey(`host_${type}`, type)),
			...['free', 'restricted', 'command', 'stranger'].map((login) => makeKey(login, 'ed25519')),
			makeKey('rsa', 'rsa'),
			makeKey('encrypted', 'ed25519', passphrase),
		]);
		const lines = Object.entries(authorized).map(([name, options]) => options + read(`${name}.pub`));
		for (const user of ['root', powerless]) writeFileSync(file(`${user}.keys`), lines.join(''));
		port = await freePort();
		const config = [
			`ListenAddress 127.0.0.1:${port}`,
			...['ed25519', 'rsa', 'ecdsa'].map((type) => `HostKey ${file(`host_${type}`)}`),
			`AuthorizedKeysFile ${folder}/%u.keys`,
			`PidFile ${file('pid')}`,
			...['StrictModes no', 'UsePAM no', 'PermitRootLogin yes', 'PasswordAuthentication no', 'PrintMotd no'],
			'MaxStartups 100',
			...settings,
		];
		writeFileSync(file('sshd_config'), `${config.join('\n')}\n`);
		await start();
	});
	afterAll(async () => {
		await stop();
		rmSync(folder, { recursive: true });
	});

	const knownHosts = (): string =>
		['ed25519', 'rsa', 'ecdsa'].map((type) => `[127.0.0.1]:${port} ${read(`host_${type}.pub`)}`).join('');
	const key = (login: Login): string => read(login);
	return {
		folder,
		key,
		get port() {
			return port;
		},
		get knownHosts() {
			return knownHosts();
		},
		fingerprint: (type) =>
			execFileSync('ssh-keygen', ['-lf', file(`host_${type}.pub`)])
				.toString()
				.split(' ')[1] ?? '',
		endpoint: (changes) => ({
			type: 'ssh',
			host: '127.0.0.1',
			port,
			user: 'root',
			privateKey: key('free'),
			hostKey: knownHosts(),
			socketPath: '/var/run/docker.sock',
			...changes,
		}),
		kill: stop,
		start,
	};
}

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.once('data', () => resolve(true)).once('close', () => resolve(false));
		socket.once('data', () => socket.destroy()).once('error', () => resolve(false));
	});
}

function descendants(pid: number): number[] {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
	return children
		.filter((child) => child !== '')
		.flatMap((child) => [...descendants(Number(child)), Number(child)]);
}
