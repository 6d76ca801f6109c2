/**
 * Reading below a directory: the bytes of a file, one chunk ahead of the reader, and the files of a tree in
 * the order of their keys. Throws system errors as they are.
 */
import type { Dirent } from 'node:fs';
import { constants } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKeys, isSegment } from './object-keys';
import { systemCode, systemError } from './local-errors';
import { closeAfter } from './local-files';
import { outcomeOf } from './outcomes';
import type { ByteRange, ListedObject } from './storage';

const chunkLength = 1 << 20;
const sizesAtOnce = 64;

/** NOFOLLOW: an object is never elsewhere; NONBLOCK: a FIFO in its place can't hang the engine. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export async function* readRange(
	path: string,
	{ offset, length }: ByteRange,
	signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
	signal?.throwIfAborted();
	const handle = await open(path, readFlags);
	let failure: unknown;
	let ahead: Promise<PromiseSettledResult<Buffer>> | undefined;
	try {
		const stats = await handle.stat();
		if (!stats.isFile()) throw systemError('EINVAL', 'it is not a regular file');
		const end = Math.min(stats.size, offset + length);
		const startRead = (position: number) => {
			ahead =
				position < end
					? outcomeOf(readChunk(handle, position, Math.min(chunkLength, end - position)))
					: undefined;
		};
		startRead(offset);
		for (let position = offset; ahead; ) {
			const result = await ahead;
			if (result.status === 'rejected') throw result.reason;
			const chunk = result.value;
			if (chunk.length === 0) break;
			position += chunk.length;
			startRead(position);
			yield chunk;
			signal?.throwIfAborted();
		}
	} catch (error) {
		failure = error;
		throw error;
	} finally {
		await ahead;
		await closeAfter(failure, handle);
	}
}

/**
 * Regular files below `directory` whose keys come behind `after`, hidden names apart; what vanishes while it is
 * listed is left out.
 */
export async function* walk(
	directory: string,
	prefix: string,
	signal: AbortSignal | undefined,
	after = '',
): AsyncGenerator<ListedObject> {
	signal?.throwIfAborted();
	let files: { path: string; key: string }[] = [];
	for (const { entry, key } of await sortedEntries(directory, prefix)) {
		const path = join(directory, entry.name);
		if (entry.isDirectory()) {
			// Everything below comes before `after` unless that is below too.
			if (compareKeys(key, after) < 0 && !after.startsWith(key)) continue;
			yield* withSizes(files, signal);
			files = [];
			yield* walk(path, key, signal, after);
		} else if (compareKeys(key, after) > 0 && files.push({ path, key }) === sizesAtOnce) {
			yield* withSizes(files, signal);
			files = [];
		}
	}
	yield* withSizes(files, signal);
}

/** One after the other, a directory of many objects would spend most of its time waiting. */
async function* withSizes(
	files: readonly { readonly path: string; readonly key: string }[],
	signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
	signal?.throwIfAborted();
	const sizes = await Promise.all(files.map(({ path }) => sizeOf(path)));
	for (const [position, { key }] of files.entries()) {
		const size = sizes[position];
		if (size !== undefined) yield { key, size };
	}
}

async function sortedEntries(directory: string, prefix: string): Promise<{ entry: Dirent; key: string }[]> {
	const entries = await unlessAbsent(readdir(directory, { withFileTypes: true }));
	return (entries ?? [])
		.filter((entry) => isSegment(entry.name) && (entry.isFile() || entry.isDirectory()))
		.map((entry) => ({ entry, key: `${prefix}${entry.name}${entry.isDirectory() ? '/' : ''}` }))
		.sort((a, b) => compareKeys(a.key, b.key));
}

async function sizeOf(path: string): Promise<number | undefined> {
	return (await unlessAbsent(lstat(path)))?.size;
}

async function unlessAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
	try {
		return await promise;
	} catch (error) {
		if (systemCode(error) === 'ENOENT') return undefined;
		throw error;
	}
}

async function readChunk(handle: FileHandle, position: number, length: number): Promise<Buffer> {
	const buffer = Buffer.allocUnsafe(length);
	const { bytesRead } = await handle.read(buffer, 0, length, position);
	return buffer.subarray(0, bytesRead);
}
