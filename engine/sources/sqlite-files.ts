/**
 * The SQLite databases of a place, told by their headers. Links are not followed, other file systems not entered; files
 * that vanish or can't be read meanwhile are passed over, as are names that are not UTF-8.
 */
import { lstat, readdir } from 'node:fs/promises';
import type { DatabaseFile } from '../../protocol/events';
import { journalModeOf, readHeader } from './sqlite-file';

/** Of one page: what is shorter is no database. */
const leastBytes = 512;

export interface FilesFound {
	readonly files: readonly DatabaseFile[];
	/** Entries that were looked at so far. */
	readonly looked: number;
}

/** What each folder holds, one after the other; ends after `most` entries. `root` must be there. */
export async function* databaseFiles(
	root: string,
	most: number,
	signal: AbortSignal,
): AsyncGenerator<FilesFound> {
	const { dev } = await lstat(root);
	const folders = [''];
	let looked = 0;
	for (let folder = folders.pop(); folder !== undefined && looked < most; folder = folders.pop()) {
		signal.throwIfAborted();
		const files: DatabaseFile[] = [];
		for (const entry of await entriesOf(`${root}/${folder}`)) {
			if (looked === most || entry.name.includes('\uFFFD')) continue;
			looked += 1;
			const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
			const facts = entry.isDirectory() || entry.isFile() ? await factsOf(`${root}/${path}`) : undefined;
			if (facts?.dev !== dev) continue;
			if (facts.isDirectory()) folders.push(path);
			const journalMode =
				facts.isFile() && facts.size >= leastBytes ? await journalModeIn(`${root}/${path}`) : null;
			if (journalMode !== null) files.push({ path, size: facts.size, journalMode });
		}
		yield { files, looked };
	}
}

const entriesOf = async (folder: string) => (await ifThere(readdir(folder, { withFileTypes: true }))) ?? [];

const factsOf = (path: string) => ifThere(lstat(path));

async function journalModeIn(path: string): Promise<DatabaseFile['journalMode'] | null> {
	const header = await ifThere(readHeader(path));
	return header ? journalModeOf(header) : null;
}

/** Undefined where it is not any more, or not for us. */
async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
	try {
		return await look;
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ESTALE', 'EIO'].includes(code)) return undefined;
		throw error;
	}
}
