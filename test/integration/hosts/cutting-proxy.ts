/** A way by TCP to a port of this machine, which can be slow, and which can be cut. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
	readonly port: number;
	/** How many connections go through it. */
	readonly open: number;
	/** Drops all connections there are, as a router that restarts; new ones work. */
	cut(): void;
	/** From now on each piece is passed on after so many milliseconds; Infinity: never. */
	delay(ms: number): void;
	close(): Promise<void>;
}

export async function cuttingProxy(target: number): Promise<CuttingProxy> {
	const sockets = new Set<Socket>();
	let delayMs = 0;
	const pass = (from: Socket, to: Socket): void => {
		from.on('data', (piece: Buffer) => {
			if (delayMs === 0) return void (to.write(piece) || from.pause());
			from.pause();
			if (delayMs === Infinity) return;
			setTimeout(() => {
				if (!to.destroyed) to.write(piece);
				from.resume();
			}, delayMs);
		});
		to.on('drain', () => from.resume());
		from.on('end', () => to.end());
		from.on('close', () => to.destroy());
		from.on('error', () => to.destroy());
	};
	const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
		const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
		for (const socket of [near, far]) {
			sockets.add(socket);
			socket.on('close', () => sockets.delete(socket));
		}
		pass(near, far);
		pass(far, near);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const cut = () => {
		for (const socket of sockets) socket.resetAndDestroy();
	};
	return {
		port: (server.address() as AddressInfo).port,
		get open() {
			return sockets.size / 2;
		},
		cut,
		delay: (ms) => (delayMs = ms),
		close: async () => {
			cut();
			server.close();
			await once(server, 'close');
		},
	};
}

export async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, 'close');
	return port;
}
