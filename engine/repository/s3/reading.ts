/** The bytes of an object, as they come: see `get` in storage.ts. */
import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { BackupError } from '../../../protocol/errors';
import type { ByteRange } from '../storage';
import type { S3Access } from './client';
import { startDeadline } from './deadline';
import { answerOf, type Attempt } from './errors';

export const wholeObject: ByteRange = { offset: 0, length: Number.MAX_SAFE_INTEGER };

/** `length` must not be 0: HTTP has no such range. */
export async function* readObject(
	access: S3Access,
	key: string,
	range: ByteRange,
	signal: AbortSignal | undefined,
	version?: string,
): AsyncGenerator<Buffer> {
	const { client, location, clock, timeOuts } = access;
	const attempt: Attempt = { verb: 'read', key };
	const deadline = startDeadline({ clock, idleMs: timeOuts.idle, signal });
	let body: Readable | undefined;
	const destroy = () => body?.destroy();
	deadline.signal.addEventListener('abort', destroy, { once: true });
	try {
		const command = new GetObjectCommand({
			Bucket: location.bucket,
			Key: access.nameOf(key),
			...rangeHeader(range),
			...(version === undefined ? {} : { VersionId: version }),
		});
		const answer = await deadline.race(client.send(command, { abortSignal: deadline.signal }));
		if (!(answer.Body instanceof Readable)) {
			throw new BackupError('storage_failed', `${access.description} gave ${key} without a body`);
		}
		body = answer.Body;
		const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer, void>;
		let left = answer.ContentLength ?? 0;
		for (;;) {
			deadline.moved();
			const { done, value } = await deadline.race(chunks.next());
			deadline.pause();
			if (done) break;
			left -= value.length;
			yield value;
			signal?.throwIfAborted();
		}
		if (left > 0) {
			throw new BackupError('storage_unreachable', `${key} from ${access.description} broke off`);
		}
	} catch (error) {
		signal?.throwIfAborted();
		if (isPastTheEnd(error)) return;
		throw access.explain(error, attempt);
	} finally {
		deadline.end();
		body?.destroy();
	}
}

function rangeHeader({ offset, length }: ByteRange): { Range?: string } {
	if (offset === 0 && length === wholeObject.length) return {};
	const last = offset + length - 1;
	return { Range: `bytes=${offset}-${Number.isSafeInteger(last) ? last : ''}` };
}

/** The object is there, but ends before the range begins. */
function isPastTheEnd(error: unknown): boolean {
	const { name, status } = answerOf(error);
	return name === 'InvalidRange' || status === 416;
}
