/**
 * How a restored database file, whole and checked under a name of its own, gets its name: a free one beside, or the
 * database's own, whose file is kept. What dies in between leaves the old or the new file under that name, never none,
 * and the next try goes on from there.
 *
 * SQLite would apply what lies beside a database (-wal, -journal) to whatever file has its name, so these go with the
 * old one, before the new one comes. Who swaps has folded them into the old file first, if SQLite could open it: then
 * they hold nothing that it needs in that moment.
 */
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { BackupError, joinErrors } from '../../protocol/errors';
import { failureOf } from '../repository/outcomes';
import { companions } from '../sources/sqlite-file';
import { unusable } from './directories';

/** Call by call, so that tests can die at any. */
export interface DatabaseFiles {
	/** Null when there is nothing. */
	inode(path: string): Promise<bigint | null>;
	/** Fails when `to` exists. */
	link(from: string, to: string): Promise<void>;
	rename(from: string, to: string): Promise<void>;
	/** Fine when it is not there. */
	remove(path: string): Promise<void>;
	/** What a directory lists is on the disk when it returns. */
	settle(directory: string): Promise<void>;
}

export const databaseFiles: DatabaseFiles = {
	async inode(path) {
		try {
			return (await lstat(path, { bigint: true })).ino;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
			throw error;
		}
	},
	link: (from, to) => link(from, to),
	rename: (from, to) => rename(from, to),
	remove: (path) => rm(path, { force: true }),
	async settle(directory) {
		const file = await open(directory, 'r');
		try {
			await file.sync();
		} finally {
			await file.close();
		}
	},
};

/** Where the content is written before it has a name. What a try that died left there is removed first. */
export const incomingName = (path: string, id: string): string => `${path}.incoming.${id}`;
export const besideName = (path: string, id: string): string => `${path}.restore.${id}`;

/** Throws `target_exists`. */
export async function requireFree(files: DatabaseFiles, path: string): Promise<void> {
	if ((await files.inode(path)) === null) return;
	throw new BackupError('target_exists', `${path} exists already`, {
		hint: 'It was restored before: use it, or remove it and restore again.',
	});
}

/** Throws `target_exists`. */
export async function putBeside(files: DatabaseFiles, incoming: string, path: string): Promise<void> {
	try {
		await files.link(incoming, path);
	} catch (error) {
		if (!withoutLinks(error)) throw error;
		await requireFree(files, path);
		await files.rename(incoming, path);
	}
	await files.remove(incoming);
	await files.settle(dirname(path));
}

/** The name that the old file has now; null: there was none. */
export async function swapIn(
	files: DatabaseFiles,
	incoming: string,
	path: string,
	id: string,
): Promise<string | null> {
	const old = await files.inode(path);
	const before = await beforeName(files, path, id, old);
	const moved: (readonly [string, string])[] = [];
	let linked = false;
	try {
		if (old !== null && (await files.inode(before)) === null) {
			await files.link(path, before);
			linked = true;
		}
		for (const suffix of companions) {
			if ((await files.inode(`${path}${suffix}`)) === null) continue;
			await files.rename(`${path}${suffix}`, `${before}${suffix}`);
			moved.push([`${path}${suffix}`, `${before}${suffix}`]);
		}
		await files.settle(dirname(path));
		await files.rename(incoming, path);
	} catch (error) {
		throw joinErrors(
			swapError(error, path),
			await failureOf(undo(files, moved, linked ? before : undefined)),
		);
	}
	await files.settle(dirname(path));
	return old === null ? null : before;
}

/** Free, or what a try that died called the file that is still there. */
async function beforeName(
	files: DatabaseFiles,
	path: string,
	id: string,
	old: bigint | null,
): Promise<string> {
	for (let count = 1; count < 100; count++) {
		const name = `${path}.before.${id}${count === 1 ? '' : `.${count}`}`;
		const inode = await files.inode(name);
		if (inode === null || inode === old) return name;
	}
	throw new BackupError('target_exists', `there are 99 files that ${path} was before`, {
		hint: 'Remove those that are not needed.',
	});
}

async function undo(
	files: DatabaseFiles,
	moved: readonly (readonly [string, string])[],
	linked: string | undefined,
): Promise<void> {
	for (const [from, to] of moved.toReversed()) await files.rename(to, from);
	if (linked !== undefined) await files.remove(linked);
}

const withoutLinks = (error: unknown): boolean =>
	['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(
		(error as NodeJS.ErrnoException).code ?? '',
	);

function swapError(error: unknown, path: string): BackupError {
	if (error instanceof BackupError) return error;
	if (!withoutLinks(error)) return unusable(path, error);
	return new BackupError('target_failed', `the file system of ${path} has no hard links`, {
		hint: 'Restore beside the file, and rename both while the application is stopped.',
		cause: error,
	});
}
