import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hijack, openStream, request, segment, type DockerRequest } from '../../../docker/api';
import { connectDocker } from '../../../docker/client';
import { BackupError } from '../../../protocol/errors';
import { closeDaemons, httpDaemon, tcpDaemon } from './fake-daemon';

afterEach(closeDaemons);

const ask: DockerRequest = { method: 'GET', path: '/info', doing: 'say anything' };

describe('an answer', () => {
	test('comes parsed; method, path, query and body go as they are', async () => {
		const seen: unknown[] = [];
		const host = await httpDaemon((incoming, response) => {
			let body = '';
			incoming.on('data', (text) => (body += String(text)));
			incoming.on('end', () => {
				seen.push([incoming.method, incoming.url, body, incoming.headers['content-type']]);
				response.end('{"fine": [1, "é"]}');
			});
		});
		const query = { all: true, filters: { label: ['a=b c'] }, name: 'x&y' };
		expect(await request(host, { ...ask, query })).toEqual({ fine: [1, 'é'] });
		await request(host, { ...ask, method: 'POST', body: { Name: 'ü', Labels: {} } });
		await request(host, { ...ask, method: 'DELETE' });
		const [first, second, third] = seen as string[][];
		const url = new URL(first![1]!, 'http://daemon');
		expect(url.pathname).toBe('/info');
		expect(Object.fromEntries(url.searchParams)).toEqual({
			all: 'true',
			filters: '{"label":["a=b c"]}',
			name: 'x&y',
		});
		expect(second).toEqual(['POST', '/info?', '{"Name":"ü","Labels":{}}', 'application/json']);
		expect(third!.slice(0, 3)).toEqual(['DELETE', '/info?', '']);
	});

	test('that is empty is null', async () => {
		const host = await httpDaemon((_request, response) => response.writeHead(204).end());
		expect(await request(host, ask)).toBeNull();
	});

	test('that is no JSON is an error', async () => {
		const host = await httpDaemon((_request, response) => response.end('<html>Welcome!</html>'));
		await expect(request(host, ask)).rejects.toMatchObject({ code: 'docker_failed' });
	});

	test('of a status that is accepted is null, whatever it says', async () => {
		const host = await httpDaemon((_request, response) => response.writeHead(404).end('{"message":"no"}'));
		expect(await request(host, { ...ask, accept: [404] })).toBeNull();
	});

	test.each([
		[500, '{"message":"disk is full"}', 'docker_failed', 'could not say anything: disk is full'],
		[500, 'plain words', 'docker_failed', 'could not say anything: plain words'],
		[502, '', 'docker_failed', 'HTTP status 502'],
		[
			403,
			'{"message":"no POST"}',
			'docker_permission_denied',
			'does not allow this client to say anything: no POST',
		],
		[401, 'who?', 'docker_permission_denied', 'who?'],
		[400, 'Client sent an HTTP request to an HTTPS server.\n', 'docker_unreachable', 'wants TLS'],
		[301, '', 'docker_failed', ''],
	])('of status %d with %j is %s', async (status, body, code, message) => {
		const host = await httpDaemon((_request, response) => response.writeHead(status).end(body));
		await expect(request(host, ask)).rejects.toMatchObject({
			code,
			message: expect.stringContaining(message),
		});
	});

	test('that sends us elsewhere is not followed, and kills nothing', async () => {
		const host = await httpDaemon((_request, response) =>
			response.writeHead(301, { Location: 'http://no-such-host.invalid/' }).end(),
		);
		await expect(request(host, ask)).rejects.toMatchObject({ code: 'docker_failed' });
	});
});

describe('a request ends', () => {
	const cases: [string, () => Promise<ReturnType<typeof connectDocker>>, string][] = [
		['when nothing is ever said', () => tcpDaemon(() => undefined, 100), 'did not answer within 0.1 s'],
		[
			'when the answer stops in its middle',
			() => httpDaemon((_request, response) => response.writeHead(200).write('{"half":'), 100),
			'did not answer within 0.1 s',
		],
		[
			'when an error stops in its middle',
			() => httpDaemon((_request, response) => response.writeHead(500).write('{"half":'), 100),
			'did not answer within 0.1 s',
		],
		[
			'when the answer breaks off',
			() => httpDaemon((_request, response) => response.write('{"half":', () => response.destroy())),
			'closed the connection',
		],
		[
			'when the connection closes at once',
			() => tcpDaemon((socket) => socket.destroy()),
			'closed the connection',
		],
		[
			'when it is not HTTP',
			() => tcpDaemon((socket) => socket.end('SSH-2.0-OpenSSH_9\r\n')),
			'does not speak HTTP',
		],
	];
	test.each(cases)('%s', async (_when, start, message) => {
		await expect(request(await start(), ask)).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: expect.stringMatching(new RegExp(`^docker at tcp://127.0.0.1:\\d+ ${message}`)),
			hint: expect.stringContaining('port'),
		});
	});

	test.each([
		['before it began', () => AbortSignal.abort(new BackupError('timed_out', 'stop'))],
		['while it waits', () => abortSoon()],
	])('with the reason of a signal that aborts %s', async (_when, signal) => {
		const host = await tcpDaemon(() => undefined);
		await expect(request(host, { ...ask, signal: signal() })).rejects.toMatchObject({
			code: 'timed_out',
			message: 'stop',
		});
	});

	test('with the reason of a signal that aborts inside the answer', async () => {
		const host = await httpDaemon((_request, response) => response.writeHead(200).write('{"half":'));
		await expect(request(host, { ...ask, signal: abortSoon() })).rejects.toMatchObject({ message: 'stop' });
	});

	function abortSoon(): AbortSignal {
		const controller = new AbortController();
		setTimeout(() => controller.abort(new BackupError('timed_out', 'stop')), 30);
		return controller.signal;
	}

	test('and leaves no listener on a signal that lives on', async () => {
		const host = await httpDaemon((_request, response) => response.end('{}'));
		const { signal } = new AbortController();
		const added = jest.spyOn(signal, 'addEventListener');
		const removed = jest.spyOn(signal, 'removeEventListener');
		for (let i = 0; i < 3; i++) await request(host, { ...ask, signal });
		expect(added).toHaveBeenCalledTimes(3);
		expect(removed.mock.calls).toEqual(added.mock.calls);
	});
});

describe('an endpoint where nobody answers', () => {
	test('a socket that is not there', async () => {
		const host = connectDocker({ type: 'socket', socketPath: '/nowhere/docker.sock' });
		await expect(request(host, ask)).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: 'docker at unix:///nowhere/docker.sock has no socket',
			hint: expect.stringContaining('mount the socket'),
		});
	});

	test('a file that is no socket', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'dbk-'));
		const socketPath = join(folder, 'docker.sock');
		await writeFile(socketPath, '');
		const host = connectDocker({ type: 'socket', socketPath });
		await expect(request(host, ask)).rejects.toMatchObject({ code: 'docker_unreachable' });
		await rm(folder, { recursive: true });
	});

	test.each([
		['127.0.0.1', 1, 'refused the connection'],
		['::1', 1, ''],
		['no-such-host.invalid', 2375, 'has a host name that cannot be resolved'],
	])('%s port %d', async (name, port, message) => {
		const host = connectDocker({ type: 'tcp', host: name, port });
		await expect(request(host, ask)).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: expect.stringContaining(message),
		});
	});

	test('TLS where there is none', async () => {
		const { endpoint } = await tcpDaemon((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
		if (endpoint.type !== 'tcp') throw new Error('not tcp');
		const host = connectDocker({ ...endpoint, tls: {} });
		await expect(request(host, ask)).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: expect.stringContaining('TLS'),
			hint: expect.stringContaining('certificate'),
		});
	});
});

test('what the environment says of Docker is not looked at', async () => {
	const host = await httpDaemon((_request, response) => response.end('{"right":true}'));
	const before = { ...process.env };
	Object.assign(process.env, {
		DOCKER_HOST: 'tcp://127.0.0.1:1',
		DOCKER_TLS_VERIFY: '1',
		DOCKER_CLIENT_TIMEOUT: '1',
	});
	try {
		if (host.endpoint.type !== 'tcp') throw new Error('not tcp');
		expect(await request(connectDocker(host.endpoint), ask)).toEqual({ right: true });
		const local = connectDocker({ type: 'socket', socketPath: '/nowhere/docker.sock' });
		await expect(request(local, ask)).rejects.toMatchObject({
			message: expect.stringContaining('/nowhere/docker.sock has no socket'),
		});
	} finally {
		process.env = before;
	}
});

describe('a stream', () => {
	test('outlives the limit, and ends with the signal', async () => {
		const host = await httpDaemon((_request, response) => response.write('first'), 50);
		const controller = new AbortController();
		const stream = await openStream(host, { ...ask, signal: controller.signal });
		expect(String((await once(stream, 'data'))[0])).toBe('first');
		await new Promise((resolve) => setTimeout(resolve, 100)); // past the limit
		expect(stream.destroyed).toBe(false);
		controller.abort();
		await expect(once(stream, 'end')).rejects.toMatchObject({ name: 'AbortError' });
	});
});

describe('a hijacked connection', () => {
	const head = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

	test('is asked for without a body, gives the first bytes, and closes by halves', async () => {
		let received = '';
		const host = await tcpDaemon((socket) => {
			socket.once('data', () => socket.write(`${head}early `));
			socket.on('data', (bytes) => (received += String(bytes)));
			socket.on('end', () => socket.end('late'));
		});
		const socket = await hijack(host, { ...ask, method: 'POST' });
		socket.end('input');
		let sent = '';
		for await (const bytes of socket) sent += String(bytes);
		expect(sent).toBe('early late');
		const [request, rest] = received.split('\r\n\r\n');
		expect(rest).toBe('input');
		expect(request).toMatch(/^POST \/info\? HTTP\/1\.1\r\n/);
		expect(request).toMatch(/^content-length: 0$/im);
		expect(request).toMatch(/^upgrade: tcp$/im);
	});

	test('stays when limit and signal pass', async () => {
		const host = await tcpDaemon((socket) => {
			socket.once('data', () => socket.write(head));
			socket.on('end', () => socket.end('still here'));
		}, 50);
		const controller = new AbortController();
		const socket = await hijack(host, { ...ask, method: 'POST', signal: controller.signal });
		controller.abort();
		await new Promise((resolve) => setTimeout(resolve, 100)); // past the limit
		socket.end();
		expect(String((await once(socket, 'data'))[0])).toBe('still here');
	});

	test('that a proxy does not grant is an error', async () => {
		const host = await httpDaemon((_request, response) => response.end('{}'));
		await expect(hijack(host, { ...ask, method: 'POST' })).rejects.toMatchObject({
			code: 'docker_unreachable',
			message: expect.stringContaining('proxy'),
		});
	});
});

test.each(['', '.', '..', '../etc', 'a/b', 'a\\b', 'a\0b'])('%j is no segment of a path', (name) => {
	expect(() => segment(name)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test.each([
	['plain', 'plain'],
	['a b?c#d', 'a%20b%3Fc%23d'],
	['...', '...'],
	['ä%', '%C3%A4%25'],
])('%j is the segment %s', (name, expected) => {
	expect(segment(name)).toBe(expected);
});
