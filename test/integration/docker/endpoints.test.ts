import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { connectDocker, describeHost, type DockerEndpoint } from '../../../docker/client';
import { bundleProgram } from './orphan';
import { docker, image, localHost, runEngine, socketPath, specOf, unique } from './lab';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const step of cleanUp.splice(0).reverse()) await step();
});

/** Passes each connection on to the daemon's socket, halves apart as the daemon itself would. */
function passOn(client: Socket): void {
	const daemon = connect({ path: socketPath, allowHalfOpen: true });
	client.pipe(daemon).pipe(client);
	client.on('error', () => daemon.destroy());
	client.on('close', () => daemon.destroy());
	daemon.on('error', () => client.destroy());
}

async function listening(server: Server): Promise<number> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	cleanUp.push(async () => {
		for (const socket of sockets) socket.destroy();
		await new Promise((resolve) => server.close(resolve));
	});
	return (server.address() as AddressInfo).port;
}

/** What must work over every way to a daemon: asking it, and a runner with both directions and a half close. */
async function expectWorking(endpoint: DockerEndpoint): Promise<void> {
	const host = connectDocker(endpoint);
	const engine = `
		let input = '';
		process.stdin.on('data', (c) => (input += c));
		process.stdin.on('end', () => {
			process.stderr.write(input.length + ' read');
			for (let i = 0; i < 64; i++) process.stdout.write(Buffer.alloc(65536, 'x'));
		});`;
	expect(await describeHost(host)).toEqual(await describeHost(localHost()));
	const { stdout, stderr, exit } = await runEngine(host, specOf(unique('run')), engine, 'x'.repeat(1 << 20));
	expect(stderr).toBe(`${1 << 20} read`);
	expect(stdout.length).toBe(64 * 65_536);
	expect(exit.exitCode).toBe(0);
	host.close();
}

test('the local socket', async () => {
	const [seen] = [JSON.parse(await docker('info', '-f', '{{json .}}'))];
	expect(await describeHost(localHost())).toEqual({
		id: seen.ID,
		name: seen.Name,
		version: seen.ServerVersion,
		os: seen.OperatingSystem,
		architecture: seen.Architecture,
	});
	await expectWorking({ type: 'socket', socketPath });
});

test('TCP', async () => {
	const port = await listening(createServer({ allowHalfOpen: true }, passOn));
	await expectWorking({ type: 'tcp', host: '127.0.0.1', port });
});

describe('TCP with TLS', () => {
	let folder: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'dbk-tls-'));
		const openssl = (line: string) => promisify(execFile)('openssl', line.split(' '), { cwd: folder });
		const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
		await openssl(`req -x509 ${newKey} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority`);
		await writeFile(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1');
		for (const who of ['server', 'client']) {
			await openssl(`req ${newKey} -keyout ${who}.key -out ${who}.csr -subj /CN=${who}`);
			const sign = `-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names`;
			await openssl(`x509 -req -in ${who}.csr ${sign} -out ${who}.pem`);
		}
	});
	afterAll(() => rm(folder, { recursive: true }));

	const pem = (name: string) => readFile(join(folder, name), 'utf8');

	/** As dockerd --tlsverify: only clients that the authority vouches for. */
	async function tlsPort(): Promise<number> {
		const [ca, cert, key] = await Promise.all(['ca.pem', 'server.pem', 'server.key'].map(pem));
		const options = { ca, cert, key, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
		return await listening(createTlsServer(options, passOn));
	}

	test('works with the client’s certificate', async () => {
		const port = await tlsPort();
		const [ca, cert, key] = await Promise.all(['ca.pem', 'client.pem', 'client.key'].map(pem));
		await expectWorking({ type: 'tcp', host: '127.0.0.1', port, tls: { ca, cert, key } });
	});

	test.each([
		['no certificate of the client', async () => ({ ca: await pem('ca.pem') })],
		['an authority that did not sign the server’s', async () => ({ ca: await pem('client.pem') })],
		['no authority', () => Promise.resolve({})],
	])('refuses %s', async (_what, tls) => {
		const host = connectDocker({ type: 'tcp', host: '127.0.0.1', port: await tlsPort(), tls: await tls() });
		await expect(describeHost(host)).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: expect.stringMatching(/ failed the TLS handshake: [^\n]+$/),
			hint: expect.stringContaining('TLS in the Docker Host credential'),
		});
	});
});

test('a user who may not use the socket is told how to change that', async () => {
	const { file, remove } = await bundleProgram(`
		import { connectDocker, describeHost } from './docker/client';
		describeHost(connectDocker({ type: 'socket', socketPath: '/var/run/docker.sock' })).then(
			(description) => console.log(JSON.stringify({ description })),
			({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })),
		);
	`);
	cleanUp.push(remove);
	const mount = (source: string, target: string) => [
		'--mount',
		`type=bind,src=${source},dst=${target},readonly`,
	];
	// As n8n runs for most: in a container, as a user of its own, with the socket mounted.
	const said = await docker(
		...['run', '--rm', '--network', 'none', '--user', '65534:65534'],
		...mount(socketPath, '/var/run/docker.sock'),
		...mount(join(file, '..'), '/program'),
		...[image, 'node', '/program/program.js'],
	);
	expect(JSON.parse(said)).toEqual({
		code: 'docker_permission_denied',
		message: 'no permission to use docker at unix:///var/run/docker.sock',
		hint: expect.stringMatching(/group.*group_add/),
	});
});
