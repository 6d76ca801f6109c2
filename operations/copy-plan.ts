/**
 * Which archives a copy means, and what becomes of each in view of what the target holds. Pure. Only records
 * that can be believed are copied; one at the target that can't be, or that says something else, is left
 * alone and refuses its archive.
 */
import type { StoredFact } from '../protocol/fact';
import { BackupError, toBackupError } from '../protocol/errors';
import { parseArchiveId, parseJobName } from '../protocol/names';
import type { BackupRecord } from '../protocol/record';
import { isGenuine, isSound, type CatalogEntry, type StoredEntry } from './catalog-entry';
import type { Keyring } from './keyring';
import { requireRestorable, selectEntries } from './select';

export type CopySelection =
	| { readonly by: 'id'; readonly id: string }
	/** The newest of every series of the job. */
	| { readonly by: 'latest'; readonly job: string; readonly series?: string }
	/** Every sound success that the target lacks: of one job, or (null) of all. */
	| { readonly by: 'missing'; readonly job: string | null };

/** What the engine is asked to show. Throws for names that can't be. */
export function filterOfCopy(selection: CopySelection): { job: string | null; id: string | null } {
	if (selection.by === 'id') return { job: null, id: parseArchiveId(selection.id) };
	return { job: selection.job === null ? null : parseJobName(selection.job), id: null };
}

/** Throws `record_not_found`, and for one id that it can't be believed. */
export function selectCopies(
	entries: readonly CatalogEntry[],
	selection: CopySelection,
	keyring: Keyring,
): BackupRecord[] {
	if (selection.by === 'missing') {
		const { job } = selection;
		if (job !== null) return recordsOf(selectEntries(entries, { by: 'all', job }, keyring));
		return recordsOf(entries.filter((entry) => isSound(entry, keyring)));
	}
	const chosen = selectEntries(entries, selection, keyring);
	for (const entry of chosen) requireRestorable(entry, keyring, false);
	return recordsOf(chosen);
}

const recordsOf = (entries: readonly StoredEntry[]) => entries.map(({ record }) => record);

/** Archives of one job, few enough for one frame. */
export interface CopyBatch {
	readonly records: readonly BackupRecord[];
	/** Ids of those whose genuine record is at the target. */
	readonly recorded: readonly string[];
}

export interface CopyPlan {
	/** Job by job, in the order of their names. */
	readonly batches: readonly CopyBatch[];
	readonly refused: readonly { readonly record: BackupRecord; readonly error: BackupError }[];
}

export interface TargetCatalog {
	readonly entries: readonly CatalogEntry[];
	/** Deletions that have begun there, unchecked. */
	readonly deletions: readonly StoredFact[];
	readonly keyring: Keyring;
	readonly place: string;
}

const mostBatchLength = 4 << 20;

export function planCopies(
	records: readonly BackupRecord[],
	target: TargetCatalog,
	mostLength = mostBatchLength,
): CopyPlan {
	const stored = new Map(
		target.entries.filter(({ status }) => status !== 'running').map((entry) => [entry.id, entry]),
	);
	const deleting = new Set(
		target.deletions.filter((fact) => isGenuine(fact, target.keyring)).map(({ id }) => id),
	);
	const refused: { record: BackupRecord; error: BackupError }[] = [];
	const batches: { job: string; length: number; records: BackupRecord[]; recorded: string[] }[] = [];
	for (const record of records.toSorted(byJob)) {
		const entry = stored.get(record.id);
		const error = refusalOf(record, entry, deleting, target);
		if (error) {
			refused.push({ record, error });
			continue;
		}
		const length = JSON.stringify(record).length;
		let batch = batches.at(-1);
		if (batch?.job !== record.job || batch.length + length > mostLength) {
			batch = { job: record.job, length: 0, records: [], recorded: [] };
			batches.push(batch);
		}
		batch.length += length;
		batch.records.push(record);
		if (entry) batch.recorded.push(record.id);
	}
	return {
		batches: batches.map(({ records: chosen, recorded }) => ({ records: chosen, recorded })),
		refused,
	};
}

/** Keeps the order within a job. */
function byJob(a: BackupRecord, b: BackupRecord): number {
	return a.job < b.job ? -1 : a.job > b.job ? 1 : 0;
}

function refusalOf(
	record: BackupRecord,
	entry: CatalogEntry | undefined,
	deleting: ReadonlySet<string>,
	{ keyring, place }: TargetCatalog,
): BackupError | undefined {
	if (deleting.has(record.id)) {
		return new BackupError('object_exists', `${record.id} is being deleted at ${place}`, {
			hint: 'Finish that deletion there, then copy it again; or leave it out.',
		});
	}
	if (entry === undefined) return undefined;
	const refuse = (code: BackupError['code'], what: string) =>
		new BackupError(code, `the record of ${record.id} at ${place} ${what}`, {
			hint: 'Nothing was changed: delete it at the target, then copy the archive again.',
		});
	if (!('record' in entry)) return refuse('record_malformed', "can't be read");
	if (entry.status === 'failed') return refuse('object_exists', 'is that of a failed run');
	try {
		requireRestorable(entry, keyring, false);
	} catch (error) {
		const { code } = toBackupError(error);
		return refuse(
			code,
			code === 'record_unsigned' ? 'is unsigned' : "does not carry that repository's signature",
		);
	}
	return isSameArchive(record, entry.record)
		? undefined
		: refuse('checksum_mismatch', 'is of another archive');
}

/** Whether two records are of the same stored bytes. */
function isSameArchive(a: BackupRecord, b: BackupRecord): boolean {
	const facts = ({ job, checksum, archiveId, keyId, seq, files }: BackupRecord) =>
		JSON.stringify([
			job,
			checksum,
			archiveId,
			keyId,
			seq,
			files.map(({ role, path, size, sha256 }) => [role, path, size, sha256]).toSorted(),
		]);
	return facts(a) === facts(b);
}
