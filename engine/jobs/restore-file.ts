/**
 * Restore-file: the database of one archive as a file in a place. It is written under a name of its own while the whole
 * archive is checked; SQLite checks what was written; then it gets its name. Where a file gives way it says `ready`
 * once more before that and waits, so that applications need to stop for that moment only.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { parseDescription, type SqliteDescription } from '../../protocol/description';
import { BackupError, joinErrors } from '../../protocol/errors';
import { parseGoFrame, type GoFrame, type RestoreFileJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { createContentChecksum } from '../format/content-checksum';
import { progressTeller } from '../pipeline/progress';
import { readDescription, readWholeContent } from '../pipeline/whole-reading';
import { failureOf } from '../repository/outcomes';
import { journalModeOf, readHeader } from '../sources/sqlite-file';
import { checkDatabase, foldDatabase, SqliteError, sqliteCodes } from '../sources/sqlite-process';
import {
	besideName,
	databaseFiles,
	incomingName,
	putBeside,
	requireFree,
	swapIn,
} from '../targets/database-file';
import { placeDatabase } from '../targets/database-place';
import { fileSystemOf, unusable } from '../targets/directories';
import { meetRepository } from './meet';

const spaceMargin = 1 << 20;

export async function restoreFile(job: RestoreFileJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	await meetRepository(engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (!archive) throw new BackupError('protocol_violation', 'the restore names no archive');
	const { record } = archive;
	const { id, contentBytes: bytes } = record;
	const description = await describe(engine, archive);
	const place = await placeDatabase(job.root, job.path, id);
	const target = job.swap ? place.path : besideName(place.path, id);
	if (!job.swap) await requireFree(databaseFiles, target);
	const { freeBytes } = await fileSystemOf(dirname(place.path));
	const fits = freeBytes >= bytes + spaceMargin;
	conversation.say({
		event: 'file-plan',
		path: place.below(target),
		replaces: job.swap && place.taken,
		bytes,
		tables: description.tables.length,
		freeBytes,
		fits,
	});
	if (job.dryRun) return conversation.say({ event: 'done', entries: 0, bytes });
	if (!fits) {
		throw new BackupError('target_full', `${bytes} bytes are needed for ${job.path}, ${freeBytes} are free`, {
			hint: 'Free space there; old and new file lie beside each other.',
		});
	}
	const incoming = incomingName(place.path, id);
	let previous: string | null = null;
	try {
		await databaseFiles.remove(incoming);
		await writeDatabase(engine, archive, description, incoming);
		if (job.swap) {
			conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
			await conversation.receive('go');
			conversation.signal.throwIfAborted();
			if (place.taken) await fold(place.path, job.path, conversation.signal);
			previous = await swapIn(databaseFiles, incoming, place.path, id);
		} else {
			await putBeside(databaseFiles, incoming, target);
		}
	} catch (error) {
		throw joinErrors(error, await failureOf(databaseFiles.remove(incoming)));
	}
	const previousPath = previous && place.below(previous);
	conversation.say({ event: 'file-restored', path: place.below(target), previousPath });
	conversation.say({ event: 'done', entries: 0, bytes });
}

type Archive = GoFrame['archives'][number];

const keyOf = ({ key }: Archive): Buffer | null => (key === null ? null : Buffer.from(key, 'base64'));

async function describe(engine: Engine, archive: Archive): Promise<SqliteDescription> {
	const { record } = archive;
	const text = record.kind === 'sqlite' ? await readDescription(engine, record, keyOf(archive)) : null;
	const description = text === null ? null : parseDescription(text);
	if (description?.type === 'sqlite') return description;
	throw new BackupError(
		'archive_kind_mismatch',
		`${record.id} is a ${record.kind} archive, not a SQLite snapshot`,
		{
			hint: 'Choose the record of a SQLite snapshot, or restore this one as what it is.',
		},
	);
}

/** Whole, checked, with its owner and mode, and on the disk when it returns. */
async function writeDatabase(
	engine: Engine,
	archive: Archive,
	description: SqliteDescription,
	path: string,
): Promise<void> {
	const { record } = archive;
	const file = await opened(path, 'wx');
	try {
		await writeContent(engine, archive, file, path);
	} finally {
		await file.close();
	}
	await requireSound(path, record.id, engine.conversation.signal);
	const finished = await opened(path, 'r+');
	try {
		// A vacuumed copy has no write-ahead log: two bytes of the header say that the database wants one.
		if (description.journalMode === 'wal') await finished.write(Buffer.from([2, 2]), 0, 2, 18);
		await finished.chown(description.uid, description.gid);
		await finished.chmod(description.mode & 0o777);
		await finished.sync();
	} catch (error) {
		throw unusable(path, error);
	} finally {
		await finished.close();
	}
}

async function opened(path: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
	try {
		return await open(path, flags, 0o600);
	} catch (error) {
		throw unusable(path, error);
	}
}

async function writeContent(engine: Engine, archive: Archive, file: FileHandle, path: string): Promise<void> {
	const { conversation, clock } = engine;
	const { record } = archive;
	const { id } = record;
	const archiveKey = keyOf(archive);
	const tell = progressTeller(clock, (event) => conversation.say(event));
	const checksum = createContentChecksum(archiveKey);
	let bytesWritten = 0;
	const content = readWholeContent(engine, record, archiveKey, (bytesRead) =>
		tell(() => ({ id, bytesRead, bytesTotal: record.sizeBytes, bytesWritten, entries: 0 })),
	);
	for await (const chunk of content) {
		checksum.update(chunk);
		try {
			await file.writeFile(chunk);
		} catch (error) {
			throw unusable(path, error);
		}
		bytesWritten += chunk.length;
	}
	if (bytesWritten === record.contentBytes && checksum.digest('hex') === record.contentChecksum) return;
	throw new BackupError('index_mismatch', `the content of ${id} is not what its record says`, {
		hint: 'Use another record or copy.',
	});
}

/** By SQLite itself: the bytes are those of the archive, but are they a database? */
async function requireSound(path: string, id: string, signal: AbortSignal): Promise<void> {
	const damaged = (what: string, cause?: unknown) =>
		new BackupError('archive_malformed', `the content of ${id} is no sound SQLite database: ${what}`, {
			hint: 'Use another record.',
			cause,
		});
	if (journalModeOf(await readHeader(path)) === null) throw damaged('its header is another');
	try {
		const { problems } = await checkDatabase(path, signal);
		if (problems.length > 0) throw damaged(problems.join('; '));
	} catch (error) {
		if (error instanceof SqliteError) throw damaged(error.message, error);
		throw error;
	}
}

/** The old file with all that its log or journal holds, by itself; one that SQLite can't open stays as it is. */
async function fold(path: string, name: string, signal: AbortSignal): Promise<void> {
	try {
		const { alone } = await foldDatabase(path, signal);
		if (alone) return;
	} catch (error) {
		if (!(error instanceof SqliteError)) throw error;
		if (error.code !== sqliteCodes.busy && error.code !== sqliteCodes.locked) return;
	}
	throw new BackupError('target_in_use', `${name} is open in another program`, {
		hint: 'Stop everything that uses the database, then restore again.',
	});
}
