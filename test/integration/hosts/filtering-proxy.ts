/**
 * A socket proxy in front of the machine's Docker Engine: it writes down every call, and refuses those that are not
 * allowed, as such proxies do (403). Connections that a call is upgraded to pass, each direction for itself.
 */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface FilteringProxy {
	readonly socketPath: string;
	/** Takes what was called since the last time, each call once, as `METHOD /path`. */
	calls(): string[];
	close(): Promise<void>;
}

const engineSocket = '/var/run/docker.sock';

export async function filteringProxy(
	socketPath: string,
	isAllowed: (method: string, path: string) => boolean,
): Promise<FilteringProxy> {
	let seen = new Set<string>();
	const sockets = new Set<Socket>();
	const refusal = JSON.stringify({ message: 'not allowed by the proxy' });
	const passes = ({ method = '', url = '' }: IncomingMessage): boolean => {
		const path = decodeURIComponent(url.split('?')[0] ?? '');
		seen.add(`${method} ${path}`);
		return isAllowed(method, path);
	};
	const server = createServer((asked, answer) => {
		if (!passes(asked)) return void answer.writeHead(403).end(refusal);
		const { method, url: path, headers } = asked;
		const forwarded = request({ socketPath: engineSocket, method, path, headers, agent: false }, (got) => {
			answer.writeHead(got.statusCode ?? 500, got.headers);
			got.pipe(answer);
			got.on('error', () => answer.destroy());
		});
		forwarded.on('error', () => answer.destroy());
		answer.on('close', () => forwarded.destroy());
		asked.pipe(forwarded);
	});
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
	});
	server.on('upgrade', (asked, near: Socket, head: Buffer) => {
		if (!passes(asked))
			return void near.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${refusal.length}\r\n\r\n${refusal}`);
		const far = connect({ path: engineSocket, allowHalfOpen: true });
		const lines = asked.rawHeaders.flatMap((name, at, all) =>
			at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : [],
		);
		far.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
		far.write(head);
		near.pipe(far).pipe(near);
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			one.on('close', () => other.destroy()).on('error', () => other.destroy());
		}
	});
	server.listen(socketPath);
	await once(server, 'listening');
	return {
		socketPath,
		calls() {
			const calls = [...seen].sort();
			seen = new Set();
			return calls;
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, 'close');
		},
	};
}
