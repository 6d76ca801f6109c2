/**
 * A storage whose process dies at call N: that call fails before, after or in the middle of its work, and
 * every later one fails without doing anything, as nothing runs any more. Calls of writers count too.
 */
import { BackupError } from '../../protocol/errors';
import type { ObjectWriter, Storage } from '../../engine/repository/storage';

export interface Fault {
	/** The call that fails, from 1; Infinity for none. */
	readonly at: number;
	/** `half`: half of a chunk is written; for calls that have no half, like `before`. */
	readonly when: 'before' | 'half' | 'after';
}

export interface FaultyStorage {
	readonly storage: Storage;
	/** What was called so far, e.g. `put jobs/a/x.json`. */
	readonly calls: readonly string[];
}

export function faultyStorage(storage: Storage, fault: Fault): FaultyStorage {
	const calls: string[] = [];
	const call = async <T>(name: string, work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
		const number = calls.push(name);
		if (number > fault.at) throw failure(`${name}: the process is dead`);
		if (number < fault.at) return await work();
		if (fault.when === 'after') await work();
		if (fault.when === 'half') await half?.();
		throw failure(`${name}: scripted failure of call ${number}`);
	};
	const wrapWriter = (key: string, writer: ObjectWriter): ObjectWriter => ({
		write: (chunk) =>
			call(
				`write ${key}`,
				() => writer.write(chunk),
				() => writer.write(chunk.subarray(0, chunk.length >> 1)),
			),
		seal: () => call(`seal ${key}`, () => writer.seal()),
		publish: () => call(`publish ${key}`, () => writer.publish()),
		abort: () => call(`abort ${key}`, () => writer.abort()),
	});
	return {
		calls,
		storage: {
			description: `faulty ${storage.description}`,
			put: (key, body, signal) => call(`put ${key}`, () => storage.put(key, body, signal)),
			create: (key, signal, expectedBytes) =>
				call(`create ${key}`, async () => wrapWriter(key, await storage.create(key, signal, expectedBytes))),
			async *get(key, range, signal) {
				await call(`get ${key}`, async () => undefined);
				yield* storage.get(key, range, signal);
			},
			read: (key, mostBytes, signal) => call(`read ${key}`, () => storage.read(key, mostBytes, signal)),
			size: (key, signal) => call(`size ${key}`, () => storage.size(key, signal)),
			async *list(prefix, signal, after) {
				await call(`list ${prefix}`, async () => undefined);
				yield* storage.list(prefix, signal, after);
			},
			delete: (key, signal) => call(`delete ${key}`, () => storage.delete(key, signal)),
		},
	};
}

function failure(message: string): BackupError {
	return new BackupError('storage_failed', message);
}
