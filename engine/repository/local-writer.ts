/**
 * An object on its way into a directory: see `ObjectWriter` in storage.ts. One chunk is written behind the
 * caller's back, so that the next is made meanwhile; its error surfaces in the next write or in `seal`.
 */
import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError } from '../../protocol/errors';
import { reclaim } from '../format/reclaim';
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

/**
 * After so many bytes the file system is asked to store what it has, behind the writer's back: else it may
 * sit on gigabytes until `seal`, and a small runner's memory fills with them.
 */
const syncEvery = 64 << 20;

export async function createLocalWriter(
	path: string,
	attempt: Attempt,
	signal: AbortSignal | undefined,
	linkFile?: LinkFile,
): Promise<ObjectWriter> {
	const { handle, path: temporary } = await createTemporary(path);
	let state: State = 'open';
	let size = 0;
	let syncedUpTo = 0;
	let closed = false;
	/** The first failure. It stays: a second sync can succeed over bytes that the first one lost. */
	let failure: unknown;
	/** What is under way; these never reject, so nobody has to wait for them. */
	let writing: Promise<void> = Promise.resolve();
	let syncing: Promise<void> | undefined;

	const keepFailure = async (work: Promise<unknown>): Promise<void> => {
		failure ??= await failureOf(work);
	};
	const require = (wanted: State, what: string) => {
		if (state !== wanted)
			throw new BackupError('unexpected', `${attempt.key} is ${state}, it can't be ${what}`);
	};
	const throwFailure = async () => {
		if (failure !== undefined) throw await explain(failure, attempt);
	};
	const close = async () => {
		if (closed) return;
		closed = true;
		await handle.close();
	};
	const syncBehind = () => {
		if (syncing || size - syncedUpTo < syncEvery) return;
		syncedUpTo = size;
		syncing = keepFailure(handle.datasync()).then(() => (syncing = undefined));
	};
	const makeDurable = async () => {
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
	};

	return {
		async write(chunk) {
			require('open', 'written');
			await writing;
			await throwFailure();
			signal?.throwIfAborted();
			writing = keepFailure(writeAll(handle, chunk, size)).then(() => reclaim(chunk));
			size += chunk.length;
			syncBehind();
		},

		async seal() {
			require('open', 'sealed');
			await writing;
			await syncing;
			await throwFailure();
			signal?.throwIfAborted();
			await keepFailure(makeDurable());
			await throwFailure();
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
				throw await unpublished(error, path, attempt);
			}
			state = 'published';
			if (outcome === 'exists') throw alreadyThere(attempt.key, attempt.root);
		},

		async abort() {
			if (state === 'published' || state === 'aborted') return;
			state = 'aborted';
			await writing;
			await syncing;
			const later = joinSystemErrors(await failureOf(close()), await failureOf(removeFile(temporary)));
			if (later !== undefined) throw await explain(later, attempt);
		},
	};
}

/** Why a sealed file could not be published. */
async function unpublished(error: unknown, path: string, attempt: Attempt): Promise<unknown> {
	if (systemCode(error) !== 'ENOENT') return await explain(error, attempt);
	// The temporary file is gone: another's object has the key, or the key was deleted.
	if ((await failureOf(lstat(path))) === undefined) return alreadyThere(attempt.key, attempt.root, error);
	return (await missingRoot(attempt.root)) ?? notFound(`unpublished ${attempt.key}`, attempt.root, error);
}
