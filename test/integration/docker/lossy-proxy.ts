/** A way to a Docker Engine by TCP that can lose connections without anybody's notice: both ends stay open, silent. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LossyProxy {
	readonly port: number;
	/** From now on nothing goes through the connections there are; new ones work. */
	lose(): void;
	close(): Promise<void>;
}

export async function startLossyProxy(socketPath: string): Promise<LossyProxy> {
	const sockets = new Set<Socket>();
	const pairs = new Set<[Socket, Socket]>();
	const server = createServer({ allowHalfOpen: true }, (near) => {
		const far = connect({ path: socketPath, allowHalfOpen: true });
		for (const socket of [near, far]) {
			sockets.add(socket);
			socket.on('error', () => undefined);
		}
		pairs.add([near, far]);
		near.pipe(far);
		far.pipe(near);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		port: (server.address() as AddressInfo).port,
		lose: () => {
			for (const [near, far] of pairs) {
				near.unpipe(far).pause();
				far.unpipe(near).pause();
			}
			pairs.clear();
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, 'close');
		},
	};
}
