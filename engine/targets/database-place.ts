/**
 * Where a database file is to be restored: a path below a mounted root, through no link that leads out, in a folder
 * that is there. Throws `invalid_parameter`, `target_failed`.
 */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import { parsePathBelow } from '../../protocol/names';
import { unusable } from './directories';

export interface DatabasePlace {
	/** Absolute, without symbolic links. */
	readonly path: string;
	/** Whether a file is there. */
	readonly taken: boolean;
	/** A path beside it, as it is called below the root. */
	below(path: string): string;
}

const longestName = 255;
/** What is put behind its name at most: `.before.<id>.99-journal`. */
const suffixRoom = '.before..99-journal'.length;

export async function placeDatabase(root: string, path: string, id: string): Promise<DatabasePlace> {
	parsePathBelow(path);
	const wanted = `${root}/${path}`;
	if (Buffer.byteLength(basename(wanted)) + suffixRoom + id.length > longestName) {
		throw new BackupError('invalid_parameter', `the name of ${path} is too long to put ${id} behind it`, {
			hint: 'Restore it under a shorter name.',
		});
	}
	const inside = await resolved(root);
	if (inside === undefined) throw new BackupError('target_failed', `${root} is not mounted`);
	const folder = await resolved(dirname(wanted));
	if (folder === undefined) {
		throw new BackupError('target_failed', `there is no folder for ${path}`, {
			hint: 'Make it first, with the owner that its application expects.',
		});
	}
	requireInside(inside, folder, path);
	const found = await typeOf(join(folder, basename(wanted)));
	if (found === 'link') {
		const file = await resolved(join(folder, basename(wanted)));
		if (file !== undefined) requireInside(inside, file, path);
		if (file === undefined || (await typeOf(file)) !== 'file') throw noFile(path);
		return placeOf(inside, file, true);
	}
	if (found === 'other') throw noFile(path);
	return placeOf(inside, join(folder, basename(wanted)), found === 'file');
}

const placeOf = (root: string, path: string, taken: boolean): DatabasePlace => ({
	path,
	taken,
	below: (beside) => beside.slice(root === '/' ? 1 : root.length + 1),
});

function requireInside(root: string, path: string, asked: string): void {
	if (path === root || path.startsWith(`${root}/`)) return;
	throw new BackupError('invalid_parameter', `${asked} leads out of its place by a symbolic link`, {
		hint: 'Name the place that it leads to.',
	});
}

async function resolved(path: string): Promise<string | undefined> {
	try {
		return await realpath(path);
	} catch (error) {
		if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
		throw unusable(path, error);
	}
}

async function typeOf(path: string): Promise<'file' | 'link' | 'other' | undefined> {
	try {
		const facts = await lstat(path);
		return facts.isFile() ? 'file' : facts.isSymbolicLink() ? 'link' : 'other';
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw unusable(path, error);
	}
}

function noFile(path: string): BackupError {
	return new BackupError('target_failed', `${path} is there and is no regular file`, {
		hint: 'Name another path.',
	});
}
