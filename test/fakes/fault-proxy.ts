/**
 * A bad network in front of a real HTTP server: hands every request on byte for byte (also `Host`, so that
 * signatures stay valid), but for those that the script wants to go wrong. Requests are counted from 1.
 */
import {
	Agent,
	createServer,
	request as httpRequest,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';

export type NetworkFault =
	/** The proxy answers by itself; the server never sees the request. */
	| { readonly type: 'status'; readonly status: number; readonly code: string }
	/** Connection reset before the server saw anything. */
	| { readonly type: 'reset' }
	/** Connection reset, on both sides, after half of the request's body. */
	| { readonly type: 'reset in request' }
	/** The server does its work; its answer is lost with the connection. */
	| { readonly type: 'answer lost' }
	/** As `status`, after the server did its work: what a gateway in front of it says when it loses patience. */
	| { readonly type: 'answer replaced'; readonly status: number; readonly code: string }
	/** Connection reset after half of the answer's body. */
	| { readonly type: 'reset in answer' }
	/** Half of the answer's body, then a clean end of the connection. */
	| { readonly type: 'cut answer' }
	/** Nothing ever comes back; the server never sees the request. */
	| { readonly type: 'hang' }
	/** Half of the answer's body, then nothing for ever. */
	| { readonly type: 'hang in answer' }
	/** Everything goes through, in small pieces with a pause before each. */
	| { readonly type: 'slow'; readonly pieces: number; readonly pauseMs: number };

export interface SeenRequest {
	readonly number: number;
	readonly method: string;
	/** With the query, as sent. */
	readonly url: string;
	/** In S3's words, e.g. `PUT object`, `PUT part`, `POST uploads`, `POST complete`, `DELETE upload`, `GET list`. */
	readonly what: string;
}

export type Script = (request: SeenRequest) => NetworkFault | undefined;

export interface FaultProxy {
	readonly endpoint: string;
	/** What came since the last `script`. */
	readonly requests: readonly SeenRequest[];
	/** Forgets what came and counts from 1 again; without a script all goes well. */
	script(script?: Script): void;
	/** Breaks every connection and ends. */
	close(): Promise<void>;
}

export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
	const { hostname, port } = new URL(upstream);
	const agent = new Agent({ keepAlive: true });
	let requests: SeenRequest[] = [];
	let script: Script = () => undefined;

	const serve = async (request: IncomingMessage, response: ServerResponse, socket: Socket): Promise<void> => {
		const { method = 'GET', url = '/' } = request;
		const seen = { number: requests.length + 1, method, url, what: whatIs(method, url) };
		requests.push(seen);
		const fault = script(seen);
		if (fault?.type === 'reset') return reset(socket);
		if (fault?.type === 'hang') return void request.resume();
		if (fault?.type === 'status') {
			for await (const _ of request);
			return answer(response, fault.status, fault.code);
		}
		await handOn(request, response, socket, fault, () =>
			httpRequest({ hostname, port, method, path: url, headers: rawHeaders(request), agent, setHost: false }),
		);
	};
	const server: Server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
		// A client that goes away in the middle is part of the game.
		const { socket } = request;
		serve(request, response, socket).catch(() => reset(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		get requests() {
			return requests;
		},
		script(next = () => undefined) {
			requests = [];
			script = next;
		},
		async close() {
			agent.destroy();
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			server.closeAllConnections();
			await closed;
		},
	};
}

async function handOn(
	request: IncomingMessage,
	response: ServerResponse,
	socket: Socket,
	fault: NetworkFault | undefined,
	open: () => ReturnType<typeof httpRequest>,
): Promise<void> {
	const onward = open();
	const answered = new Promise<IncomingMessage>((resolve, reject) => {
		onward.once('response', resolve);
		onward.once('error', reject);
	});
	answered.catch(() => undefined);
	response.once('close', () => onward.destroy());

	if (fault?.type === 'reset in request') {
		await sendHalf(request, lengthOf(request), (chunk) => onward.write(chunk));
		// The server must have seen these bytes, not only this machine's buffers.
		await new Promise((resolve) => setTimeout(resolve, 20));
		onward.destroy();
		return reset(socket);
	}
	if (fault?.type === 'slow') await pipeline(request, slowly(fault, lengthOf(request)), onward);
	else await pipeline(request, onward);

	const back = await answered;
	switch (fault?.type) {
		case 'answer lost':
			for await (const _ of back);
			return reset(socket);
		case 'answer replaced':
			for await (const _ of back);
			return answer(response, fault.status, fault.code);
		case 'reset in answer':
		case 'cut answer':
		case 'hang in answer': {
			response.writeHead(back.statusCode ?? 500, back.rawHeaders);
			response.flushHeaders();
			await sendHalf(back, lengthOf(back), (chunk) => response.write(chunk));
			if (fault.type === 'hang in answer') return;
			// What was written must reach the client before the end does.
			await new Promise((resolve) => setTimeout(resolve, 20));
			if (fault.type === 'cut answer') return void socket.end();
			return reset(socket);
		}
		case 'slow':
			response.writeHead(back.statusCode ?? 500, back.rawHeaders);
			return await pipeline(back, slowly(fault, lengthOf(back)), response);
		default:
			response.writeHead(back.statusCode ?? 500, back.rawHeaders);
			return await pipeline(back, response);
	}
}

/** Headers as they came; Node would join and re-write them. */
function rawHeaders(request: IncomingMessage): Record<string, string | string[]> {
	const headers: Record<string, string | string[]> = {};
	for (let n = 0; n < request.rawHeaders.length; n += 2) {
		const name = request.rawHeaders[n]!;
		const value = request.rawHeaders[n + 1]!;
		headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
	}
	return headers;
}

async function sendHalf(
	from: IncomingMessage,
	length: number,
	send: (chunk: Buffer) => unknown,
): Promise<void> {
	let left = length >> 1;
	// Without this the end of the loop would be the end of the connection.
	const chunks: AsyncIterable<Buffer> = from.iterator({ destroyOnReturn: false });
	for await (const chunk of chunks) {
		if (left > 0) send(chunk.subarray(0, left));
		left -= chunk.length;
		if (left <= 0) break;
	}
}

function slowly({ pieces, pauseMs }: { pieces: number; pauseMs: number }, length: number): Transform {
	const pieceLength = Math.max(1, Math.ceil(length / pieces));
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			const send = async () => {
				for (let start = 0; start < chunk.length; start += pieceLength) {
					await new Promise((resolve) => setTimeout(resolve, pauseMs));
					this.push(chunk.subarray(start, start + pieceLength));
				}
			};
			send().then(() => done(), done);
		},
	});
}

const lengthOf = (message: IncomingMessage): number => Number(message.headers['content-length'] ?? 2);

function reset(socket: Socket): void {
	socket.resetAndDestroy();
}

function answer(response: ServerResponse, status: number, code: string): void {
	const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>scripted ${code}</Message></Error>`;
	response.writeHead(status, {
		'content-type': 'application/xml',
		'content-length': Buffer.byteLength(body),
	});
	response.end(body);
}

function whatIs(method: string, url: string): string {
	const { pathname, searchParams } = new URL(url, 'http://x');
	const isObject = pathname.replace(/^\/[^/]*\/?/, '') !== '';
	if (!isObject) {
		if (searchParams.has('uploads')) return `${method} uploads`;
		return searchParams.has('list-type') ? `${method} list` : `${method} bucket`;
	}
	if (searchParams.has('partNumber')) return `${method} part`;
	if (searchParams.has('uploads')) return `${method} uploads`;
	if (searchParams.has('uploadId')) return method === 'POST' ? 'POST complete' : `${method} upload`;
	return `${method} object`;
}
