/**
 * The engine's side of the conversation with its orchestrator: frames come in over stdin, events go out
 * over stderr. A held resource: `close` it.
 *
 * `signal` aborts when the orchestrator says so, closes stdin, or is silent for a minute. After an abort
 * frame the orchestrator is still there to sign the failed record; otherwise it is `gone`.
 * Streamed content goes to whoever asked for it (`feed`); frames are read at all times.
 */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../protocol/environment';
import { BackupError } from '../protocol/errors';
import { encodeEvent, type EngineEvent } from '../protocol/events';
import {
	decodeFrames,
	heartbeatEveryMs,
	silenceLimitMs,
	type Frame,
	type FrameType,
} from '../protocol/frames';
import { parseErrorFrame } from '../protocol/job';
import { Feed, feedWindow } from './feed';

export class Conversation {
	private readonly aborter = new AbortController();
	private readonly frames: Frame[] = [];
	private wake: (() => void) | undefined;
	private lastHeard: number;
	private ended = false;
	private closed = false;
	private feeding: Feed | undefined;
	private readonly pulse: NodeJS.Timeout;

	constructor(
		private readonly input: Readable,
		private readonly output: Writable,
		private readonly clock: Clock,
	) {
		this.lastHeard = clock.monotonic();
		this.pulse = setInterval(() => this.beat(), heartbeatEveryMs);
		void this.listen();
	}

	get signal(): AbortSignal {
		return this.aborter.signal;
	}

	/** Whether nobody is left to answer. */
	get gone(): boolean {
		return this.ended;
	}

	say(event: EngineEvent): void {
		if (!this.closed) this.output.write(encodeEvent(event));
	}

	/** The body of the next frame, which must be of this type; throws when the orchestrator is gone, or refuses. */
	async receive(type: FrameType): Promise<Buffer> {
		for (;;) {
			const frame = this.frames.shift();
			if (frame) {
				if (frame.type === type) return frame.body;
				if (frame.type === 'refuse') throw parseErrorFrame(frame.body);
				throw new BackupError('protocol_violation', `expected a ${type} frame, got ${frame.type}`);
			}
			if (this.ended) throw this.lost();
			await new Promise<void>((resolve) => (this.wake = resolve));
		}
	}

	/** Content of this archive, streamed by the orchestrator once it is read; one after the other. */
	feed(id: string, window = feedWindow): Feed {
		const feed: Feed = new Feed({
			id,
			window,
			signal: this.signal,
			say: (event) => this.say(event),
			onAsked: () => {
				if (this.feeding && !this.feeding.ended)
					throw new BackupError('protocol_violation', `content of ${id} was asked for during other content`);
				this.feeding = feed;
			},
		});
		return feed;
	}

	close(): void {
		this.closed = true;
		clearInterval(this.pulse);
		this.input.destroy();
	}

	private async listen(): Promise<void> {
		try {
			for await (const frame of decodeFrames(this.input)) {
				this.lastHeard = this.clock.monotonic();
				this.take(frame);
				this.wake?.();
			}
			this.leave(this.lost());
		} catch (error) {
			this.leave(error);
		}
	}

	private take(frame: Frame): void {
		switch (frame.type) {
			case 'heartbeat':
				return;
			case 'abort':
				return this.aborter.abort(new BackupError('cancelled', 'the operation was cancelled'));
			case 'data':
			case 'dataEnd':
			case 'dataError':
				if (this.feeding) return this.feeding.take(frame);
				throw new BackupError('protocol_violation', `a ${frame.type} frame came that nobody asked for`);
			default:
				this.frames.push(frame);
		}
	}

	private beat(): void {
		this.say({ event: 'heartbeat' });
		if (this.clock.monotonic() - this.lastHeard > silenceLimitMs) this.leave(this.lost());
	}

	private leave(reason: unknown): void {
		if (this.closed) return;
		this.ended = true;
		this.aborter.abort(reason);
		this.wake?.();
	}

	private lost(): BackupError {
		return new BackupError('run_interrupted', 'the orchestrator of this run went away', {
			hint: 'n8n or the CLI was stopped during the run; run the job again.',
		});
	}
}
