/**
 * Run markers: what a run is about to write, stored before its first byte and removed after its record.
 * One that is left behind names what a dead run may have left. At most 64 KiB of JSON, one line.
 *
 * A marker is not signed, so it is not believed: it can only name objects of its own archive id, and
 * nothing of an archive that has a record of success, or one that can't be read, is ever removed by it.
 *
 * Where these credentials may not delete, a marker is closed instead: `<id>.closed.json` beside it says
 * that the run is over. Such a marker is never read again.
 */
import { BackupError } from '../../protocol/errors';
import { parseStaleRun, type StaleRun } from '../../protocol/events';
import { Reader } from '../../protocol/parse';
import { closedKeyOf, jobPrefixOf, jobsPrefix, markerKeyOf, parseObjectKey, recordKeyOf } from './layout';
import { readRecordText, splitRecord } from './records';
import { isRefusal } from './refusal';
import type { Lease } from './lease-holder';
import type { Storage } from './storage';

export interface RunMarker extends StaleRun {
	/** A copy's record is its source's, so a copy that died is never closed by a failed one: `cleanUpCopy`. */
	readonly writer: 'backup' | 'copy';
	/** Keys of the objects that the run writes, apart from its record. */
	readonly objects: readonly string[];
}

const markerVersion = 1;
const maxMarkerLength = 64 << 10;
const reader = new Reader('record_malformed', 'run marker');

/**
 * Throws `object_exists` when the archive id is taken. A copy that comes again where nothing can be deleted
 * finds its own closed marker: it goes on without one, and so does the clean-up after it.
 */
export async function writeRunMarker(
	storage: Storage,
	marker: RunMarker,
	signal?: AbortSignal,
): Promise<void> {
	const key = markerKeyOf(marker.job, marker.id);
	const text = `${JSON.stringify({ version: markerVersion, ...marker })}\n`;
	parseRunMarker(text, key);
	if ((await storage.put(key, Buffer.from(text), signal)) === 'created') return;
	if (marker.writer === 'copy' && (await isPublished(storage, closedKeyOf(marker.job, marker.id), signal)))
		return;
	throw new BackupError('object_exists', `${key} exists already: another run writes ${marker.id}`);
}

/** After the record; absent is fine. Where it may not be deleted, the marker is closed. */
export async function removeRunMarker(
	storage: Storage,
	marker: Pick<RunMarker, 'job' | 'id'>,
	signal?: AbortSignal,
): Promise<void> {
	try {
		await storage.delete(markerKeyOf(marker.job, marker.id), signal);
	} catch (error) {
		if (!isRefusal(error)) throw error;
		await closeRunMarker(storage, marker, signal);
	}
}

async function closeRunMarker(
	storage: Storage,
	{ job, id }: Pick<RunMarker, 'job' | 'id'>,
	signal: AbortSignal | undefined,
): Promise<void> {
	await storage.put(closedKeyOf(job, id), Buffer.from('{"version":1}\n'), signal);
}

/**
 * The markers of a job (null: of all) that are not closed. With the job's lease in hand, one whose `seq` is
 * lower than the lease's generation is of a run that is over. A marker that can't be read names nothing: it
 * is told to `onBroken` and otherwise left alone.
 */
export async function* listRunMarkers(
	storage: Storage,
	job: string | null,
	signal?: AbortSignal,
	onBroken: (key: string, error: BackupError) => void = () => undefined,
): AsyncGenerator<RunMarker> {
	let closed: string | undefined;
	for await (const { key } of storage.list(job === null ? jobsPrefix : jobPrefixOf(job), signal)) {
		const object = parseObjectKey(key);
		// Keys come sorted: what closes a marker comes just before it.
		if (object?.suffix === '.closed.json') closed = object.id;
		if (object?.suffix !== '.run.json' || object.id === closed) continue;
		const marker = await readRunMarker(storage, key, signal, onBroken);
		if (marker) yield marker;
	}
}

/** The marker under this key; undefined when the run has ended since it was listed, or it can't be read (`onBroken`). */
export async function readRunMarker(
	storage: Storage,
	key: string,
	signal?: AbortSignal,
	onBroken: (key: string, error: BackupError) => void = () => undefined,
): Promise<RunMarker | undefined> {
	try {
		return parseRunMarker((await storage.read(key, maxMarkerLength, signal)).toString(), key);
	} catch (error) {
		if (!(error instanceof BackupError)) throw error;
		if (error.code === 'object_not_found') return undefined;
		if (error.code !== 'record_malformed' && error.code !== 'storage_failed') throw error;
		onBroken(key, error);
		return undefined;
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
 * Removes what a backup left: its objects, published or not, then its marker. A run that has its record of
 * success (it died just before removing the marker) keeps everything but the marker. Any step may have
 * been done before; a failure leaves the marker, so that the next clean-up repeats the rest.
 *
 * `left`: not all of it could be removed, as these credentials may not delete or the storage keeps it for a
 * time. Its writer can't publish any more all the same; the marker stays, to name what is left, and closed.
 */
export async function cleanUpRun(
	storage: Storage,
	marker: RunMarker,
	{ recordText, signal }: CleanUpOptions = {},
): Promise<'kept' | 'removed' | 'left'> {
	const { job, id } = marker;
	if (recordText !== undefined) await storage.put(recordKeyOf(job, id), Buffer.from(recordText), signal);
	const kept = mayHaveSucceeded(await readRecordText(storage, job, id, signal));
	const removed = kept || (await deleteAll(storage, requireOwn(marker), signal));
	if (removed) await removeRunMarker(storage, marker, signal);
	else await closeRunMarker(storage, marker, signal);
	return kept ? 'kept' : removed ? 'removed' : 'left';
}

/**
 * Removes what a copy left unpublished, then its marker; what it published is whole, and the next copy
 * completes it. Needs the job's lease, taken over from the copy. A copy must publish everything, THEN check
 * its lease, THEN store its record: so whatever is not seen here has no record, and gets none.
 */
export async function cleanUpCopy(storage: Storage, marker: RunMarker, signal?: AbortSignal): Promise<void> {
	const unpublished: string[] = [];
	for (const key of requireOwn(marker)) {
		if (!(await isPublished(storage, key, signal))) unpublished.push(key);
	}
	// What a refused deletion leaves are parts of an upload that is ended: nothing that a listing shows.
	await deleteAll(storage, unpublished, signal);
	await removeRunMarker(storage, marker, signal);
}

/**
 * With the lease of `generation` in hand: cleans up after copies that died, and returns the backups that
 * did, for records have to be signed for those.
 */
export async function staleRuns(
	storage: Storage,
	job: string,
	{ generation, check }: Pick<Lease, 'generation' | 'check'>,
	signal?: AbortSignal,
): Promise<RunMarker[]> {
	const backups: RunMarker[] = [];
	for await (const marker of listRunMarkers(storage, job, signal)) {
		if (marker.seq >= generation) continue;
		if (marker.writer === 'backup') {
			backups.push(marker);
			continue;
		}
		await check();
		await cleanUpCopy(storage, marker, signal);
	}
	return backups;
}

/** False when some may not be deleted: each of them was tried, which ends its writer in any case. */
async function deleteAll(
	storage: Storage,
	keys: readonly string[],
	signal: AbortSignal | undefined,
): Promise<boolean> {
	let refused = false;
	for (const key of keys) {
		try {
			await storage.delete(key, signal);
		} catch (error) {
			if (!isRefusal(error)) throw error;
			refused = true;
		}
	}
	return !refused;
}

async function isPublished(storage: Storage, key: string, signal: AbortSignal | undefined): Promise<boolean> {
	try {
		await storage.size(key, signal);
		return true;
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') return false;
		throw error;
	}
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
	const writer = f['writer'] === undefined ? 'backup' : reader.oneOf(f, 'writer', ['backup', 'copy']);
	const marker = { ...parseFields(f), writer, objects: reader.strings(f, 'objects') };
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
