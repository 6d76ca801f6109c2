/** A Docker Engine behind a real SSH server: every way to its socket, and every way to be refused. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { connectDocker, describeHost } from '../../../docker/client';
import { startExec } from '../../../docker/exec';
import type { SshEndpoint } from '../../../docker/endpoint';
import { docker, image, localHost, runEngine, specOf, text, unique } from '../docker/lab';
import { until } from '../cli/lab';
import { passphrase, powerless, sshd, type Login } from './sshd';

const server = sshd();
const emptyPath = '/tmp/dbk-sshd-path';
/** A machine that forbids forwarding and has a shell, but no docker command. */
const bare = sshd(['AllowStreamLocalForwarding no', `SetEnv PATH=${emptyPath}`]);
const container = unique('ssh');
const secondTypeOnly = sshd(['HostKeyAlgorithms rsa-sha2-512']);

beforeAll(async () => {
	mkdirSync(emptyPath, { recursive: true });
	const shell = join(emptyPath, 'sh');
	execFileSync('rm', ['-f', shell]);
	symlinkSync('/bin/sh', shell);
	await docker('run', '-d', '--init', '--network', 'none', '--name', container, image, 'sleep', '600');
});
afterAll(() => docker('rm', '-f', '-v', container));

async function using<T>(
	endpoint: SshEndpoint,
	use: (host: ReturnType<typeof connectDocker>) => Promise<T>,
): Promise<T> {
	const host = connectDocker(endpoint);
	try {
		return await use(host);
	} finally {
		host.close();
	}
}

const failure = (endpoint: SshEndpoint) =>
	using(endpoint, (host) =>
		describeHost(host).then(
			() => {
				throw new Error('it let us in');
			},
			({ code, message, hint }: { code: string; message: string; hint?: string }) => ({
				code,
				message,
				hint,
			}),
		),
	);

const engine = `
	let input = '';
	process.stdin.on('data', (c) => (input += c));
	process.stdin.on('end', () => {
		process.stderr.write(input.length + ' read');
		for (let i = 0; i < 64; i++) process.stdout.write(Buffer.alloc(65536, 'x'));
	});`;

describe.each<[string, Login, string | undefined]>([
	['forwarding', 'free', undefined],
	['forwarding, with an encrypted key', 'encrypted', passphrase],
	['forwarding, with an RSA key', 'rsa', undefined],
	['a docker command on the far side', 'restricted', undefined],
	['the only command that the key allows', 'command', undefined],
])('by %s', (_name, login, words) => {
	const endpoint = () => server.endpoint({ privateKey: server.key(login), passphrase: words });

	test('the daemon answers, and a runner takes input to its end and gives output', async () => {
		await using(endpoint(), async (host) => {
			expect(await describeHost(host)).toEqual(await describeHost(localHost()));
			const { stdout, stderr, exit } = await runEngine(
				host,
				specOf(unique('run')),
				engine,
				'x'.repeat(3 << 20),
			);
			expect(stderr).toBe(`${3 << 20} read`);
			expect(stdout.length).toBe(64 * 65_536);
			expect(exit.exitCode).toBe(0);
		});
	});

	test('an exec reads its input to the end, and its output goes on after that', async () => {
		await using(endpoint(), async (host) => {
			const program = await startExec(host, {
				container,
				command: ['sh', '-c', 'wc -c; sleep 0.2; echo later; exit 5'],
				input: true,
			});
			program.stdin.write('one ');
			program.stdin.end(Buffer.alloc(2_000_000, 'x'));
			program.stderr.resume();
			expect(await text(program.stdout)).toBe('2000004\nlater\n');
			expect(await program.exited).toBe(5);
		});
	});
});

test('back-pressure reaches the program: what nobody reads is not taken', async () => {
	await using(server.endpoint(), async (host) => {
		const script = 'for i in $(seq 64); do head -c 1048576 /dev/zero; echo $i >/tmp/given; done';
		const program = await startExec(host, { container, command: ['sh', '-c', script], input: false });
		const given = async () =>
			Number(await docker('exec', container, 'sh', '-c', 'cat /tmp/given 2>/dev/null || echo 0'));
		let before = -1;
		const stalled = await until('the program to stall', async () => {
			await new Promise((resolve) => setTimeout(resolve, 500));
			const now = await given();
			const isStalled = now === before && now > 0;
			before = now;
			return isStalled && now;
		});
		expect(stalled).toBeLessThan(16);
		program.stderr.resume();
		expect((await text(program.stdout)).length).toBe(64 << 20);
		expect(await program.exited).toBe(0);
	});
});

test('back-pressure reaches us: a program that does not read lets us write no more', async () => {
	await using(server.endpoint(), async (host) => {
		const command = ['sh', '-c', 'sleep 600'] as const;
		const program = await startExec(host, { container, command, input: true });
		try {
			let taken = 0;
			const write = (): void => {
				program.stdin.write(Buffer.alloc(1 << 20), (error) => {
					if (error || taken >= 64) return;
					taken += 1;
					write();
				});
			};
			write();
			let before = -1;
			await until('the writing to stall', async () => {
				await new Promise((resolve) => setTimeout(resolve, 500));
				const isStalled = taken === before;
				before = taken;
				return isStalled;
			});
			expect(taken).toBeLessThan(16);
		} finally {
			await program.kill();
		}
	});
});

test('one connection carries it all, and ends when it is closed', async () => {
	const sessions = () => execFileSync('ss', ['-Htn', 'state', 'established', `( dport = :${server.port} )`]);
	const count = () =>
		sessions()
			.toString()
			.split('\n')
			.filter((line) => line !== '').length;
	await until('no connection from before', () => count() === 0);
	await using(server.endpoint(), async (host) => {
		await Promise.all(Array.from({ length: 20 }, () => describeHost(host)));
		expect(count()).toBe(1);
	});
	await until('no connection', () => count() === 0);
});

describe('the host key', () => {
	test('known by its fingerprint', async () => {
		await using(server.endpoint({ hostKey: server.fingerprint('ed25519') }), (host) => describeHost(host));
	});

	test('of another type than the one that is preferred', async () => {
		const line = server.knownHosts.split('\n').find((each) => each.includes('ssh-rsa'));
		await using(server.endpoint({ hostKey: line }), (host) => describeHost(host));
		await using(secondTypeOnly.endpoint(), (host) => describeHost(host));
	});

	test('not known: it is named, and nothing else happens', async () => {
		expect(await failure(server.endpoint({ hostKey: '' }))).toEqual({
			code: 'docker_host_untrusted',
			message: `the SSH server at 127.0.0.1:${server.port} is not known yet: its host key is ssh-ed25519 ${server.fingerprint('ed25519')}`,
			hint: expect.stringContaining(`ssh-keyscan -p ${server.port} 127.0.0.1`),
		});
	});

	test.each([
		['line of known_hosts', () => bare.knownHosts.replaceAll(`${bare.port}`, `${server.port}`)],
		['fingerprint', () => bare.fingerprint('ed25519')],
	])('changed since its %s was written down', async (_what, hostKey) => {
		expect(await failure(server.endpoint({ hostKey: hostKey() }))).toEqual({
			code: 'docker_host_untrusted',
			message: `the SSH server at 127.0.0.1:${server.port} has another host key than expected: ssh-ed25519 ${server.fingerprint('ed25519')}`,
			hint: expect.stringMatching(/stand between.*ssh-keygen -lf.*ssh-keyscan/),
		});
	});
});

describe('who is not let in', () => {
	const at = () => `127.0.0.1:${server.port}`;

	test.each([
		['another key', () => ({ privateKey: server.key('stranger') }), 'root'],
		['a user that does not exist', () => ({ user: 'nosuchuser' }), 'nosuchuser'],
	])('%s', async (_what, changes, user) => {
		expect(await failure(server.endpoint(changes()))).toEqual({
			code: 'docker_permission_denied',
			message: `the SSH server at ${at()} does not let user "${user}" in with this private key`,
			hint: expect.stringContaining('authorized_keys'),
		});
	});

	test.each([
		['no passphrase', () => ({}), 'is encrypted'],
		['a wrong passphrase', () => ({ passphrase: 'other words' }), 'does not open with this passphrase'],
	])('%s', async (_what, changes, what) => {
		expect(await failure(server.endpoint({ privateKey: server.key('encrypted'), ...changes() }))).toEqual({
			code: 'invalid_parameter',
			message: `the private key for ssh://root@${at()} ${what}`,
			hint: expect.stringContaining('passphrase'),
		});
	});

	test('a user who may not use the socket', async () => {
		expect(await failure(server.endpoint({ user: powerless }))).toEqual({
			code: 'docker_permission_denied',
			message: `user "${powerless}" may not use the socket /var/run/docker.sock on 127.0.0.1`,
			hint: expect.stringContaining(`usermod -aG docker ${powerless}`),
		});
	});
});

describe('what does not answer', () => {
	test('a socket that is not there', async () => {
		const socketPath = "/run/it's not there/docker.sock";
		expect(await failure(server.endpoint({ socketPath }))).toEqual({
			code: 'docker_unreachable',
			message: `there is no socket ${socketPath} on 127.0.0.1`,
			hint: expect.stringContaining('rootless'),
		});
	});

	test('a server that forbids forwarding and has no docker command', async () => {
		expect(await failure(bare.endpoint())).toMatchObject({
			code: 'docker_unreachable',
			message: expect.stringMatching(/gives no way to .*docker\.sock.*no docker command/),
			hint: expect.stringContaining('AllowStreamLocalForwarding'),
		});
	});

	test('an SSH server that is down', async () => {
		await bare.kill();
		expect(await failure(bare.endpoint())).toEqual({
			code: 'docker_unreachable',
			message: `the SSH server at 127.0.0.1:${bare.port} refused the connection`,
			hint: expect.stringContaining('Check host, port and firewall'),
		});
	});

	test('the SSH server dies under a program: it is said, and the program does not outlive it', async () => {
		const host = connectDocker(secondTypeOnly.endpoint());
		const command = ['sh', '-c', 'echo on; exec sleep 4321'] as const;
		const program = await startExec(host, { container, command, input: true });
		const output = text(program.stdout);
		await secondTypeOnly.kill();
		await expect(output).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: `the SSH server at 127.0.0.1:${secondTypeOnly.port} closed the connection`,
		});
		await until('the program’s end', async () => !(await docker('top', container)).includes('sleep 4321'));
		await secondTypeOnly.start();
		await program.kill();
		host.close();
	});
});
