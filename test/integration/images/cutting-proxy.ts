/** A way to the Docker Engine by TCP that cuts one kind of request off in the middle of its longer body. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
	readonly port: number;
	/** Connections that were cut. */
	readonly cuts: number;
	close(): Promise<void>;
}

/** Cuts a connection once so many bytes went through it, either way, since a request that begins so. */
export async function cuttingProxy(request: string, bytes: number): Promise<CuttingProxy> {
	const sockets = new Set<Socket>();
	let cuts = 0;
	const server = createServer((near) => {
		const far = connect('/var/run/docker.sock');
		let left: number | undefined;
		for (const socket of [near, far]) {
			sockets.add(socket);
			socket.on('error', () => undefined);
			socket.on('close', () => sockets.delete(socket));
		}
		near.on('close', () => far.destroy());
		far.on('close', () => near.destroy());
		const pass = (chunk: Buffer, to: Socket, from: Socket) => {
			if (left !== undefined) left -= chunk.length;
			if (left === undefined || left > 0) {
				if (to.write(chunk)) return;
				from.pause();
				to.once('drain', () => from.resume());
				return;
			}
			if (!near.destroyed) cuts += 1;
			near.destroy();
			far.destroy();
		};
		near.on('data', (chunk: Buffer) => {
			if (chunk.subarray(0, request.length).toString() === request) left = bytes;
			pass(chunk, far, near);
		});
		far.on('data', (chunk: Buffer) => pass(chunk, near, far));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		port: (server.address() as AddressInfo).port,
		get cuts() {
			return cuts;
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, 'close');
		},
	};
}
