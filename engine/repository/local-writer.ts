/**
 * An object on its way into a directory: see `ObjectWriter` in storage.ts. One chunk is written behind the
 * caller's back, so that the next is made meanwhile; its error surfaces in the next write or in `seal`.
 */
import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError } from '../../protocol/errors';
import {
	alreadyThere,
	explain,
	joinSystemErrors,
	missingRoot,
	notFound,
	systemCode,
	type Attempt,
} from './local-errors';
import { createTemporary, moveInto, removeFile, syncDirectory, writeAll, type LinkFile } from './local-files';
import { failureOf } from './outcomes';
import type { ObjectWriter } from './storage';

type State = 'open' | 'sealed' | 'published' | 'aborted';

export async function createLocalWriter(
	path: string,
	attempt: Attempt,
	signal: AbortSignal | undefined,
	linkFile?: LinkFile,
): Promise<ObjectWriter> {
	const { handle, path: temporary } = await createTemporary(path);
	let state: State = 'open';
	let size = 0;
	let closed = false;
	/** Resolves to what the write under way failed with, if so; it never rejects, so nobody has to wait for it. */
	let underWay: Promise<unknown> = Promise.resolve(undefined);

	const require = (wanted: State, what: string) => {
		if (state !== wanted)
			throw new BackupError('unexpected', `${attempt.key} is ${state}, it can't be ${what}`);
	};
	const settle = async () => {
		const failure = await underWay;
		if (failure !== undefined) throw await explain(failure, attempt);
	};
	const close = async () => {
		if (closed) return;
		closed = true;
		await handle.close();
	};

	return {
		async write(chunk) {
			require('open', 'written');
			await settle();
			signal?.throwIfAborted();
			underWay = failureOf(writeAll(handle, chunk, size));
			size += chunk.length;
		},

		async seal() {
			require('open', 'sealed');
			await settle();
			signal?.throwIfAborted();
			try {
				await handle.sync();
				const stored = (await handle.stat()).size;
				if (stored !== size) {
					throw new BackupError(
						'storage_failed',
						`${attempt.key} has ${stored} bytes, but ${size} were written`,
						{
							hint: 'The file system lost data without an error: check the disk before you trust it.',
						},
					);
				}
				await close();
			} catch (error) {
				throw await explain(error, attempt);
			}
			state = 'sealed';
		},

		async publish() {
			require('sealed', 'published');
			signal?.throwIfAborted();
			let outcome;
			try {
				outcome = await moveInto(temporary, path, linkFile);
				await syncDirectory(dirname(path));
			} catch (error) {
				if (systemCode(error) !== 'ENOENT') throw await explain(error, attempt);
				// The temporary file is gone: another's object has the key, or the key was deleted.
				if ((await failureOf(lstat(path))) === undefined)
					throw alreadyThere(attempt.key, attempt.root, error);
				throw (
					(await missingRoot(attempt.root)) ?? notFound(`unpublished ${attempt.key}`, attempt.root, error)
				);
			}
			state = 'published';
			if (outcome === 'exists') throw alreadyThere(attempt.key, attempt.root);
		},

		async abort() {
			if (state === 'published' || state === 'aborted') return;
			state = 'aborted';
			await underWay;
			const failure = joinSystemErrors(await failureOf(close()), await failureOf(removeFile(temporary)));
			if (failure !== undefined) throw await explain(failure, attempt);
		},
	};
}
