/**
 * `docker save`: images as one tar, handed on as it comes, with back-pressure. What the daemon says when it fails
 * stands inside of the stream, behind a good status: it is looked for where the tar's end should be. Whether the tar
 * is whole is for others to judge.
 * Throws `image_missing`, `source_failed` (the stream broke off, or the daemon said why it could not go on),
 * `timed_out`, the signal's reason, what `write` throws, and what `api.ts` throws.
 */
import { BackupError } from '../protocol/errors';
import { openStream, type DockerHost } from './api';
import { DaemonError, messageOf } from './failures';
import { watchStall } from './stall';

export interface ImageSave {
	/** References, or ids for what comes back without a tag. */
	readonly names: readonly string[];
	/** How long the daemon may say nothing first: some write all of it to a disk before its first byte. */
	readonly startLimitMs?: number;
	/** How long nothing may come then. */
	readonly stallLimitMs?: number;
	write(chunk: Buffer): Promise<void>;
}

/** `setTimeout` knows no longer time. */
const noLimitMs = 2 ** 31 - 1;
/** What a daemon says of its failure fits. */
const tailBytes = 4096;

export async function saveImages(
	host: DockerHost,
	{ names, startLimitMs = 1_800_000, stallLimitMs = 300_000, write }: ImageSave,
	signal: AbortSignal,
): Promise<void> {
	const named = names.join(', ');
	const stall = watchStall(startLimitMs, signal, (ms) => stalled(named, ms));
	let tail: Buffer = Buffer.alloc(0);
	try {
		const stream = await openStream(host, {
			method: 'GET',
			path: '/images/get',
			query: { names },
			doing: `save ${named}`,
			signal: stall.signal,
			limitMs: noLimitMs,
			map: (error) => (error instanceof DaemonError ? saveError(named, error) : undefined),
		});
		for await (const chunk of stream as AsyncIterable<Buffer>) {
			await write(chunk);
			// A slow repository is no stall.
			stall.moved(stallLimitMs);
			tail = (chunk.length < tailBytes ? Buffer.concat([tail, chunk]) : chunk).subarray(-tailBytes);
		}
		stall.signal.throwIfAborted();
	} catch (error) {
		stall.signal.throwIfAborted();
		if (error instanceof BackupError) throw error;
		throw brokenOff(named, messageOf(error), error);
	} finally {
		stall.close();
	}
	const said = failureIn(tail);
	if (said !== undefined) throw brokenOff(named, said);
}

/** The daemon's words after what it had sent of the tar. */
function failureIn(tail: Buffer): string | undefined {
	const start = tail.lastIndexOf('{"errorDetail"');
	if (start < 0) return undefined;
	try {
		const said = JSON.parse(tail.toString('utf8', start)) as { error?: unknown };
		return typeof said.error === 'string' ? said.error : undefined;
	} catch {
		// The bytes of an image may look like it.
		return undefined;
	}
}

function saveError(named: string, cause: DaemonError): BackupError | undefined {
	if (cause.status !== 404 && !/no such image|does not exist/i.test(cause.message)) return undefined;
	return imageMissing(named, cause);
}

export function imageMissing(named: string, cause?: unknown): BackupError {
	return new BackupError('image_missing', `there is no image ${named} on the docker host`, {
		hint: 'Backups never pull: pull or build it on that host first, or name it as docker images shows it.',
		cause,
	});
}

const stalled = (named: string, ms: number): BackupError =>
	new BackupError('timed_out', `docker gave nothing of ${named} for ${ms / 1000} s`, {
		hint: 'Look at the load and the disk of the Docker host, and try again.',
	});

const brokenOff = (named: string, said: string, cause?: unknown): BackupError =>
	new BackupError('source_failed', `docker broke off saving ${named}: ${said}`, {
		hint: 'Look whether the docker daemon was restarted and whether its disk is full, and try again.',
		cause,
	});
