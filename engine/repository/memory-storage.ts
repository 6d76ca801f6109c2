/** A repository in memory, for tests: the whole contract of storage.ts, gone with the process. */
import { BackupError } from '../../protocol/errors';
import { alreadyThere, notFound } from './local-errors';
import { compareKeys, segmentsOf, segmentsOfPrefix } from './object-keys';
import type { ByteRange, ObjectWriter, Storage } from './storage';

const chunkLength = 1 << 20;

export function createMemoryStorage(): Storage {
	const objects = new Map<string, Buffer>();
	/** Per key, the tokens of unfinished writers; a deletion takes them away. */
	const unfinished = new Map<string, Set<object>>();
	const description = 'memory';

	const add = (key: string, body: Buffer): 'created' | 'exists' => {
		if (objects.has(key)) return 'exists';
		objects.set(key, body);
		return 'created';
	};
	const find = (key: string): Buffer => {
		segmentsOf(key);
		const body = objects.get(key);
		if (!body) throw notFound(key, description);
		return body;
	};

	return {
		description,

		async put(key, body, signal) {
			segmentsOf(key);
			signal?.throwIfAborted();
			return add(key, Buffer.from(body));
		},

		async create(key, signal) {
			segmentsOf(key);
			signal?.throwIfAborted();
			if (objects.has(key)) throw alreadyThere(key, description);
			const token = {};
			unfinished.set(key, (unfinished.get(key) ?? new Set()).add(token));
			return createMemoryWriter(key, signal, {
				publish(body) {
					if (!unfinished.get(key)?.has(token)) throw notFound(`unpublished ${key}`, description);
					if (add(key, body) === 'exists') throw alreadyThere(key, description);
				},
				forget: () => unfinished.get(key)?.delete(token),
			});
		},

		async *get(key, { offset, length }: ByteRange = { offset: 0, length: Number.MAX_SAFE_INTEGER }, signal) {
			if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(length) || length < 0) {
				throw new BackupError('invalid_parameter', `${offset} + ${length} is not a range of ${key}`);
			}
			signal?.throwIfAborted();
			const bytes = find(key).subarray(offset, offset + length);
			for (let start = 0; start < bytes.length; start += chunkLength) {
				signal?.throwIfAborted();
				yield Buffer.from(bytes.subarray(start, start + chunkLength));
			}
		},

		async read(key, mostBytes, signal) {
			signal?.throwIfAborted();
			const body = find(key);
			if (body.length > mostBytes) {
				throw new BackupError('storage_failed', `${key} in ${description} is longer than ${mostBytes} bytes`);
			}
			return Buffer.from(body);
		},

		async size(key, signal) {
			signal?.throwIfAborted();
			return find(key).length;
		},

		async *list(prefix, signal, after = '') {
			segmentsOfPrefix(prefix);
			const keys = [...objects.keys()]
				.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0)
				.sort(compareKeys);
			for (const key of keys) {
				signal?.throwIfAborted();
				const body = objects.get(key);
				if (body) yield { key, size: body.length };
			}
		},

		async delete(key, signal) {
			segmentsOf(key);
			signal?.throwIfAborted();
			unfinished.delete(key);
			objects.delete(key);
		},
	};
}

interface Publication {
	publish(body: Buffer): void;
	forget(): void;
}

function createMemoryWriter(
	key: string,
	signal: AbortSignal | undefined,
	{ publish, forget }: Publication,
): ObjectWriter {
	let state: 'open' | 'sealed' | 'published' | 'aborted' = 'open';
	const chunks: Buffer[] = [];
	const require = (wanted: typeof state, what: string) => {
		if (state !== wanted) throw new BackupError('unexpected', `${key} is ${state}, it can't be ${what}`);
		signal?.throwIfAborted();
	};
	return {
		async write(chunk) {
			require('open', 'written');
			chunks.push(Buffer.from(chunk));
		},
		async seal() {
			require('open', 'sealed');
			state = 'sealed';
		},
		async publish() {
			require('sealed', 'published');
			publish(Buffer.concat(chunks));
			state = 'published';
			forget();
		},
		async abort() {
			if (state === 'published') return;
			state = 'aborted';
			chunks.length = 0;
			forget();
		},
	};
}
