/**
 * A storage behind a bad connection: scripted calls fail with `storage_unreachable` (or another code), and the
 * next one works again. Calls are counted from 1; each page of a listing and each chunk of a get is one.
 */
import type { ObjectWriter, Storage } from '../../engine/repository/storage';
import { BackupError, type ErrorCode } from '../../protocol/errors';

export type Fault = {
	/** `before` anything was done; `after` all of it, so that only the answer is lost. */
	readonly when: 'before' | 'after';
	readonly code?: ErrorCode;
};

export interface FlakyStorage {
	readonly storage: Storage;
	/** What was called so far, failed or not, e.g. `put jobs/a/x.json`. */
	readonly calls: readonly string[];
}

export interface Pieces {
	/** Cuts the chunks of a get to this length, so that there are more of them; 1 MiB by default. */
	readonly chunkLength?: number;
	/** Calls of writers too; those of a wrapper's are otherwise none of its business. */
	readonly writers?: boolean;
}

export function flakyStorage(
	storage: Storage,
	faultOf: (call: number, name: string) => Fault | undefined,
	{ chunkLength = 1 << 20, writers = false }: Pieces = {},
): FlakyStorage {
	const calls: string[] = [];
	const call = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
		const number = calls.push(name);
		const fault = faultOf(number, name);
		if (fault?.when !== 'before') {
			const result = await work();
			if (!fault) return result;
		}
		throw new BackupError(
			fault.code ?? 'storage_unreachable',
			`${name}: scripted failure of call ${number}`,
			{
				hint: 'Look at the script.',
			},
		);
	};
	async function* piecemeal<T>(name: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
		const iterator = pieces[Symbol.asyncIterator]();
		try {
			for (;;) {
				const piece = await call(name, () => iterator.next());
				if (piece.done) return;
				yield piece.value;
			}
		} finally {
			await iterator.return?.();
		}
	}
	const wrapWriter = (key: string, writer: ObjectWriter): ObjectWriter => ({
		write: (chunk) => call(`write ${key}`, () => writer.write(chunk)),
		seal: () => call(`seal ${key}`, () => writer.seal()),
		publish: () => call(`publish ${key}`, () => writer.publish()),
		abort: () => writer.abort(),
	});
	return {
		calls,
		storage: {
			description: `flaky ${storage.description}`,
			put: (key, body, signal) =>
				call(`put ${key}`, async () => {
					const outcome = await storage.put(key, Buffer.from(body), signal);
					// The body is the storage's now, and this one makes use of that.
					body.fill(0xee);
					return outcome;
				}),
			create: (key, signal, expectedBytes) =>
				call(`create ${key}`, async () => {
					const writer = await storage.create(key, signal, expectedBytes);
					return writers ? wrapWriter(key, writer) : writer;
				}),
			get: (key, range, signal) => piecemeal(`get ${key}`, cut(storage.get(key, range, signal), chunkLength)),
			read: (key, mostBytes, signal) => call(`read ${key}`, () => storage.read(key, mostBytes, signal)),
			size: (key, signal) => call(`size ${key}`, () => storage.size(key, signal)),
			list: (prefix, signal, after) => piecemeal(`list ${prefix}`, storage.list(prefix, signal, after)),
			delete: (key, signal) => call(`delete ${key}`, () => storage.delete(key, signal)),
		},
	};
}

async function* cut(chunks: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
	for await (const chunk of chunks) {
		for (let start = 0; start < chunk.length; start += length) {
			// Memory of its own, which the reader may take away.
			yield Buffer.from(Uint8Array.from(chunk.subarray(start, start + length)).buffer);
		}
	}
}
