/**
 * A verified dump into pg_restore, by its standard input, with back-pressure both ways. Content that pg_restore does
 * not want (the tail, with a selection) is still read to its end, so that all of it was found right before anything
 * follows. Throws `target_failed` with what pg_restore said, `timed_out` for a stall, and what the content throws.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { ExecProcess } from '../../docker/exec';
import type { Clock } from '../../protocol/environment';
import { BackupError, joinErrors } from '../../protocol/errors';

export interface Feeding {
	readonly clock: Clock;
	readonly signal: AbortSignal;
	/** Neither content taken nor a statement at work for so long is a stall. */
	readonly stallLimitMs: number;
	/** Whether the server works at a statement of this pg_restore. */
	isWorking(): Promise<boolean>;
}

const mostKept = 16 << 10;
/** Shorter stand-stills are not worth a question. */
const lookEveryMs = 5_000;

export async function feedRestore(
	start: () => Promise<ExecProcess>,
	content: Readable,
	feeding: Feeding,
): Promise<void> {
	const { signal } = feeding;
	signal.throwIfAborted();
	const program = await start();
	const said = keepHead(program.stderr);
	// Its errors are told by its end.
	program.stdout.on('error', () => undefined).resume();
	// One that ended takes no more; why, its exit says.
	program.stdin.on('error', () => undefined);
	const watch = watchStall(feeding);
	let failure: unknown;
	try {
		const code = await Promise.race([feed(program, content, watch.moved), watch.stalled, aborted(signal)]);
		if (code !== 0) throw failed(code, said());
	} catch (error) {
		failure = error;
		throw error;
	} finally {
		watch.stop();
		content.destroy();
		await program.kill().catch((error: unknown) => {
			throw joinErrors(failure, error);
		});
	}
}

/** Resolves to the exit code; a program that failed needs no more content. */
async function feed(program: ExecProcess, content: Readable, moved: () => void): Promise<number> {
	let exitCode: number | undefined;
	const exited = program.exited.then((code) => (exitCode = code));
	for await (const chunk of content as AsyncIterable<Buffer>) {
		if (exitCode !== undefined && exitCode !== 0) break;
		if (exitCode === undefined && !program.stdin.write(chunk)) {
			await Promise.race([once(program.stdin, 'drain').catch(() => undefined), exited]);
		}
		moved();
	}
	program.stdin.end();
	return await exited;
}

function aborted(signal: AbortSignal): Promise<never> {
	return new Promise((_resolve, reject) => {
		const cancelled = () => reject(new BackupError('cancelled', 'the restore was cancelled'));
		signal.addEventListener('abort', cancelled, { once: true });
		if (signal.aborted) cancelled();
	});
}

function watchStall({ clock, stallLimitMs, isWorking }: Feeding): {
	moved(): void;
	readonly stalled: Promise<never>;
	stop(): void;
} {
	let movedAt = clock.monotonic();
	let asking = false;
	let timer: NodeJS.Timeout | undefined;
	const moved = () => (movedAt = clock.monotonic());
	const stalled = new Promise<never>((_resolve, reject) => {
		const look = async () => {
			if (asking) return;
			asking = true;
			// A server that does not answer does not work.
			if (await isWorking().catch(() => false)) moved();
			asking = false;
			if (clock.monotonic() - movedAt <= stallLimitMs) return;
			reject(
				new BackupError('timed_out', `pg_restore has stood still for ${Math.round(stallLimitMs / 1000)} s`, {
					hint: 'Something may hold locks in the database, or the server hangs; else raise the limit.',
				}),
			);
		};
		timer = setInterval(() => void look(), Math.min(lookEveryMs, stallLimitMs / 2));
	});
	// It is raced with what it watches, which may have ended before.
	stalled.catch(() => undefined);
	return { moved, stalled, stop: () => clearInterval(timer) };
}

/** What a program says first is why it failed. */
function keepHead(stream: Readable): () => string {
	const kept: Buffer[] = [];
	let bytes = 0;
	stream.on('error', () => undefined);
	stream.on('data', (chunk: Buffer) => {
		if (bytes < mostKept) kept.push(chunk.subarray(0, mostKept - bytes));
		bytes += chunk.length;
	});
	return () => Buffer.concat(kept).toString('utf8');
}

/** The first complaint, without the statement that met it, which may hold data. */
function failed(code: number, said: string): BackupError {
	const lines = said.split('\n').filter((line) => line.trim() !== '');
	const first = lines.find((line) => /^pg_restore: (?:error|\[)/.test(line)) ?? lines[0] ?? 'it said nothing';
	const reason = first.replace(/^pg_restore: (?:error: )?/, '').slice(0, 500);
	const role = /role "(.*)" does not exist/.exec(reason)?.[1];
	return new BackupError('target_failed', `pg_restore failed (exit ${code}): ${reason}`, {
		hint:
			role === undefined
				? undefined
				: "Let the restore make missing roles from the globals of the dump's run, or make them first.",
	});
}
