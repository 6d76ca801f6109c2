/**
 * A Docker Engine of its own, reached by TCP with TLS and by SSH: backups, verification and restores go there, and what
 * becomes of a run whose way to it is slow, or cut.
 */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ICredentialTestFunctions, ICredentialsDecrypted } from 'n8n-workflow';
import { connectDocker, describeHost, type DockerEndpoint } from '../../../docker/client';
import { startExec } from '../../../docker/exec';
import { dockerHostTest } from '../../../nodes/shared/credential-tests';
import { scratchDirectories } from '../../fakes/directories';
import { createOddTree, describeTree, diffTrees, noise } from '../../trees/odd-tree';
import { filesOf, json, lab, start, unique, until, type Failure } from '../cli/lab';
import { text } from '../docker/lab';
import { anotherEngine } from '../recovery/empty-engine';
import { makeCertificates } from './certificates';
import { cuttingProxy, freePort, type CuttingProxy } from './cutting-proxy';
import { sshd } from './sshd';

const image = process.env['RUNNER_IMAGE'] ?? 'node:24-bookworm-slim';
const directory = scratchDirectories();
const { keyFile } = lab();
const certificates = directory();
const settings = directory();
const server = sshd();
let tlsPort = 0;
const engine = anotherEngine(async () => {
	await makeCertificates(certificates);
	tlsPort = await freePort();
	const file = (name: string) => join(certificates, 'server', name);
	const files = [
		`--tlscacert=${file('ca.pem')}`,
		`--tlscert=${file('cert.pem')}`,
		`--tlskey=${file('key.pem')}`,
	];
	return ['--host', `tcp://127.0.0.1:${tlsPort}`, '--tlsverify', ...files];
}, image);
const socketPath = () => engine.host.replace('unix://', '');
const pem = (name: string, whose = 'client') => readFileSync(join(certificates, whose, name), 'utf8');
const container = unique('program');
const source = unique('source');
const large = unique('large');

interface Way {
	readonly name: string;
	/** Of what answers there. */
	port(): number;
	endpoint(port?: number): DockerEndpoint;
	credential(): Record<string, unknown>;
	/** For the command. */
	flags(port?: number): string[];
	env(): Record<string, string>;
}

const tls: Way = {
	name: 'TCP with TLS',
	port: () => tlsPort,
	endpoint: (port = tlsPort) => ({
		type: 'tcp',
		host: '127.0.0.1',
		port,
		tls: { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') },
	}),
	credential: () => ({
		connection: 'tcp',
		host: '127.0.0.1',
		port: tlsPort,
		tls: true,
		caCertificate: pem('ca.pem'),
		clientCertificate: pem('cert.pem'),
		clientKey: pem('key.pem'),
	}),
	flags: (port = tlsPort) => ['--docker-host', `tcp://127.0.0.1:${port}`],
	env: () => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(certificates, 'client') }),
};

const ssh: Way = {
	name: 'SSH',
	port: () => server.port,
	endpoint: (port = server.port) =>
		server.endpoint({ port, socketPath: socketPath(), hostKey: server.fingerprint('ed25519') }),
	credential: () => ({
		connection: 'ssh',
		host: '127.0.0.1',
		sshPort: server.port,
		sshUser: 'root',
		sshPrivateKey: server.key('free'),
		sshPassphrase: '',
		sshHostKey: server.knownHosts,
		socketPath: socketPath(),
	}),
	flags: (port = server.port) => {
		const [key, known] = [join(settings, 'key'), join(settings, 'known_hosts')];
		writeFileSync(key, server.key('free'), { mode: 0o600 });
		writeFileSync(known, server.knownHosts.replaceAll(`:${server.port}`, `:${port}`));
		const url = `ssh://root@127.0.0.1:${port}${socketPath()}`;
		return ['--docker-host', url, '--ssh-key-file', key, '--ssh-host-key', known];
	},
	env: () => ({}),
};

const mountpoint = (volume: string) => engine.docker('volume', 'inspect', '-f', '{{.Mountpoint}}', volume);
const runners = async (job: string): Promise<string[]> => {
	const filter = `label=n8n-nodes-docker-backup.job=${job}`;
	return (await engine.docker('ps', '-aq', '--filter', filter)).split('\n').filter((id) => id !== '');
};

beforeAll(async () => {
	for (const volume of [source, large]) await engine.docker('volume', 'create', volume);
	createOddTree(await mountpoint(source));
	// At level 19 this takes many seconds on any machine.
	writeFileSync(join(await mountpoint(large), 'noise'), noise(60 << 20, 6));
	await engine.docker('run', '-d', '--init', '--net', 'none', '--name', container, image, 'sleep', '3600');
});

async function withProxy<T>(way: Way, use: (proxy: CuttingProxy) => Promise<T>): Promise<T> {
	const proxy = await cuttingProxy(way.port());
	try {
		return await use(proxy);
	} finally {
		await proxy.close();
	}
}

describe.each([tls, ssh])('by $name', (way) => {
	test('the credential’s test says where it leads', async () => {
		const credential = { data: way.credential() } as unknown as ICredentialsDecrypted;
		const verdict = await dockerHostTest.call({} as ICredentialTestFunctions, credential);
		const name = await engine.docker('info', '-f', '{{.Name}}');
		expect(verdict).toEqual({ status: 'OK', message: expect.stringContaining(`Connected to ${name}`) });
		const host = connectDocker(way.endpoint());
		expect((await describeHost(host)).id).toBe(await engine.docker('info', '-f', '{{.ID}}'));
		host.close();
	});

	test('a volume is backed up, verified and restored', async () => {
		const at = ['--repository', directory(), '--key-file', keyFile(), ...way.flags()];
		const [job, target] = [unique('job'), unique('restored')];
		const { records } = await json<{ records: { id: string; status: string }[] }>(
			['backup', 'volume', source, '--job', job, ...at],
			0,
			way.env(),
		);
		expect(records).toMatchObject([{ status: 'success' }]);
		const verified = await json(['verify', '--job', job, '--level', 'deep', ...at], 0, way.env());
		expect(verified).toMatchObject({ verifications: [{ id: records[0]!.id, ok: true }] });
		await json(['restore', 'volume', records[0]!.id, '--to', target, ...at], 0, way.env());
		const trees = await Promise.all(
			[source, target].map(async (name) => describeTree(await mountpoint(name))),
		);
		expect(diffTrees(trees[0]!, trees[1]!)).toEqual([]);
		expect(await runners(job)).toEqual([]);
	});

	test('an exec reads its input to the end, and its output goes on after that', async () => {
		const host = connectDocker(way.endpoint());
		const command = ['sh', '-c', 'wc -c; sleep 0.2; echo later; exit 5'] as const;
		const program = await startExec(host, { container, command, input: true });
		program.stdin.end(Buffer.alloc(2_000_000, 'x'));
		program.stderr.resume();
		expect(await text(program.stdout)).toBe('2000000\nlater\n');
		expect(await program.exited).toBe(5);
		host.close();
	});

	test('a host that answers slowly is waited for, and one that never answers is told', async () => {
		await withProxy(way, async (proxy) => {
			proxy.delay(150);
			const slow = connectDocker(way.endpoint(proxy.port));
			expect((await describeHost(slow)).id).toBe(await engine.docker('info', '-f', '{{.ID}}'));
			slow.close();
			proxy.delay(Infinity);
			const silent = connectDocker(way.endpoint(proxy.port), { limitMs: 1_500 });
			await expect(describeHost(silent)).rejects.toMatchObject({
				code: 'docker_unreachable',
				message: expect.stringMatching(/^docker at .* did not answer within 1\.5 s$/),
			});
			silent.close();
		});
	});

	test('a way that is cut in mid-run: a clear error, nothing left, and the next run goes on', async () => {
		await withProxy(way, async (proxy) => {
			const [repository, job] = [directory(), unique('job')];
			const key = ['--key-file', keyFile()];
			const line = ['backup', 'volume', large, '--job', job, '--level', '19', '--repository', repository];
			const { ended } = start([...line, ...key, '--json', ...way.flags(proxy.port)], way.env());
			await until('bytes of the archive', () => bytesBelow(join(repository, 'jobs')) > 1 << 16);
			proxy.cut();
			const { code, stdout, stderr } = await ended;
			if (stdout.length === 0) throw new Error(`exit code ${code}: ${stderr}`);
			const { error } = JSON.parse(stdout.toString()) as Failure;
			expect({ code, error }).toMatchObject({ code: 7, error: { code: 'docker_unreachable' } });
			expect(error.message).toMatch(/closed the connection/);
			expect(await runners(job)).toEqual([]);
			// What it had begun to write it removes itself, if it comes to that before it is stopped.
			const left = filesOf(repository, job).filter((name) => !name.startsWith('.tmp-'));
			expect(left).toEqual([expect.stringMatching(/\.run\.json$/)]);

			const at = ['--repository', repository, ...key, ...way.flags()];
			await json(['backup', 'volume', source, '--job', job, ...at], 0, way.env());
			const { entries } = await json<{ entries: object[] }>(['list', '--repository', repository, ...key]);
			expect(entries).toMatchObject([
				{ status: 'success' },
				{ status: 'failed', error: { code: 'run_interrupted' } },
			]);
			const interrupted = left[0]!.replace('.run.json', '');
			const ofIt = filesOf(repository, job).filter((name) => name.includes(interrupted));
			expect(ofIt).toEqual([`${interrupted}.json`]);
		});
	});
});

function bytesBelow(folder: string): number {
	try {
		return readdirSync(folder, { recursive: true }).reduce(
			(sum, name) => sum + statSync(join(folder, String(name))).size,
			0,
		);
	} catch (error) {
		// Not there yet, or just renamed.
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
		throw error;
	}
}

test.each([
	['no certificate of the client', () => ({ ca: pem('ca.pem') })],
	[
		'an authority that did not sign the host’s',
		() => ({ ca: pem('cert.pem'), cert: pem('cert.pem'), key: pem('key.pem') }),
	],
	[
		'a certificate that is not for clients',
		() => ({ ca: pem('ca.pem'), cert: pem('cert.pem', 'server'), key: pem('key.pem', 'server') }),
	],
])('TLS with %s is refused', async (_what, given) => {
	const host = connectDocker({ type: 'tcp', host: '127.0.0.1', port: tlsPort, tls: given() });
	await expect(describeHost(host)).rejects.toMatchObject({
		code: 'docker_unreachable',
		message: expect.stringMatching(/ failed the TLS handshake: [^\n]+$/),
		hint: expect.stringContaining('TLS in the Docker Host credential'),
	});
	host.close();
});
