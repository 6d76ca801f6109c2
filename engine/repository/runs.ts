/**
 * Run markers: what a run is about to write, stored before its first byte and removed after its record.
 * One that is left behind names what a dead run may have left. At most 64 KiB of JSON, one line.
 *
 * A marker is not signed, so it is not believed: it can only name objects of its own archive id, and
 * nothing of an archive that has a record of success, or one that can't be read, is ever removed by it.
 */
import { BackupError } from '../../protocol/errors';
import { parseStaleRun, type StaleRun } from '../../protocol/events';
import { Reader } from '../../protocol/parse';
import { jobPrefixOf, jobsPrefix, markerKeyOf, parseObjectKey, recordKeyOf } from './layout';
import { readRecordText, splitRecord } from './records';
import type { Storage } from './storage';

export interface RunMarker extends StaleRun {
	/** Keys of the objects that the run writes, apart from its record. */
	readonly objects: readonly string[];
}

const markerVersion = 1;
const maxMarkerLength = 64 << 10;
const reader = new Reader('record_malformed', 'run marker');

/** Throws `object_exists` when the archive id is taken. */
export async function writeRunMarker(
	storage: Storage,
	marker: RunMarker,
	signal?: AbortSignal,
): Promise<void> {
	const key = markerKeyOf(marker.job, marker.id);
	const text = `${JSON.stringify({ version: markerVersion, ...marker })}\n`;
	parseRunMarker(text, key);
	if ((await storage.put(key, Buffer.from(text), signal)) === 'exists') {
		throw new BackupError('object_exists', `${key} exists already: another run writes ${marker.id}`);
	}
}

/** After the record; absent is fine. */
export async function removeRunMarker(
	storage: Storage,
	{ job, id }: RunMarker,
	signal?: AbortSignal,
): Promise<void> {
	await storage.delete(markerKeyOf(job, id), signal);
}

/**
 * The markers of a job (null: of all). With the job's lease in hand, one whose `seq` is lower than the
 * lease's generation is of a run that is over. A marker that can't be read names nothing: it is told to
 * `onBroken` and otherwise left alone.
 */
export async function* listRunMarkers(
	storage: Storage,
	job: string | null,
	signal?: AbortSignal,
	onBroken: (key: string, error: BackupError) => void = () => undefined,
): AsyncGenerator<RunMarker> {
	for await (const { key } of storage.list(job === null ? jobsPrefix : jobPrefixOf(job), signal)) {
		if (parseObjectKey(key)?.suffix !== '.run.json') continue;
		try {
			yield parseRunMarker((await storage.read(key, maxMarkerLength, signal)).toString(), key);
		} catch (error) {
			if (!(error instanceof BackupError)) throw error;
			// The run may have ended since the listing.
			if (error.code === 'object_not_found') continue;
			if (error.code !== 'record_malformed' && error.code !== 'storage_failed') throw error;
			onBroken(key, error);
		}
	}
}

export interface CleanUpOptions {
	/**
	 * Text of the record that says how the run ended. To be given, or stored before, for the run of another
	 * process: as records are create-only, it stops a writer that was only paused from recording a success
	 * over bytes that are being removed.
	 */
	readonly recordText?: string;
	readonly signal?: AbortSignal;
}

/**
 * Removes what a run left: its objects, published or not, then its marker. A run that has its record of
 * success (it died just before removing the marker) keeps everything but the marker. Any step may have
 * been done before; a failure leaves the marker, so that the next clean-up repeats the rest.
 */
export async function cleanUpRun(
	storage: Storage,
	marker: RunMarker,
	{ recordText, signal }: CleanUpOptions = {},
): Promise<'kept' | 'removed'> {
	const { job, id } = marker;
	if (recordText !== undefined) await storage.put(recordKeyOf(job, id), Buffer.from(recordText), signal);
	const kept = mayHaveSucceeded(await readRecordText(storage, job, id, signal));
	if (!kept) {
		for (const key of requireOwn(marker)) await storage.delete(key, signal);
	}
	await removeRunMarker(storage, marker, signal);
	return kept ? 'kept' : 'removed';
}

function mayHaveSucceeded(recordText: string | undefined): boolean {
	if (recordText === undefined) return false;
	try {
		return splitRecord(recordText).record.status === 'success';
	} catch (error) {
		if (error instanceof BackupError && error.code === 'record_malformed') return true;
		throw error;
	}
}

function parseRunMarker(text: string, key: string): RunMarker {
	const f = reader.fields(reader.json(text));
	if (f['version'] !== markerVersion) reader.fail(`version ${String(f['version'])} is not ${markerVersion}`);
	const marker = { ...parseFields(f), objects: reader.strings(f, 'objects') };
	const { job, id } = parseObjectKey(key) ?? {};
	if (job !== marker.job || id !== marker.id) reader.fail(`${key} is the marker of another run`);
	requireOwn(marker);
	return marker;
}

function parseFields(f: object): StaleRun {
	try {
		return parseStaleRun(f);
	} catch (cause) {
		if (!(cause instanceof BackupError)) throw cause;
		throw new BackupError('record_malformed', cause.message, { cause });
	}
}

/** The marker's objects, which are this archive's: no record, no marker, no fact, nothing of another. */
function requireOwn({ job, id, objects }: RunMarker): readonly string[] {
	for (const key of objects) {
		const object = parseObjectKey(key);
		if (object?.job !== job || object.id !== id || object.suffix.endsWith('.json')) {
			reader.fail(`${JSON.stringify(key)} is not an object of run ${id}`);
		}
	}
	return objects;
}
