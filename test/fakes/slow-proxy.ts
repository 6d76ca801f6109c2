/** A thin line to a real server: carries so many bytes a second towards it, over all connections together. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface SlowProxy {
	readonly endpoint: string;
	/** What went towards the server. */
	readonly bytes: number;
	close(): Promise<void>;
}

export async function startSlowProxy(upstream: string, bytesPerSecond: number): Promise<SlowProxy> {
	const { hostname, port } = new URL(upstream);
	const open = new Set<Socket>();
	let bytes = 0;
	let freeAt = performance.now();
	/** After each piece, the time that it takes on this line. */
	const carry = async (length: number): Promise<void> => {
		const now = performance.now();
		freeAt = Math.max(freeAt, now) + (length / bytesPerSecond) * 1000;
		bytes += length;
		await new Promise((resolve) => setTimeout(resolve, freeAt - now));
	};
	const server = createServer((client) => {
		const onward = connect(Number(port), hostname);
		for (const [one, other] of [
			[client, onward],
			[onward, client],
		] as const) {
			open.add(one);
			one.on('error', () => other.destroy());
			one.on('close', () => open.delete(one));
		}
		onward.pipe(client);
		const forward = async (): Promise<void> => {
			for await (const chunk of client as AsyncIterable<Buffer>) {
				await carry(chunk.length);
				if (!onward.write(chunk)) await new Promise((resolve) => onward.once('drain', resolve));
			}
			onward.end();
		};
		// A client that goes away in the middle.
		forward().catch(() => onward.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		get bytes() {
			return bytes;
		},
		async close() {
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			for (const socket of open) socket.destroy();
			await closed;
		},
	};
}
