/**
 * The three streams of a container that is not started yet, or of a program in it, over one hijacked connection.
 *
 * Writing waits until the kernel took the bytes; ending or destroying `stdin` reaches the container as
 * its end of file while its output goes on. `close` drops the connection: the container sees the end of
 * its input then too. No stream needs a listener for its errors.
 */
import { Writable, type Readable } from 'node:stream';
import { hijack, segment, type Connection, type DockerHost } from './api';
import { dockerFailure } from './failures';
import { demultiplex } from './streams';

export interface Attached {
	readonly stdin: Writable;
	readonly stdout: Readable;
	readonly stderr: Readable;
	close(): void;
}

export async function attach(host: DockerHost, id: string, signal?: AbortSignal): Promise<Attached> {
	const socket = await hijack(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/attach`,
		query: { stream: true, stdin: true, stdout: true, stderr: true },
		doing: 'attach to the runner',
		signal,
	});
	return streamsOver(host, socket, 'the runner');
}

/** `whom`: completes "could not take input for". A connection that is lost fails the streams as `failures.ts` says. */
export function streamsOver(host: DockerHost, socket: Connection, whom: string): Attached {
	socket.setTimeout(0);
	socket.setNoDelay(true);
	// A run can be silent for long: a peer that is gone must show, and no gateway forget the connection.
	socket.setKeepAlive(true, 15_000);
	const stdin = inputOf(socket, (error) => dockerFailure(host.endpoint, `take input for ${whom}`, error));
	const lost = (error: unknown) => dockerFailure(host.endpoint, `give the output of ${whom}`, error);
	const { stdout, stderr } = demultiplex(socket, { failure: lost });
	const close = () => {
		for (const stream of [stdin, stdout, stderr, socket]) stream.destroy();
	};
	return { stdin, stdout, stderr, close };
}

function inputOf(socket: Connection, failure: (error: Error) => Error): Writable {
	const stdin = new Writable({
		write: (chunk: Buffer, _encoding, done) => {
			socket.write(chunk, (error) => done(error ? failure(error) : null));
		},
		final: (done) => {
			// Half: the output still comes. Already closed by the other side means ended as well.
			if (socket.writable) socket.end(() => done());
			else done();
		},
		destroy: (error, done) => {
			socket.end();
			done(error);
		},
	});
	// Heard by whoever writes; alone they must not bring the process down. The exit says what happened.
	const heard = () => undefined;
	socket.on('error', heard);
	stdin.on('error', heard);
	return stdin;
}
