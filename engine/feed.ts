/**
 * Content that the orchestrator streams to the engine, on its way from the conversation to whoever writes the archive.
 *
 * `feed` is said with the first read. From then on at most `window` bytes are received that nobody has used yet
 * (more is `protocol_violation`), so what waits in memory is bounded, and the conversation never stops reading: control
 * frames get through however slow the sink is. A chunk is used once the next one is asked for.
 * The content ends well only with `dataEnd`; what `dataError` tells is thrown, as is the signal's reason, at once.
 */
import { BackupError } from '../protocol/errors';
import type { EngineEvent } from '../protocol/events';
import type { Frame } from '../protocol/frames';
import { parseDataEndFrame, parseErrorFrame, type DataEndFrame } from '../protocol/job';

/** Enough for the way there and back of some 10 ms at 800 MB/s; small beside the engine's memory. */
export const feedWindow = 8 << 20;

export interface FeedOptions {
	readonly id: string;
	readonly window: number;
	readonly signal: AbortSignal;
	say(event: EngineEvent): void;
	/** From now on frames may come. */
	onAsked(): void;
}

export class Feed {
	private readonly waiting: Buffer[] = [];
	private received = 0;
	private used = 0;
	private told = 0;
	private end: DataEndFrame | { readonly error: BackupError } | undefined;
	private abandoned = false;
	private wake: (() => void) | undefined;

	constructor(private readonly options: FeedOptions) {}

	/** Whether its last frame came. */
	get ended(): boolean {
		return this.end !== undefined;
	}

	/** To be read once. */
	async *content(): AsyncGenerator<Buffer> {
		const { id, window, signal, say, onAsked } = this.options;
		signal.throwIfAborted();
		onAsked();
		say({ event: 'feed', id, window });
		const wake = () => this.wake?.();
		signal.addEventListener('abort', wake);
		try {
			for (;;) {
				signal.throwIfAborted();
				if (this.end && 'error' in this.end) throw this.end.error;
				const chunk = this.waiting.shift();
				if (chunk) {
					yield chunk;
					this.use(chunk.length);
					continue;
				}
				if (this.end || this.abandoned) return;
				await new Promise<void>((resolve) => (this.wake = resolve));
			}
		} finally {
			signal.removeEventListener('abort', wake);
			this.abandon();
		}
	}

	/** What the producer said of it; after the content's end. */
	ending(): DataEndFrame {
		if (this.end && 'description' in this.end) return this.end;
		throw new BackupError('unexpected', `the content of ${this.options.id} has not ended`);
	}

	/** Nobody wants more: what still comes up to its end is dropped. */
	abandon(): void {
		this.abandoned = true;
		this.waiting.length = 0;
		this.wake?.();
	}

	/** One of the frames that make up the content. */
	take({ type, body }: Frame): void {
		if (this.end) throw this.violation('went on after its end');
		if (type === 'data') this.receive(body);
		else if (type === 'dataEnd') this.end = parseDataEndFrame(body);
		else this.end = { error: parseErrorFrame(body) };
		this.wake?.();
	}

	private receive(body: Buffer): void {
		this.received += body.length;
		if (this.received - this.told > this.options.window) throw this.violation('came faster than was allowed');
		if (body.length > 0 && !this.abandoned) this.waiting.push(body);
	}

	/** Told in eighths: the other side always has room for most of a window. */
	private use(bytes: number): void {
		this.used += bytes;
		if (this.abandoned || this.used - this.told < this.options.window / 8) return;
		this.told = this.used;
		this.options.say({ event: 'taken', bytes: this.used });
	}

	private violation(what: string): BackupError {
		return new BackupError('protocol_violation', `the content of ${this.options.id} ${what}`);
	}
}
