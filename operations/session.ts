/**
 * The orchestrator's side of the conversation with one engine: sends frames, hands out events, keeps
 * the heartbeats. `converse` owns the whole life of the engine: whatever happens, it is gone afterwards.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { engineDied, type EngineProcess } from '../protocol/engine-process';
import { BackupError, joinErrors, toBackupError } from '../protocol/errors';
import { decodeEvent, type EngineEvent, type EventName } from '../protocol/events';
import { encodeFrame, heartbeatEveryMs, silenceLimitMs, type FrameType } from '../protocol/frames';
import type { OperationContext } from './settings';

/** After an abort frame, how long the engine may take to clean up and have its failed record signed. */
const abortGraceMs = 15_000;
/** After the end of its input, how long an engine may take to clean up. */
const tidyUpMs = 10_000;
const mostLogLines = 20;

export type EventOf<N extends EventName> = Extract<EngineEvent, { event: N }>;

/** Events that tell rather than answer; they go to the listener and never to `next`. */
const telling: ReadonlySet<EventName> = new Set(['progress', 'phase', 'warning', 'heartbeat', 'taken']);
/** Content travels in frames of at most so many bytes. */
const pieceBytes = 256 << 10;

export interface Session {
	send(type: FrameType, body?: Buffer | object): void;
	/** The next answering event, which must be one of these; a `failure`, or the engine's end, throws. */
	next<const N extends EventName>(...names: N[]): Promise<EventOf<N>>;
	/**
	 * Sends content that the engine asked for (`feed`): the chunks' writer. Each call waits until at most `window` bytes
	 * are under way, and throws once the engine says anything else than that it took some. Who called it
	 * ends the content with one `dataEnd` or `dataError`.
	 */
	feed(window: number): (chunk: Buffer) => Promise<void>;
	/** The raw bytes that the engine writes from now on, up to its end; they must be read, or let go by `resume`. */
	output(): Readable;
}

export async function converse<T>(
	context: OperationContext,
	start: (signal: AbortSignal) => Promise<EngineProcess>,
	body: (session: Session) => Promise<T>,
): Promise<T> {
	context.signal.throwIfAborted();
	const process = await start(context.signal);
	let failure: unknown;
	try {
		return await converseWith(process, context, body);
	} catch (error) {
		failure = context.signal.aborted ? cancelled(error) : error;
		throw failure;
	} finally {
		await process.dispose().catch((error: unknown) => {
			throw joinErrors(failure, error);
		});
	}
}

/** An engine that loses its orchestrator tidies up and frees its job: sooner than a dead one's lease runs out. */
async function letGo(engine: EngineProcess): Promise<void> {
	engine.stdin.end();
	let timer: NodeJS.Timeout | undefined;
	const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, tidyUpMs)));
	await Promise.race([engine.exited, patience]);
	clearTimeout(timer);
}

/** Its own words follow, as an event or by its exit. */
function unwanted(): BackupError {
	return new BackupError('cancelled', 'the engine takes no more of the content');
}

/** Whatever failed after a cancel failed because of it. */
function cancelled(error: unknown): BackupError {
	return new BackupError('cancelled', 'the operation was cancelled', { cause: error });
}

async function converseWith<T>(
	engine: EngineProcess,
	context: OperationContext,
	body: (session: Session) => Promise<T>,
): Promise<T> {
	const events: EngineEvent[] = [];
	const log: string[] = [];
	const state: {
		ended: boolean;
		failed: boolean;
		problem?: unknown;
		lastHeard: number;
		taken: number;
		wake?: () => void;
	} = {
		ended: false,
		failed: false,
		lastHeard: context.clock.monotonic(),
		taken: 0,
	};
	const wake = () => state.wake?.();
	const send: Session['send'] = (type, frame) => {
		if (engine.stdin.writable) engine.stdin.write(encodeFrame(type, frame));
	};
	// Writing to an engine that ended is no news: its exit tells why.
	engine.stdin.on('error', () => undefined);
	// Unread output would hold up the events. Its errors are told by the engine's end.
	engine.stdout.on('error', () => undefined);
	engine.stdout.resume();

	const lines = createInterface({ input: engine.stderr });
	lines.on('line', (line) => {
		state.lastHeard = context.clock.monotonic();
		try {
			const event = decodeEvent(line);
			if (event === undefined) {
				log.push(line.slice(0, 500));
				log.splice(0, log.length - mostLogLines);
				return;
			}
			context.onEvent(event);
			if (event.event === 'taken') state.taken = event.bytes;
			if (!telling.has(event.event)) events.push(event);
		} catch (error) {
			state.problem = error;
		}
		wake();
	});
	// What its input fails with it passes on, without closing: the way to the engine is lost.
	lines.on('error', (error) => {
		state.problem ??= error;
		lines.close();
	});
	lines.once('close', () => {
		state.ended = true;
		wake();
	});
	const pulse = setInterval(() => {
		send('heartbeat');
		// Where both come by one connection, output that waits here holds the engine's events back.
		if (engine.stdout.readableLength > 0) state.lastHeard = context.clock.monotonic();
		if (context.clock.monotonic() - state.lastHeard > silenceLimitMs) void engine.stop();
	}, heartbeatEveryMs);
	let grace: NodeJS.Timeout | undefined;
	const onAbort = () => {
		send('abort');
		grace = setTimeout(() => void engine.stop(), abortGraceMs);
	};
	context.signal.addEventListener('abort', onAbort, { once: true });
	if (context.signal.aborted) onAbort();

	const next = async <const N extends EventName>(...names: N[]): Promise<EventOf<N>> => {
		for (;;) {
			const event = events.shift();
			if (event?.event === 'failure') {
				state.failed = true;
				throw new BackupError(event.code, event.message, { hint: event.hint ?? undefined });
			}
			if (event && names.some((name) => name === event.event)) return event as EventOf<N>;
			if (event)
				throw new BackupError(
					'protocol_violation',
					`the engine said ${event.event} instead of ${names.join(' or ')}`,
				);
			if (state.problem !== undefined) throw toBackupError(state.problem);
			if (state.ended) throw engineDied(await engine.exited, log.join('\n'));
			await new Promise<void>((resolve) => (state.wake = resolve));
		}
	};
	const feed: Session['feed'] = (window) => {
		let sent = 0;
		state.taken = 0;
		const most = Math.min(pieceBytes, window);
		return async (chunk) => {
			for (let start = 0; start < chunk.length; start += most) {
				const piece = chunk.subarray(start, start + most);
				for (;;) {
					if (events.length > 0 || state.ended || state.problem !== undefined) throw unwanted();
					if (sent + piece.length - state.taken <= window) break;
					await new Promise<void>((resolve) => (state.wake = resolve));
				}
				sent += piece.length;
				send('data', piece);
			}
		};
	};
	try {
		return await body({ send, next, feed, output: () => engine.stdout.pause() });
	} catch (error) {
		engine.stdout.resume();
		// One that told its failure has tidied up before.
		if (!state.failed) await letGo(engine);
		throw error;
	} finally {
		clearInterval(pulse);
		clearTimeout(grace);
		context.signal.removeEventListener('abort', onAbort);
		lines.close();
	}
}
