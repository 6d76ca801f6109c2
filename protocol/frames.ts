/**
 * The frames that the orchestrator sends over the engine's stdin, after the bundle:
 * `uint8 type + uint32 big-endian length + bytes`. Control frames are JSON of at most 16 MiB; `data`
 * frames are raw bytes of at most 4 MiB. Throws `protocol_violation`.
 */
import { BackupError } from './errors';

export const frameTypes = {
	job: 1,
	/** Answer to `repository`: whether to create it, and the keys of this run's archives. */
	keys: 2,
	go: 3,
	data: 4,
	/** The producer of a streamed source ended with exit code 0: what it was, as `DataEndFrame`. */
	dataEnd: 5,
	heartbeat: 6,
	/** Answer to `sealed` or `failed`: the signed record's text. */
	commit: 7,
	abort: 8,
	/** The producer of a streamed source failed: why, as an `ErrorReport`. Nothing of it is published. */
	dataError: 9,
	/** Instead of the `go` or `commit` of one archive of a backup: why there must be none, as an `ErrorReport`. */
	refuse: 10,
} as const;

export type FrameType = keyof typeof frameTypes;

export interface Frame {
	readonly type: FrameType;
	readonly body: Buffer;
}

/** Both sides say that they are alive this often, milliseconds. */
export const heartbeatEveryMs = 10_000;
/** A side that was silent for so long is gone, milliseconds. */
export const silenceLimitMs = 60_000;

const prefixLength = 5;
export const maxControlLength = 16 << 20;
export const maxDataLength = 4 << 20;

const names = new Map<number, FrameType>(
	Object.entries(frameTypes).map(([name, code]) => [code, name as FrameType]),
);

export function encodeFrame(type: FrameType, body: Buffer | object = Buffer.alloc(0)): Buffer {
	const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
	checkLength(type, bytes.length);
	const prefix = Buffer.alloc(prefixLength);
	prefix.writeUInt8(frameTypes[type], 0);
	prefix.writeUInt32BE(bytes.length, 1);
	return Buffer.concat([prefix, bytes]);
}

/**
 * The frames of a byte stream, however its chunks fall; a stream that ends inside a frame throws. Each body has memory
 * of its own: small frames that wait keep nothing else alive.
 */
export async function* decodeFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
	const prefix = Buffer.alloc(prefixLength);
	let body: Buffer | undefined;
	/** Of the prefix, or of the body once there is one. */
	let filled = 0;
	for await (const chunk of source) {
		for (let position = 0; position < chunk.length; ) {
			const copied = chunk.copy(body ?? prefix, filled, position);
			position += copied;
			filled += copied;
			if (body === undefined) {
				if (filled < prefixLength) continue;
				body = bodyFor(prefix);
				filled = 0;
			}
			if (filled < body.length) continue;
			yield { type: typeOf(prefix), body };
			body = undefined;
			filled = 0;
		}
	}
	if (filled > 0 || body !== undefined)
		throw new BackupError('protocol_violation', 'the frame stream ended inside a frame');
}

function bodyFor(prefix: Buffer): Buffer {
	const length = prefix.readUInt32BE(1);
	checkLength(typeOf(prefix), length);
	return Buffer.allocUnsafe(length);
}

function typeOf(prefix: Buffer): FrameType {
	const type = names.get(prefix.readUInt8(0));
	if (type === undefined) throw new BackupError('protocol_violation', `unknown frame type ${prefix[0]}`);
	return type;
}

function checkLength(type: FrameType, length: number): void {
	const most = type === 'data' ? maxDataLength : maxControlLength;
	if (length > most)
		throw new BackupError('protocol_violation', `a ${type} frame of ${length} bytes is too long`);
}
