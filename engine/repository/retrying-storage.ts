/**
 * A storage that outlives its server's bad minutes: each call of the one behind it is tried again while it
 * fails with `storage_unreachable` (retry.ts), without the caller seeing more than time pass.
 *
 * - A put whose answer was lost: an object with exactly our bytes is taken to be ours.
 * - A get goes on at the byte that it had reached, a listing behind the last key; both have the whole time
 *   again after each piece that came.
 * - Of a writer only the opening is tried again: what a write, seal or publish has half done only the storage
 *   behind knows, so its writer has to try again by itself.
 *
 * Once a call has given up, the next ones do so soon, until the storage answers again: a run that fails for
 * want of its storage must not wait again for each thing that it tidies up.
 *
 * Whatever the storage behind does with a body that it was handed over, it gets a copy each time.
 */
import { BackupError } from '../../protocol/errors';
import { mayPass, retrying, shortRetryPolicy, type RetryOptions } from './retry';
import type { ByteRange, ListedObject, Storage } from './storage';

export type RetryingStorageOptions = Omit<RetryOptions, 'signal'>;

export function createRetryingStorage(storage: Storage, options: RetryingStorageOptions): Storage {
	let givenUp = false;
	const again = async <T>(
		signal: AbortSignal | undefined,
		work: (attempt: number) => Promise<T>,
	): Promise<T> => {
		try {
			const result = await retrying(work, { ...options, ...(givenUp && shortRetryPolicy), signal });
			givenUp = false;
			return result;
		} catch (error) {
			// Any other answer is one, too.
			if (!signal?.aborted) givenUp = mayPass(error);
			throw error;
		}
	};
	const { link } = storage;

	return {
		description: storage.description,
		...(storage.isPast && { isPast: storage.isPast }),

		async put(key, body, signal) {
			let inDoubt = false;
			const outcome = await again(signal, async (attempt) => {
				inDoubt = attempt > 1;
				return await storage.put(key, Buffer.from(body), signal);
			});
			return outcome === 'exists' && inDoubt && (await holds(key, body, signal)) ? 'created' : outcome;
		},

		create: (key, signal, expectedBytes) => again(signal, () => storage.create(key, signal, expectedBytes)),

		get: (key, range = { offset: 0, length: Number.MAX_SAFE_INTEGER }, signal) =>
			getResuming(key, range, signal),

		read: (key, mostBytes, signal) => again(signal, () => storage.read(key, mostBytes, signal)),

		size: (key, signal) => again(signal, () => storage.size(key, signal)),

		list: (prefix, signal, after) => listResuming(prefix, signal, after),

		delete: (key, signal) => again(signal, () => storage.delete(key, signal)),

		...(link && {
			link: (key, linkOptions, signal) => again(signal, () => link.call(storage, key, linkOptions, signal)),
		}),
	};

	/** Whether the object is there with exactly these bytes. One that is gone by now was nobody's. */
	async function holds(key: string, body: Buffer, signal: AbortSignal | undefined): Promise<boolean> {
		try {
			if ((await again(signal, () => storage.size(key, signal))) !== body.length) return false;
			return (await again(signal, () => storage.read(key, body.length, signal))).equals(body);
		} catch (error) {
			if (error instanceof BackupError && error.code === 'object_not_found') return false;
			throw error;
		}
	}

	async function* getResuming(key: string, range: ByteRange, signal?: AbortSignal): AsyncGenerator<Buffer> {
		let { offset, length } = range;
		const pieces = resuming(again, signal, () => storage.get(key, { offset, length }, signal));
		for await (const chunk of pieces) {
			// Before it is given away: the reader may detach its memory.
			offset += chunk.length;
			length -= chunk.length;
			yield chunk;
			// Asking for nothing more could only fail.
			if (length === 0) return;
		}
	}

	async function* listResuming(
		prefix: string,
		signal?: AbortSignal,
		after?: string,
	): AsyncGenerator<ListedObject> {
		let last = after;
		for await (const object of resuming(again, signal, () => storage.list(prefix, signal, last))) {
			last = object.key;
			yield object;
		}
	}
}

/** The pieces of `open()`; after a failure that may pass, those of the next `open()`, which leaves out what came. */
async function* resuming<T>(
	again: <R>(signal: AbortSignal | undefined, work: () => Promise<R>) => Promise<R>,
	signal: AbortSignal | undefined,
	open: () => AsyncIterable<T>,
): AsyncGenerator<T> {
	let pieces: AsyncIterator<T> | undefined;
	const next = async (): Promise<IteratorResult<T, unknown>> => {
		pieces ??= open()[Symbol.asyncIterator]();
		try {
			return await pieces.next();
		} catch (error) {
			pieces = undefined;
			throw error;
		}
	};
	try {
		for (;;) {
			const piece = await again(signal, next);
			if (piece.done) return;
			yield piece.value;
		}
	} finally {
		await pieces?.return?.();
	}
}
