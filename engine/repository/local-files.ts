/**
 * The file operations that make an object of a directory whole, durable and create-only:
 * temporary file beside the target → fsync → hard link under its name → temporary name gone → fsync of the
 * directory. Temporary names start with `.tmp-`, which no key can. Throws system errors as they are.
 */
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { joinSystemErrors, systemCode, systemError } from './local-errors';
import { failureOf } from './outcomes';

const fileMode = 0o600;
const directoryMode = 0o700;
const mostTemporaries = 100;

/** What `link` answers where there are no hard links (FAT, many FUSE, some SMB mounts and old kernels). */
const withoutHardLinks = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

/** Codes of a file system that can't sync directories; nothing can be done about those. */
const withoutDirectorySync = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS', 'EISDIR']);

export type LinkFile = (existing: string, added: string) => Promise<void>;

export interface Temporary {
	readonly handle: FileHandle;
	readonly path: string;
	/** Names before this one that were taken: left by a crash, or another creator's. */
	readonly passed: readonly string[];
}

/** The name under which the object of `path` is first written; the same for every try. */
export function temporaryPathOf(path: string): string {
	return join(dirname(path), `.tmp-${basename(path)}`);
}

/** Creates the temporary file of `path`. Throws EEXIST when there is one. */
export async function createTemporary(path: string): Promise<Temporary> {
	const temporary = temporaryPathOf(path);
	return { handle: await openExclusive(temporary), path: temporary, passed: [] };
}

/** Creates a temporary file of `path` that is nobody else's, for objects that may have several creators. */
export async function createOwnTemporary(path: string): Promise<Temporary> {
	const passed: string[] = [];
	for (;;) {
		const candidate = temporaryPathOf(path) + (passed.length === 0 ? '' : `.${passed.length}`);
		try {
			return { handle: await openExclusive(candidate), path: candidate, passed };
		} catch (error) {
			if (systemCode(error) !== 'EEXIST' || passed.push(candidate) === mostTemporaries) throw error;
		}
	}
}

/**
 * Gives the complete file `temporary` the name `target`, unless that is taken ('exists'); the temporary
 * name is gone afterwards in both cases. Throws ENOENT when the temporary file was removed by another.
 *
 * Without hard links the name is first reserved by an empty file, which a rename then replaces: as
 * exclusive, but readers can see the empty file for a moment, and a crash can leave it.
 */
export async function moveInto(
	temporary: string,
	target: string,
	linkFile: LinkFile = link,
): Promise<'created' | 'exists'> {
	try {
		await linkFile(temporary, target);
	} catch (error) {
		const code = systemCode(error) ?? '';
		if (code === 'EEXIST') {
			// Over NFS a link can succeed though its answer got lost and the repeated call fails.
			const ours = await sameFile(temporary, target);
			await removeFile(temporary);
			return ours ? 'created' : 'exists';
		}
		if (!withoutHardLinks.has(code)) throw error;
		return await moveWithoutLink(temporary, target);
	}
	await removeFile(temporary);
	return 'created';
}

async function moveWithoutLink(temporary: string, target: string): Promise<'created' | 'exists'> {
	try {
		await (await openExclusive(target)).close();
	} catch (error) {
		if (systemCode(error) !== 'EEXIST') throw error;
		await removeFile(temporary);
		return 'exists';
	}
	try {
		await rename(temporary, target);
	} catch (error) {
		throw joinSystemErrors(error, await failureOf(unlink(target)));
	}
	return 'created';
}

/** Writes all of `bytes` at `position`. */
export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
	let done = 0;
	while (done < bytes.length) {
		done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
	}
}

/** Closes after a success or a `failure`; a failing close is never lost and never hides the first error. */
export async function closeAfter(failure: unknown, handle: FileHandle): Promise<void> {
	const later = await failureOf(handle.close());
	if (later !== undefined) throw joinSystemErrors(failure, later);
}

export async function syncDirectory(path: string): Promise<void> {
	const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
	let failure: unknown;
	try {
		await handle.sync();
	} catch (error) {
		if (!withoutDirectorySync.has(systemCode(error) ?? '')) {
			failure = error;
			throw error;
		}
	} finally {
		await closeAfter(failure, handle);
	}
}

/**
 * Makes the directories of `segments` below an existing root, each durable before the next. A symbolic
 * link among them is refused (ELOOP): what lies behind it would be written, but never listed.
 */
export async function ensureDirectories(root: string, segments: readonly string[]): Promise<string> {
	let path = root;
	for (const segment of segments) {
		const parent = path;
		path = join(path, segment);
		try {
			await mkdir(path, { mode: directoryMode });
			await syncDirectory(parent);
		} catch (error) {
			if (systemCode(error) !== 'EEXIST') throw error;
			if ((await lstat(path)).isSymbolicLink()) {
				throw systemError('ELOOP', `${path} is a symbolic link`);
			}
		}
	}
	return path;
}

/** Removes a name; absent is fine. */
export async function removeFile(path: string): Promise<void> {
	const failure = await failureOf(unlink(path));
	if (failure !== undefined && systemCode(failure) !== 'ENOENT') throw failure;
}

function openExclusive(path: string): Promise<FileHandle> {
	return open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, fileMode);
}

async function sameFile(a: string, b: string): Promise<boolean> {
	const [first, second] = await Promise.all([lstat(a, { bigint: true }), lstat(b, { bigint: true })]);
	return first.ino === second.ino && first.dev === second.dev;
}
