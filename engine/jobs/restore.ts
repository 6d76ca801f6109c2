/**
 * Restore: storage → hash → open → decompress → check names → GNU tar, in one pass, into targets that
 * were empty before: new volumes (the orchestrator removes them when this fails), or a directory that
 * gets its name only when everything is in it.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import { parseGoFrame, type GoFrame, type RestoreJob } from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import { createTarScanner } from '../format/tar-scanner';
import type { Engine } from '../environment';
import { fileOf } from '../pipeline/check-content';
import { progressTeller } from '../pipeline/progress';
import { readContent } from '../pipeline/read-stored';
import { requireGnuTar, writeTree } from '../sources/gnu-tar';
import { nameChecker } from '../targets/names';
import { meetRepository } from './meet';

export async function restore(job: RestoreJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	await requireGnuTar();
	await meetRepository(engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (!archive) throw new BackupError('protocol_violation', 'the restore names no archive');
	const figures =
		job.mode === 'volume'
			? await intoVolumes(job, archive, engine)
			: await intoDirectory(job, archive, engine);
	conversation.say({ event: 'done', ...figures });
}

interface Figures {
	readonly entries: number;
	readonly bytes: number;
}

type Archive = GoFrame['archives'][number];

/** Targets are mounted at `<directory>/volumes/<source>`, where the archive's own names lead. */
async function intoVolumes(job: RestoreJob, archive: Archive, engine: Engine): Promise<Figures> {
	const [first] = job.targets;
	if (!first) throw new BackupError('protocol_violation', 'the restore names no target');
	for (const target of job.targets) await requireEmpty(target.path, ['lost+found']);
	return await extract(job, archive, engine, dirname(dirname(first.path)), 0);
}

async function intoDirectory(job: RestoreJob, archive: Archive, engine: Engine): Promise<Figures> {
	const [first] = job.targets;
	if (!first) throw new BackupError('protocol_violation', 'the restore names no target');
	// Each target is `<directory>/<source>`: the archive's names without their leading `volumes/`.
	const directory = dirname(first.path);
	const incoming = `${directory}.incoming-${archive.record.id}`;
	await requireAbsentOrEmpty(directory);
	await rm(incoming, { recursive: true, force: true });
	await mkdir(incoming, { recursive: true, mode: 0o700 });
	try {
		const figures = await extract(job, archive, engine, incoming, 1);
		await rename(incoming, directory);
		return figures;
	} catch (error) {
		await rm(incoming, { recursive: true, force: true });
		throw error;
	}
}

async function extract(
	job: RestoreJob,
	{ record, key }: Archive,
	engine: Engine,
	directory: string,
	stripComponents: number,
): Promise<Figures> {
	const { storage, conversation, clock } = engine;
	const { signal } = conversation;
	const wanted = job.targets.map((target) => target.source);
	const members = wanted.length === record.sources.length ? [] : wanted.map((source) => `volumes/${source}`);
	const tell = progressTeller(clock, (event) => conversation.say(event));
	const content = readContent(storage, fileOf(record, 'archive'), {
		archiveKey: key === null ? null : Buffer.from(key, 'base64'),
		compressed: record.compression.algorithm === 'zstd',
		signal,
	});
	const check = nameChecker(record.sources.map((source) => source.name));
	let entries = 0;
	let bytes = 0;
	const scanner = createTarScanner({
		baseOffset: 0,
		cutCode: 'archive_truncated',
		onEntry(entry) {
			check(entry);
			entries += 1;
		},
	});
	const tree = writeTree(directory, { members, stripComponents }, signal, ({ code, message, path }) =>
		conversation.say({ event: 'warning', code, message, path }),
	);
	try {
		for await (const chunk of content) {
			scanner.push(chunk);
			await tree.write(chunk);
			bytes += chunk.length;
			tell(() => ({ id: record.id, bytesRead: bytes, bytesWritten: bytes, entries }));
		}
		scanner.end();
		requireWhole(record, entries, bytes);
		await tree.end();
		return { entries, bytes };
	} catch (error) {
		await tree.kill();
		signal.throwIfAborted();
		throw error;
	}
}

/** A restore that restores less than was saved is a failure, whatever its parts said. */
function requireWhole(record: BackupRecord, entries: number, bytes: number): void {
	if (entries === record.entries && bytes === record.contentBytes) return;
	throw new BackupError(
		'index_mismatch',
		`${record.id} holds ${entries} entries in ${bytes} bytes, its record says otherwise`,
	);
}

/** A fresh file system's own folder counts as empty, unless the whole directory is to be replaced. */
async function requireEmpty(path: string, besides: readonly string[] = []): Promise<void> {
	const found = (await readdir(path)).filter((name) => !besides.includes(name));
	if (found.length === 0) return;
	throw new BackupError('target_not_empty', `the target ${path} is not empty`, {
		hint: 'Restore into a new volume or an empty directory.',
	});
}

async function requireAbsentOrEmpty(path: string): Promise<void> {
	try {
		await requireEmpty(path);
	} catch (error) {
		if (error instanceof BackupError) throw error;
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
			throw new BackupError('target_failed', `the target ${path} can't be read`, { cause: error });
		}
	}
}
