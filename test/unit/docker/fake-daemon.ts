/** Servers that answer as a daemon never should, to see what becomes of the requests to them. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connectDocker, type DockerHost } from '../../../docker/client';

const open: { server: Server; sockets: Set<Socket> }[] = [];

async function listen(server: Server, limitMs: number): Promise<DockerHost> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined); // whatever the client does to it
		socket.on('close', () => sockets.delete(socket));
	});
	open.push({ server, sockets });
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return connectDocker({ type: 'tcp', host: '127.0.0.1', port }, { limitMs });
}

export const httpDaemon = (answer: RequestListener, limitMs = 10_000): Promise<DockerHost> =>
	listen(createServer(answer), limitMs);

export const tcpDaemon = (answer: (socket: Socket) => void, limitMs = 10_000): Promise<DockerHost> =>
	listen(createTcpServer({ allowHalfOpen: true }, answer), limitMs);

/** A daemon of canned answers: `METHOD /path` without its query → JSON, or a function that answers. */
export function cannedDaemon(canned: Record<string, object | RequestListener>): Promise<DockerHost> {
	return httpDaemon((request, response) => {
		const answer = canned[`${request.method} ${request.url?.split('?')[0]}`];
		if (typeof answer === 'function') return (answer as RequestListener)(request, response);
		response.statusCode = answer ? 200 : 404;
		response.end(JSON.stringify(answer ?? { message: 'page not found' }));
	});
}

export async function closeDaemons(): Promise<void> {
	for (const { server, sockets } of open.splice(0)) {
		for (const socket of sockets) socket.destroy();
		await new Promise((resolve) => server.close(resolve));
	}
}
