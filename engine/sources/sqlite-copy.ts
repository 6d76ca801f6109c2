/**
 * A database that nobody uses, copied with what belongs to it. It is known to be one moment of it by this: its files
 * are the same before and after, and were so for longer than a file's time can stand still.
 */
import { constants, copyFile, open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { BackupError } from '../../protocol/errors';
import { companions } from './sqlite-file';

/** A file's time moves in ticks of the kernel's, at most 10 ms. */
const tickMs = 50;

/** What a rollback journal ends with when others belong to it. */
const journalMagic = Buffer.from('d9d505f920a163d7', 'hex');

/** False: it changed meanwhile, and the copy is worth nothing. `into` must not exist. Throws `source_failed`. */
export async function copyWhenStill(path: string, into: string, signal: AbortSignal): Promise<boolean> {
	const before = await stateOf(path);
	await pause(tickMs, undefined, { signal });
	if ((await stateOf(path)) !== before) return false;
	for (const suffix of ['', '-wal', '-journal']) {
		await copyIfThere(`${path}${suffix}`, `${into}${suffix}`);
		signal.throwIfAborted();
	}
	if ((await stateOf(path)) !== before) return false;
	await requireAlone(`${into}-journal`, path);
	return true;
}

async function stateOf(path: string): Promise<string> {
	const states: string[] = [];
	for (const suffix of ['', ...companions]) {
		try {
			const { ino, size, mtimeNs, ctimeNs } = await stat(`${path}${suffix}`, { bigint: true });
			// Who only looks at the database writes into its shared memory too.
			states.push(suffix === '-shm' ? `${ino}` : `${ino} ${size} ${mtimeNs} ${ctimeNs}`);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
			states.push('none');
		}
	}
	return states.join();
}

async function copyIfThere(from: string, to: string): Promise<void> {
	try {
		await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
	}
}

/**
 * A journal of a transaction over several files names one that says whether it was committed. That one is not here, and
 * SQLite would take that for a yes.
 */
async function requireAlone(journal: string, path: string): Promise<void> {
	let file;
	try {
		file = await open(journal, 'r');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
		throw error;
	}
	try {
		const { size } = await file.stat();
		if (size < journalMagic.length) return;
		const tail = Buffer.alloc(journalMagic.length);
		await file.read(tail, 0, tail.length, size - tail.length);
		if (!tail.equals(journalMagic)) return;
	} finally {
		await file.close();
	}
	throw new BackupError('source_failed', `${path} was left in a transaction over several database files`, {
		hint: 'Let its application open it once: that ends the transaction.',
	});
}
