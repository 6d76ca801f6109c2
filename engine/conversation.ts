/**
 * The engine's side of the conversation with its orchestrator: frames come in over stdin, events go out
 * over stderr. A held resource: `close` it.
 *
 * `signal` aborts when the orchestrator says so, closes stdin, or is silent for a minute. After an abort
 * frame the orchestrator is still there to sign the failed record; otherwise it is `gone`.
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

export class Conversation {
	private readonly aborter = new AbortController();
	private readonly frames: Frame[] = [];
	private wake: (() => void) | undefined;
	private lastHeard: number;
	private ended = false;
	private closed = false;
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

	/** The body of the next frame, which must be of this type; throws when the orchestrator is gone. */
	async receive(type: FrameType): Promise<Buffer> {
		for (;;) {
			const frame = this.frames.shift();
			if (frame) {
				if (frame.type === type) return frame.body;
				throw new BackupError('protocol_violation', `expected a ${type} frame, got ${frame.type}`);
			}
			if (this.ended) throw this.lost();
			await new Promise<void>((resolve) => (this.wake = resolve));
		}
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
				if (frame.type === 'abort') {
					this.aborter.abort(new BackupError('cancelled', 'the operation was cancelled'));
				} else if (frame.type !== 'heartbeat') {
					this.frames.push(frame);
				}
				this.wake?.();
			}
			this.leave(this.lost());
		} catch (error) {
			this.leave(error);
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
