/** Lines at the beginning of a stream that goes on as something else: not a byte behind the wanted line is lost. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { BackupError } from '../protocol/errors';

const longest = 64 << 10;
const lineFeed = 10;

/**
 * What `parse` makes of the first line that it knows; lines before it are dropped. Undefined when the stream ends
 * first. Throws `timed_out`, `docker_failed` for 64 KiB without such a line, the stream's error, the signal's reason.
 */
export async function takeLine<T>(
	stream: Readable,
	parse: (line: string) => T | undefined,
	limitMs: number,
	signal?: AbortSignal,
): Promise<T | undefined> {
	const late = AbortSignal.timeout(limitMs);
	const stop = signal ? AbortSignal.any([signal, late]) : late;
	let seen = Buffer.alloc(0);
	while (true) {
		for (let chunk = taken(stream); chunk !== null; chunk = taken(stream)) {
			seen = Buffer.concat([seen, chunk]);
			for (let end = seen.indexOf(lineFeed); end >= 0; end = seen.indexOf(lineFeed)) {
				const found = parse(seen.subarray(0, end).toString());
				seen = seen.subarray(end + 1);
				if (found === undefined) continue;
				if (seen.length > 0) stream.unshift(seen);
				return found;
			}
			if (seen.length > longest) {
				throw new BackupError('docker_failed', 'a program in a container began with something else');
			}
		}
		if (stream.readableEnded || stream.destroyed) {
			if (stream.errored) throw stream.errored;
			return undefined;
		}
		await more(stream, stop, signal);
	}
}

const taken = (stream: Readable) => stream.read() as Buffer | null;

async function more(stream: Readable, stop: AbortSignal, signal?: AbortSignal): Promise<void> {
	const heard = new AbortController();
	const options = { signal: AbortSignal.any([stop, heard.signal]) };
	try {
		await Promise.race(['readable', 'end', 'close'].map((event) => once(stream, event, options)));
	} catch (error) {
		signal?.throwIfAborted();
		if (!stop.aborted) throw error;
		throw new BackupError('timed_out', 'a program in a container did not start in time', { cause: error });
	} finally {
		heard.abort();
	}
}
