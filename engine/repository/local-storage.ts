/**
 * A repository in a directory of this machine (or of this container): see storage.ts for the contract.
 *
 * Every object is a file of mode 0600 in directories of mode 0700, its path the key. The root is never
 * created; symbolic links below it are neither followed to objects nor listed, hidden names never listed.
 */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BackupError } from '../../protocol/errors';
import {
	alreadyThere,
	explain,
	joinSystemErrors,
	missingRoot,
	systemCode,
	type Attempt,
	type Verb,
} from './local-errors';
import {
	createOwnTemporary,
	ensureDirectories,
	moveInto,
	removeFile,
	syncDirectory,
	temporaryPathOf,
	writeAll,
	type LinkFile,
} from './local-files';
import { readRange, walk } from './local-reading';
import { createLocalWriter } from './local-writer';
import { segmentsOf, segmentsOfPrefix } from './object-keys';
import { failureOf } from './outcomes';
import type { ByteRange, Storage } from './storage';

export interface LocalStorageOptions {
	/** How to make a hard link; tests pass the answer of a file system that has none. */
	readonly linkFile?: LinkFile;
}

/** How often a put starts again after a concurrent deletion of its key. */
const mostPutTries = 5;

const wholeObject: ByteRange = { offset: 0, length: Number.MAX_SAFE_INTEGER };

/** The storage at `directory`, which need not exist yet: then every call says `repository_not_found`. */
export function createLocalStorage(directory: string, { linkFile }: LocalStorageOptions = {}): Storage {
	const root = resolve(directory);
	const attemptTo = (verb: Verb, key: string): Attempt => ({ verb, key, root });
	const pathOf = (key: string) => join(root, ...segmentsOf(key));

	/** Runs file operations, with their errors in the words of the contract. */
	const run = async <T>(
		attempt: Attempt,
		signal: AbortSignal | undefined,
		work: () => Promise<T>,
	): Promise<T> => {
		signal?.throwIfAborted();
		try {
			return await work();
		} catch (error) {
			throw await explain(error, attempt);
		}
	};

	const storage: Storage = {
		description: `directory ${root}`,

		async put(key, body, signal) {
			const path = pathOf(key);
			return await run(attemptTo('write', key), signal, async () => {
				await ensureDirectories(root, segmentsOf(key).slice(0, -1));
				return await putFile(path, body, linkFile);
			});
		},

		async create(key, signal) {
			const path = pathOf(key);
			const attempt = attemptTo('write', key);
			return await run(attempt, signal, async () => {
				await ensureDirectories(root, segmentsOf(key).slice(0, -1));
				if ((await failureOf(lstat(path))) === undefined) throw alreadyThere(key, root);
				try {
					return await createLocalWriter(path, attempt, signal, linkFile);
				} catch (error) {
					if (systemCode(error) === 'EEXIST') throw beingWritten(key, root, error);
					throw error;
				}
			});
		},

		async *get(key, range = wholeObject, signal) {
			const path = pathOf(key);
			try {
				yield* readRange(path, checkedRange(key, range), signal);
			} catch (error) {
				throw await explain(error, attemptTo('read', key));
			}
		},

		async read(key, mostBytes, signal) {
			const chunks: Buffer[] = [];
			for await (const chunk of storage.get(key, { offset: 0, length: mostBytes + 1 }, signal))
				chunks.push(chunk);
			const body = Buffer.concat(chunks);
			if (body.length > mostBytes) {
				throw new BackupError('storage_failed', `${key} in ${root} is longer than ${mostBytes} bytes`);
			}
			return body;
		},

		async size(key, signal) {
			const path = pathOf(key);
			const stats: Stats = await run(attemptTo('read', key), signal, () => lstat(path));
			if (!stats.isFile()) throw new BackupError('storage_failed', `${key} in ${root} is not a regular file`);
			return stats.size;
		},

		async *list(prefix, signal, after = '') {
			const directory = join(root, ...segmentsOfPrefix(prefix));
			const gone = await missingRoot(root);
			if (gone) throw gone;
			try {
				yield* walk(directory, prefix, signal, after);
			} catch (error) {
				throw await explain(error, attemptTo('list', prefix));
			}
		},

		async delete(key, signal) {
			const path = pathOf(key);
			await run(attemptTo('delete', key), signal, async () => {
				// The temporary name first: a writer of this key that wakes up has nothing left to publish.
				await removeFile(temporaryPathOf(path));
				await removeFile(path);
				const gone = await missingRoot(root);
				if (gone) throw gone;
			});
		},
	};
	return storage;
}

async function putFile(
	path: string,
	body: Buffer,
	linkFile: LinkFile | undefined,
): Promise<'created' | 'exists'> {
	for (let tries = 1; ; tries += 1) {
		const { temporary, passed } = await writeTemporary(path, body);
		try {
			const outcome = await moveInto(temporary, path, linkFile);
			// Nobody can create this object any more, so what crashed or slower creators left is of no use. Whoever came
			// too late leaves it alone: without hard links the winner's own file still waits to be renamed then.
			if (outcome === 'created') for (const left of passed) await removeFile(left);
			await syncDirectory(dirname(path));
			return outcome;
		} catch (error) {
			// A deletion of this key came between and took the temporary file with it: it goes first, then we.
			if (systemCode(error) !== 'ENOENT' || tries === mostPutTries) {
				throw joinSystemErrors(error, await failureOf(removeFile(temporary)));
			}
		}
	}
}

/** `body` complete and durable under a temporary name of `path`; nothing is left when that fails. */
async function writeTemporary(
	path: string,
	body: Buffer,
): Promise<{ temporary: string; passed: readonly string[] }> {
	const { handle, path: temporary, passed } = await createOwnTemporary(path);
	let failure: unknown;
	try {
		await writeAll(handle, body, 0);
		await handle.sync();
	} catch (error) {
		failure = error;
	}
	failure = joinSystemErrors(failure, await failureOf(handle.close()));
	if (failure !== undefined) throw joinSystemErrors(failure, await failureOf(removeFile(temporary)));
	return { temporary, passed };
}

function checkedRange(key: string, range: ByteRange): ByteRange {
	const { offset, length } = range;
	if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0)
		return range;
	throw new BackupError('invalid_parameter', `${offset} + ${length} is not a range of ${key}`);
}

function beingWritten(key: string, root: string, cause: unknown): BackupError {
	return new BackupError('object_exists', `${key} is being written already in ${root}`, {
		hint: 'Another run writes it, or one that died left it unfinished: the clean-up of that run removes it.',
		cause,
	});
}
