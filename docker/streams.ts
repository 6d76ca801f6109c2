/**
 * Takes apart the stream of an attached container without a terminal: Docker interleaves stdout and
 * stderr in frames of `uint8 stream (1 stdout, 2 stderr) + 3 zero bytes + uint32 big-endian length`.
 *
 * Back-pressure holds from end to end: while a sink is full, nothing more is read from the source, so
 * the daemon's pipe fills and the writer in the container waits. At most one chunk of the source is held
 * besides what the two sinks buffer (`highWaterMark` bytes each). A destroyed sink drops its bytes, and
 * the other goes on. Bytes are passed on as they lie, never copied.
 *
 * Both sinks end with the source. They fail with its error; with `protocol_violation` when a header is
 * no header or the source ends inside a frame; with `docker_failed` when the daemon reports an error
 * (stream 3). They may be left without a listener for errors.
 */
import { Readable } from 'node:stream';
import { BackupError } from '../protocol/errors';

export interface Demultiplexed {
	readonly stdout: Readable;
	readonly stderr: Readable;
}

const headerLength = 8;
const longestMessage = 64 << 10;

export interface DemultiplexSettings {
	readonly highWaterMark?: number;
	/** What an error of the source, or one of those below, is passed on as. */
	readonly failure?: (error: unknown) => Error;
}

export function demultiplex(
	source: Readable,
	{ highWaterMark = 256 << 10, failure = (error) => error as Error }: DemultiplexSettings = {},
): Demultiplexed {
	const stdout = sink(highWaterMark);
	const stderr = sink(highWaterMark);
	const takeApart = async () => {
		try {
			for await (const { stream, bytes } of pieces(source)) {
				await (stream === 'stdout' ? stdout : stderr).put(bytes);
			}
			for (const each of [stdout, stderr]) each.readable.push(null);
		} catch (error) {
			for (const each of [stdout, stderr]) each.readable.destroy(failure(error));
		}
	};
	void takeApart();
	return { stdout: stdout.readable, stderr: stderr.readable };
}

interface Piece {
	readonly stream: 'stdout' | 'stderr';
	readonly bytes: Buffer;
}

/** The payloads in their order, as far as each chunk holds them. */
async function* pieces(source: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
	let header = Buffer.alloc(0);
	let stream = 0;
	let left = 0;
	let message = Buffer.alloc(0);
	for await (let chunk of source) {
		while (chunk.length > 0) {
			if (left === 0) {
				const wanted = headerLength - header.length;
				header = Buffer.concat([header, chunk.subarray(0, wanted)]);
				chunk = chunk.subarray(wanted);
				if (header.length < headerLength) break;
				[stream, left] = parseHeader(header);
				header = Buffer.alloc(0);
				continue;
			}
			const bytes = chunk.subarray(0, left);
			chunk = chunk.subarray(bytes.length);
			left -= bytes.length;
			if (stream < 3) yield { stream: stream === 2 ? 'stderr' : 'stdout', bytes };
			else message = Buffer.concat([message, bytes]);
			if (stream === 3 && (left === 0 || message.length > longestMessage)) {
				throw new BackupError(
					'docker_failed',
					`the docker daemon broke off the output: ${message.toString()}`,
				);
			}
		}
	}
	if (left > 0 || header.length > 0) {
		throw new BackupError('protocol_violation', 'the output of the container ended inside a frame');
	}
}

function parseHeader(header: Buffer): [stream: number, length: number] {
	const stream = header.readUInt8(0);
	// 0 would be stdin, which the daemon writes to stdout.
	if (stream > 3 || header.readUIntBE(1, 3) !== 0) {
		throw new BackupError(
			'protocol_violation',
			`the output of the container is not in frames (0x${header.toString('hex')})`,
		);
	}
	return [stream, header.readUInt32BE(4)];
}

interface Sink {
	readonly readable: Readable;
	/** Resolves when there is room again. */
	put(bytes: Buffer): Promise<void>;
}

function sink(highWaterMark: number): Sink {
	let proceed = () => {};
	const readable = new Readable({
		highWaterMark,
		read: () => proceed(),
		destroy: (error, done) => {
			proceed();
			done(error);
		},
	});
	readable.on('error', () => proceed());
	const put = async (bytes: Buffer) => {
		if (readable.destroyed || readable.push(bytes)) return;
		await new Promise<void>((resolve) => (proceed = resolve));
	};
	return { readable, put };
}
