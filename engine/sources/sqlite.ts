/**
 * A SQLite database as one consistent file, read while the application goes on writing. Its place is mounted read-only
 * and stays as it is: no file appears beside the database, not even the shared memory that SQLite makes (made by root
 * it would lock the application out).
 *
 * In place, by `VACUUM INTO` over a read-only connection, wherever SQLite can: rollback journals, and write-ahead logs
 * whose -wal and -shm are there. A reader of a log keeps nobody waiting; one without keeps writers from committing
 * until the copy is made. What is left are databases that nobody has open, with a log or a transaction that was cut
 * off: those are copied with their companions, and opened in scratch.
 *
 * Throws `sqlite_not_found`, `source_busy`, `source_corrupt`, `source_failed`, `source_unreadable`,
 * `invalid_parameter`, `target_full` (scratch).
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path/posix';
import { setTimeout as pause } from 'node:timers/promises';
import type { SqliteDescription } from '../../protocol/description';
import { BackupError, joinErrors } from '../../protocol/errors';
import type { SourceVolume } from '../../protocol/job';
import { failureOf } from '../repository/outcomes';
import { copyWhenStill } from './sqlite-copy';
import { placeFile, type PlacedFile } from './sqlite-file';
import { checkDatabase, SqliteError, sqliteCodes, takeSnapshot, type SnapshotFacts } from './sqlite-process';

export interface SnapshotOptions {
	/** A directory on a disk. */
	readonly scratch: string;
	/** How long to try again while the database is locked. */
	readonly busyLimitMs: number;
	readonly signal: AbortSignal;
}

export interface Snapshot {
	readonly content: AsyncIterable<Buffer>;
	/** After the content's end. */
	description(): Promise<string> | string;
	readonly expectedBytes: number;
	close(): Promise<void>;
}

const mostCopies = 10;
const betweenCopiesMs = 500;
const readBytes = 1 << 20;
const spaceMargin = 16 << 20;

/** `source.path`: `<root>/./<path below>`; `source.name`: `<place>/<path below>`. */
export async function snapshot(
	source: SourceVolume,
	{ scratch, busyLimitMs, signal }: SnapshotOptions,
): Promise<Snapshot> {
	const { name } = source;
	const file = await placeFile(source.path, name);
	const directory = await mkdtemp(join(scratch, 'sqlite-'));
	const close = () => rm(directory, { recursive: true, force: true });
	try {
		const into = join(directory, 'snapshot.sqlite');
		const work: Work = { name, file, directory, into, busyLimitMs, signal };
		const { journalMode } = await take(work);
		const { problems, ...facts } = await checkDatabase(into, signal);
		if (problems.length > 0) throw corrupt(name, problems.join('; '));
		const description: SqliteDescription = {
			version: 1,
			type: 'sqlite',
			source: placeOf(name, file.below),
			path: file.below,
			journalMode,
			...facts,
			mode: file.mode,
			uid: file.uid,
			gid: file.gid,
		};
		return {
			content: createReadStream(into, { highWaterMark: readBytes, signal }) as AsyncIterable<Buffer>,
			description: () => JSON.stringify(description),
			expectedBytes: (await stat(into)).size,
			close,
		};
	} catch (error) {
		throw joinErrors(failureOfSqlite(error, name), await failureOf(close()));
	}
}

interface Work {
	readonly name: string;
	readonly file: PlacedFile;
	readonly directory: string;
	readonly into: string;
	readonly busyLimitMs: number;
	readonly signal: AbortSignal;
}

async function take(work: Work): Promise<SnapshotFacts> {
	const { name, file, directory, into, busyLimitMs, signal } = work;
	for (let copies = 1; ; copies++) {
		await requireSpace(file.path, directory, 1, name);
		try {
			return await takeSnapshot(
				{ do: 'snapshot', path: file.path, into, inPlace: true, busyLimitMs },
				signal,
			);
		} catch (error) {
			if (!needsCopy(error)) throw error;
			await rm(into, { force: true });
		}
		await requireSpace(file.path, directory, 2, name);
		const folder = join(directory, `copy-${copies}`);
		await mkdir(folder);
		const path = join(folder, 'copy.sqlite');
		try {
			if (await copyWhenStill(file.path, path, signal))
				return await takeSnapshot({ do: 'snapshot', path, into, inPlace: false, busyLimitMs }, signal);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
		// Whoever has just opened it has made what it takes to read it in place.
		if (copies === mostCopies)
			throw busy(name, 'changes all the time and can only be read while it is still');
		await pause(betweenCopiesMs, undefined, { signal });
	}
}

/** A read-only connection can neither make what a log needs nor roll back. */
const needsCopy = (error: unknown): boolean =>
	error instanceof SqliteError &&
	(error.code === sqliteCodes.cantOpen || error.code === sqliteCodes.readOnly);

/** The log's pages become part of the copy. */
async function requireSpace(path: string, directory: string, times: number, name: string): Promise<void> {
	const needed = ((await sizeOf(path)) + (await sizeOf(`${path}-wal`))) * times + spaceMargin;
	const { bavail, bsize } = await statfs(directory);
	if (bavail * bsize >= needed) return;
	throw new BackupError(
		'target_full',
		`a snapshot of ${name} needs ${needed} bytes of scratch space on the docker host, where ${bavail * bsize} are free`,
		{ hint: "Free space where Docker keeps its volumes; the snapshot's copy lies there while it is stored." },
	);
}

async function sizeOf(path: string): Promise<number> {
	try {
		return (await stat(path)).size;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
		throw error;
	}
}

/** Volumes have no slash in their names; directories begin with one. */
function placeOf(name: string, below: string): SqliteDescription['source'] {
	const place = name.slice(0, -below.length - 1);
	return { type: place.startsWith('/') ? 'directory' : 'volume', name: place };
}

function failureOfSqlite(error: unknown, name: string): unknown {
	if (!(error instanceof SqliteError)) return error;
	const { code, message } = error;
	switch (code) {
		case sqliteCodes.busy:
		case sqliteCodes.locked:
		case sqliteCodes.protocol:
			return busy(name, 'is locked');
		case sqliteCodes.corrupt:
		case sqliteCodes.notADatabase:
			return corrupt(name, message);
		case sqliteCodes.full:
			return new BackupError('target_full', `there is no scratch space left for a snapshot of ${name}`, {
				hint: 'Free space where Docker keeps its volumes.',
				cause: error,
			});
		case sqliteCodes.ioError:
			return new BackupError('source_unreadable', `${name} can't be read: ${message}`, { cause: error });
		default:
			return new BackupError('source_failed', `a snapshot of ${name} failed: ${message}`, { cause: error });
	}
}

function busy(name: string, how: string): BackupError {
	return new BackupError('source_busy', `${name} ${how}`, {
		hint: 'Wait longer (busy limit), or take the snapshot when the application writes less.',
	});
}

function corrupt(name: string, what: string): BackupError {
	return new BackupError('source_corrupt', `${name} is damaged: ${what}`, {
		hint: 'Restore an earlier snapshot; what can be saved of this one, sqlite3 saves with ".recover".',
	});
}
