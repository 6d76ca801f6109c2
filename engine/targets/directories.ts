/** Looks at directories that a restore is about to fill, and makes and removes them. */
import { lstat, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';

/** A fresh file system's own folder does not count. */
const ownFolder = 'lost+found';

/** Names in a directory; undefined when there is none. `target_failed` when it is something else. */
export async function namesIn(path: string): Promise<string[] | undefined> {
	try {
		return await readdir(path);
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw unusable(path, cause);
	}
}

export const entriesNow = async (path: string): Promise<number> =>
	((await namesIn(path)) ?? []).filter((name) => name !== ownFolder).length;

/** `mountPoint`: it stays where it is, with the folder that its file system made. */
export async function requireEmpty(path: string, mountPoint: boolean): Promise<void> {
	const found = mountPoint ? await entriesNow(path) : ((await namesIn(path))?.length ?? 0);
	if (found === 0) return;
	throw new BackupError('target_not_empty', `the target ${path} is not empty`, {
		hint: 'Restore into a new volume or an empty directory.',
	});
}

/** Removes what a directory holds, not itself. */
export async function clear(path: string): Promise<void> {
	for (const name of (await namesIn(path)) ?? []) {
		if (name !== ownFolder) await rm(`${path}/${name}`, { recursive: true, force: true });
	}
}

/** A new empty directory that only its owner enters; what an earlier try left there is removed. */
export async function makeAnew(path: string): Promise<void> {
	try {
		await rm(path, { recursive: true, force: true });
		await mkdir(path, { recursive: true, mode: 0o700 });
	} catch (cause) {
		throw unusable(path, cause);
	}
}

/**
 * Makes the missing folders of a path below `root`, which are told, outermost first. One that is a symbolic link or
 * no folder is refused: it may lead anywhere.
 */
export async function makeBelow(root: string, names: readonly string[]): Promise<string[]> {
	const made: string[] = [];
	let path = root;
	for (const name of names) {
		path = `${path}/${name}`;
		if (await isFolder(path)) continue;
		await mkdir(path, { mode: 0o755 });
		made.push(path);
	}
	return made;
}

/** False when there is nothing; `target_failed` when it is no folder. */
export async function isFolder(path: string): Promise<boolean> {
	try {
		if ((await lstat(path)).isDirectory()) return true;
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw unusable(path, cause);
	}
	throw new BackupError('target_failed', `${path} is no directory, but a restore is to go below it`, {
		hint: 'Name a directory that is not there yet.',
	});
}

export interface FileSystem {
	readonly device: number;
	readonly freeBytes: number;
}

/** The file system that a path is on, or will be. */
export async function fileSystemOf(path: string): Promise<FileSystem> {
	for (let at = path; ; at = dirname(at)) {
		try {
			const { bavail, bsize } = await statfs(at);
			return { device: (await stat(at)).dev, freeBytes: bavail * bsize };
		} catch (cause) {
			if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || at === '/') throw unusable(at, cause);
		}
	}
}

export function unusable(path: string, cause: unknown): BackupError {
	const code = (cause as NodeJS.ErrnoException).code ?? '';
	if (code === 'ENOSPC' || code === 'EDQUOT') {
		return new BackupError('target_full', `there is no space left for ${path}`, {
			hint: 'Free space there, or choose another target.',
			cause,
		});
	}
	return new BackupError('target_failed', `the target ${path} can't be used (${code})`, {
		hint: 'Check that it is a directory and its permissions.',
		cause,
	});
}
