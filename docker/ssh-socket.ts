/**
 * A channel of an SSH connection as a socket: what HTTP and hijacked connections expect of one.
 *
 * It ends and closes as a TCP socket does: the end of either direction reaches the other side while the other
 * direction goes on, unless the far side ended, which ends this one too once all is written. Writing waits for the
 * far side's window, and reading opens ours only as far as what came was taken: at most 4 MiB are held. A channel
 * that is gone, or a connection that is lost, fails what was not written, after what was received is read.
 */
import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';

type Done = (error?: Error | null) => void;

/** What the users of sockets here call besides a stream's own methods. */
export interface SocketSettings {
	setTimeout(ms: number): unknown;
	setNoDelay(noDelay?: boolean): unknown;
	setKeepAlive(enable?: boolean, initialDelay?: number): unknown;
}

export class SshSocket extends Duplex implements SocketSettings {
	readonly #channel: ClientChannel;
	#writing: Done | undefined;
	#isClosed = false;
	#timer: NodeJS.Timeout | undefined;
	/** Read by http.Agent. */
	timeout = 0;

	/** `judge`: looked at when a channel has closed that must tell how it ended; its error takes the end's place. */
	constructor(channel: ClientChannel, judge?: () => Error | undefined) {
		super({ allowHalfOpen: false });
		this.#channel = channel;
		channel.on('data', (chunk: Buffer) => {
			this.#touch();
			if (!this.destroyed && !this.push(chunk)) channel.pause();
		});
		if (!judge) channel.on('end', () => this.push(null));
		channel.on('close', () => {
			this.#isClosed = true;
			const failure = judge?.();
			if (failure) this.destroy(failure);
			else if (judge) this.push(null);
			if (this.#writing) this.#refuse(this.#writing);
		});
		channel.on('error', (error: Error) => this.destroy(error));
	}

	override _read(): void {
		this.#channel.resume();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
		this.#touch();
		this.#writing = done;
		// The channel never answers a write once it is closed.
		if (this.#isClosed) return this.#refuse(done);
		this.#channel.write(chunk, (error) => this.#written(error));
	}

	override _final(done: Done): void {
		if (this.#isClosed) return done();
		this.#channel.end(() => done());
	}

	override _destroy(error: Error | null, done: Done): void {
		clearTimeout(this.#timer);
		// What still comes is dropped, so that the channel gets to its end.
		this.#channel.resume();
		this.#channel.destroy();
		done(error);
		this.#written(error ?? closed());
	}

	#written(error?: Error | null): void {
		const done = this.#writing;
		this.#writing = undefined;
		done?.(error);
	}

	#refuse(done: Done): void {
		const refuse = () => this.#writing === done && this.#written(closed());
		if (this.readableEnded) process.nextTick(refuse);
		else this.once('end', refuse);
	}

	#touch(): void {
		this.#timer?.refresh();
	}

	setTimeout(ms: number, listener?: () => void): this {
		clearTimeout(this.#timer);
		this.timeout = ms;
		this.#timer = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : undefined;
		// As net.Socket has it: 0 takes the listener back.
		if (listener && ms > 0) this.once('timeout', listener);
		else if (listener) this.off('timeout', listener);
		return this;
	}

	destroySoon(): void {
		if (this.writable) this.end();
		if (this.writableFinished) this.destroy();
		else this.once('finish', () => this.destroy());
	}

	// The connection's own matters (ssh.ts), not a channel's.
	setNoDelay(): this {
		return this;
	}

	setKeepAlive(): this {
		return this;
	}

	ref(): this {
		return this;
	}

	unref(): this {
		return this;
	}
}

function closed(): Error {
	return Object.assign(new Error('the channel is closed'), { code: 'EPIPE' });
}
