/**
 * One archive from a repository into another, its stored bytes as they are. The bytes' way, in one loop:
 *
 *   source storage → SHA-256 and size against the record → target storage
 *
 * Under the target's lease: marker → index and archive, unpublished → every hash right → record signed →
 * published → read back → lease still ours → record → marker gone. So a record never shows without its
 * bytes. What was published without a record is whole: the next copy finds it and adds the record.
 */
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';
import { parseCommitFrame, type CopyJob } from '../../protocol/job';
import type { BackupRecord, RecordFile } from '../../protocol/record';
import type { Engine } from '../environment';
import { recordKeyOf } from '../repository/layout';
import type { Lease } from '../repository/lease';
import { failureOf } from '../repository/outcomes';
import { readRecordText } from '../repository/records';
import { removeRunMarker, writeRunMarker, type RunMarker } from '../repository/runs';
import type { ObjectWriter, Storage } from '../repository/storage';
import { differs, planCopy } from './copy-plan';
import { sizesAt } from './copy-target';
import { progressTeller } from './progress';
import { readStoredBytes } from './read-stored';

/** An archive on its way, and what it goes through. */
export interface Copying {
	readonly engine: Engine;
	readonly job: CopyJob;
	readonly target: Storage;
	readonly record: BackupRecord;
	/** Told of bytes read, of whichever side. */
	readonly onRead: (bytes: number) => void;
	/** Told of bytes written to the target. */
	readonly onWritten: (bytes: number) => void;
}

interface Written {
	readonly file: RecordFile;
	readonly writer: ObjectWriter;
}

/** `recorded`: its record was found at the target, and found to be genuine. */
export async function copyArchive(
	copying: Copying,
	recorded: boolean,
	lease: Lease,
): Promise<'copied' | 'completed' | 'present'> {
	const { engine, job, target, record } = copying;
	const { signal } = engine.conversation;
	const { readBack } = job;
	await lease.check();
	const sizes = await sizesAt(target, [record], signal);
	// It may have been deleted since it was listed.
	const stillRecorded = recorded && sizes.has(recordKeyOf(record.job, record.id));
	const plan = planCopy(record, (path) => sizes.get(path), { recorded: stillRecorded, readBack });
	for (const file of plan.check) await compare(copying, file);
	if (stillRecorded && plan.copy.length === 0) return 'present';

	const marker = markerOf(copying, lease);
	await writeRunMarker(target, marker, signal);
	try {
		const outcome = await writeAll(copying, plan.copy, stillRecorded, lease);
		await forget(copying, marker);
		return outcome;
	} catch (error) {
		// One that lost its lease may be told from the next run's marker by nothing.
		const lost = await failureOf(lease.check());
		const later = lost === undefined ? await failureOf(removeRunMarker(target, marker)) : undefined;
		throw joinErrors(error, later);
	}
}

/** Whether the archive is whole at the target already, as its record there says. Needs no lease. */
export async function isComplete(copying: Copying, sizes: ReadonlyMap<string, number>): Promise<boolean> {
	const { job, record } = copying;
	const plan = planCopy(record, (path) => sizes.get(path), { recorded: true, readBack: job.readBack });
	if (plan.copy.length > 0) return false;
	for (const file of plan.check) await compare(copying, file);
	return true;
}

async function writeAll(
	copying: Copying,
	files: readonly RecordFile[],
	recorded: boolean,
	lease: Lease,
): Promise<'copied' | 'completed' | 'present'> {
	const { engine, job, target, record } = copying;
	const { conversation } = engine;
	const written: Written[] = [];
	let published = 0;
	try {
		conversation.say({ event: 'phase', name: 'copying', id: record.id });
		for (const file of files) written.push(await write(copying, file));
		const recordText = recorded ? null : await signed(copying);
		for (const { file, writer } of written) {
			conversation.signal.throwIfAborted();
			await publish(copying, file, writer);
			published += 1;
		}
		if (job.readBack && written.length > 0) await readBack(copying, files, lease);
		await lease.check();
		if (recordText === null) return 'completed';
		return await storeRecord(target, record, recordText, conversation.signal);
	} catch (error) {
		let failure: unknown = error;
		for (const { writer } of written.slice(published)) {
			failure = joinErrors(failure, await failureOf(writer.abort()));
		}
		throw failure;
	}
}

/** Written and durable, and what the record says; unpublished. */
async function write(copying: Copying, file: RecordFile): Promise<Written> {
	const { engine, target } = copying;
	const { signal } = engine.conversation;
	const writer = await createAnew(target, file, signal);
	try {
		let before = 0;
		const onRead = (bytes: number) => {
			copying.onRead(bytes - before);
			before = bytes;
		};
		for await (const chunk of readStoredBytes(engine.storage, file, signal, onRead)) {
			const { length } = chunk;
			// The buffer is the storage's from here on.
			await writer.write(chunk);
			copying.onWritten(length);
		}
		await writer.seal();
		return { file, writer };
	} catch (error) {
		throw joinErrors(error, await failureOf(writer.abort()));
	}
}

/** What a copy that died has left of this object stands in the way where there is only one temporary name. */
async function createAnew(
	target: Storage,
	{ path, size }: RecordFile,
	signal: AbortSignal,
): Promise<ObjectWriter> {
	try {
		return await target.create(path, signal, size);
	} catch (error) {
		if (!(error instanceof BackupError) || error.code !== 'object_exists') throw error;
		await target.delete(path, signal);
		return await target.create(path, signal, size);
	}
}

/** Another copy may have come first: then what it published is what counts. */
async function publish(copying: Copying, file: RecordFile, writer: ObjectWriter): Promise<void> {
	try {
		await writer.publish();
	} catch (error) {
		if (!(error instanceof BackupError) || error.code !== 'object_exists') throw error;
		await compare(copying, file);
	}
}

/** Asks for the record with the target's signature, now that every hash is right. */
async function signed({ engine: { conversation }, record }: Copying): Promise<string> {
	conversation.say({ event: 'sealed', record });
	return parseCommitFrame(await conversation.receive('commit')).recordText;
}

/** What the target gives back otherwise than it was given is taken away again: it has no record yet. */
async function readBack(copying: Copying, files: readonly RecordFile[], lease: Lease): Promise<void> {
	const { engine, target, record } = copying;
	engine.conversation.say({ event: 'phase', name: 'reading back', id: record.id });
	for (const file of files) {
		try {
			await compare(copying, file);
		} catch (error) {
			if (!(error instanceof BackupError) || error.code !== 'checksum_mismatch') throw error;
			await lease.check();
			const later = await failureOf(target.delete(file.path));
			const failure = new BackupError(
				'checksum_mismatch',
				`${file.path} came back from the target with other bytes than it was given`,
				{
					hint: 'The target loses or changes data: check its disk before you trust it.',
					cause: error,
				},
			);
			throw joinErrors(failure, later);
		}
	}
}

async function compare({ engine, target, onRead }: Copying, file: RecordFile): Promise<void> {
	let before = 0;
	const count = (bytes: number) => {
		onRead(bytes - before);
		before = bytes;
	};
	try {
		for await (const _chunk of readStoredBytes(target, file, engine.conversation.signal, count));
	} catch (error) {
		if (!(error instanceof BackupError) || error.code !== 'checksum_mismatch') throw error;
		throw differs(file, 'its SHA-256 is another', error);
	}
}

/** Signing gives the same text every time: a record that came first is ours, or it is not genuine. */
async function storeRecord(
	target: Storage,
	{ job, id }: BackupRecord,
	text: string,
	signal: AbortSignal,
): Promise<'copied' | 'present'> {
	if ((await target.put(recordKeyOf(job, id), Buffer.from(text))) === 'created') return 'copied';
	if ((await readRecordText(target, job, id, signal)) === text) return 'present';
	throw new BackupError('object_exists', `another record of ${id} came to the target meanwhile`, {
		hint: 'Copy it again: then that record is looked at.',
	});
}

/** The record is stored: a marker that stays is the next run's to remove. */
async function forget({ engine: { conversation }, target }: Copying, marker: RunMarker): Promise<void> {
	const failure = await failureOf(removeRunMarker(target, marker));
	if (failure === undefined) return;
	const { message } = toBackupError(failure);
	conversation.say({ event: 'warning', code: 'run_marker_left', message, path: null });
}

function markerOf({ engine, job, record }: Copying, lease: Lease): RunMarker {
	return {
		id: record.id,
		runId: job.runId,
		job: record.job,
		series: record.series,
		seq: lease.generation,
		kind: record.kind,
		archiveId: record.archiveId,
		startedAt: new Date(engine.clock.now()).toISOString(),
		host: job.host,
		writer: 'copy',
		objects: record.files.map(({ path }) => path),
	};
}

/** Progress of one archive: how much of its files was read, how much was written. */
export function countingOf(
	{ conversation, clock }: Engine,
	record: BackupRecord,
): Pick<Copying, 'onRead' | 'onWritten'> & { readonly written: () => number } {
	const bytesTotal = record.files.reduce((sum, { size }) => sum + size, 0);
	const tell = progressTeller(clock, (event) => conversation.say(event));
	let bytesRead = 0;
	let bytesWritten = 0;
	return {
		onRead(bytes) {
			bytesRead += bytes;
			tell(() => ({ id: record.id, bytesRead, bytesTotal, bytesWritten, entries: 0 }));
		},
		onWritten(bytes) {
			bytesWritten += bytes;
		},
		written: () => bytesWritten,
	};
}
