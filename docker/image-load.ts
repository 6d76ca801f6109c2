/**
 * `docker load`: a tar of images, streamed to the daemon with back-pressure. The daemon first takes all of it and then
 * unpacks; that it failed may stand in a good answer's lines. Whether what was loaded is right is for others to judge.
 * Throws `target_failed` in the daemon's words, `target_full`, `timed_out`, the signal's reason, what `content` fails
 * with, and what `api.ts` throws.
 */
import { Transform, type Readable } from 'node:stream';
import { BackupError } from '../protocol/errors';
import { answers, openStream, type DockerHost } from './api';
import { DaemonError, messageOf } from './failures';
import { watchStall } from './stall';

export interface ImageLoad {
	readonly content: Readable;
	/** How long the daemon may take nothing of it. */
	readonly stallLimitMs?: number;
	/** How long it may unpack when it has all. */
	readonly unpackLimitMs?: number;
}

const noLimitMs = 2 ** 31 - 1;
const longestAnswer = 1 << 20;

/** Resolves to the bytes that went there. */
export async function loadImages(
	host: DockerHost,
	{ content, stallLimitMs = 300_000, unpackLimitMs = 3_600_000 }: ImageLoad,
	signal: AbortSignal,
): Promise<number> {
	const stall = watchStall(stallLimitMs, signal, stalled);
	let bytes = 0;
	const upload = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.length;
			stall.moved(stallLimitMs);
			done(null, chunk);
		},
		flush(done) {
			stall.moved(unpackLimitMs);
			done();
		},
	});
	// Until somebody else listens for it, an error must not bring the process down.
	upload.on('error', () => undefined);
	let broken: Error | undefined;
	const breakOff = (error: Error) => {
		broken ??= error;
		upload.destroy(error);
	};
	content.once('error', breakOff);
	try {
		// Ends the request too, in the middle of its body: a daemon takes what broke off for nothing.
		content.pipe(upload);
		const answer = await openStream(host, {
			method: 'POST',
			path: '/images/load',
			query: { quiet: true },
			upload,
			doing: 'load images',
			signal: stall.signal,
			limitMs: noLimitMs,
			map: (error) => (error instanceof DaemonError ? loadError(error.message, error) : undefined),
		});
		await readAnswer(answer as AsyncIterable<Buffer>);
		return bytes;
	} catch (error) {
		stall.signal.throwIfAborted();
		if (broken) throw broken;
		throw error instanceof BackupError ? error : loadError(messageOf(error), error);
	} finally {
		stall.close();
		content.unpipe(upload);
		upload.destroy();
	}
}

async function readAnswer(answer: AsyncIterable<Buffer>): Promise<void> {
	let text = '';
	for await (const chunk of answer) text = (text + chunk.toString()).slice(-longestAnswer);
	for (const line of text.split('\n').filter((part) => part.trim() !== '')) {
		const said = answers.fields(answers.json(line));
		if (typeof said['error'] === 'string') throw loadError(said['error']);
	}
}

function loadError(said: string, cause?: unknown): BackupError {
	const full = /no space left/i.test(said);
	return new BackupError(
		full ? 'target_full' : 'target_failed',
		`docker could not load the images: ${said}`,
		{
			hint: full
				? 'Free some space where the docker daemon keeps its images (docker system df), and try again.'
				: "Look into the docker daemon's log, and try again.",
			cause,
		},
	);
}

const stalled = (ms: number): BackupError =>
	new BackupError('timed_out', `docker did not go on loading the images for ${ms / 1000} s`, {
		hint: 'Look at the load and the disk of the Docker host, and try again.',
	});
