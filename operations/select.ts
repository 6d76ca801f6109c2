/**
 * Which archives an operation means. By id: exactly that one, whatever its trust (the caller decides);
 * latest and all: only sound successes, newest = highest seq. Throws `record_not_found`.
 */
import { parseArchiveId, parseJobName } from '../protocol/names';
import { BackupError } from '../protocol/errors';
import { isSound, type CatalogEntry, type StoredEntry } from './catalog-entry';
import type { Keyring } from './keyring';

export type Selection =
	| { readonly by: 'id'; readonly id: string }
	/** The newest of every series of the job. */
	| { readonly by: 'latest'; readonly job: string; readonly series?: string }
	| { readonly by: 'all'; readonly job: string };

/** What the engine is asked to show. */
export function filterOf(selection: Selection): { job: string | null; id: string | null } {
	if (selection.by === 'id') return { job: null, id: parseArchiveId(selection.id) };
	return { job: parseJobName(selection.job), id: null };
}

export function selectEntries(
	entries: readonly CatalogEntry[],
	selection: Selection,
	keyring: Keyring,
): StoredEntry[] {
	if (selection.by === 'id') return [selectById(entries, selection.id)];
	const sound = entries.filter((entry) => isSound(entry, keyring));
	if (sound.length === 0) {
		throw new BackupError(
			'record_not_found',
			`job "${selection.job}" has no successful backup in this repository`,
			{
				hint: 'List the records to see the jobs, or run a backup first.',
			},
		);
	}
	if (selection.by === 'all') return sound;
	const wanted =
		selection.series === undefined
			? sound
			: sound.filter((entry) => entry.record.series === selection.series);
	return newestOfEachSeries(wanted);
}

function selectById(entries: readonly CatalogEntry[], id: string): StoredEntry {
	const entry = entries.find((candidate) => candidate.id === id);
	if (entry === undefined) {
		throw new BackupError('record_not_found', `there is no record ${id} in this repository`, {
			hint: 'List the records to see their ids.',
		});
	}
	if (entry.status === 'running') {
		throw new BackupError('record_not_found', `${id} is still being written`, {
			hint: 'Wait for its run to end.',
		});
	}
	if (entry.status === 'unreadable')
		throw new BackupError('record_malformed', `record ${id} can't be read: ${entry.problem}`);
	return entry;
}

function newestOfEachSeries(entries: readonly StoredEntry[]): StoredEntry[] {
	const newest = new Map<string, StoredEntry>();
	for (const entry of entries) {
		const rival = newest.get(entry.record.series);
		if (rival === undefined || isNewer(entry, rival)) newest.set(entry.record.series, entry);
	}
	return [...newest.values()];
}

function isNewer(a: StoredEntry, b: StoredEntry): boolean {
	return a.record.seq !== b.record.seq
		? a.record.seq > b.record.seq
		: a.record.startedAt > b.record.startedAt;
}

/** The one archive that is meant; a job with several series has no single latest one. */
export function selectOne(
	entries: readonly CatalogEntry[],
	selection: Selection,
	keyring: Keyring,
): StoredEntry {
	const found = selectEntries(entries, selection, keyring);
	const [entry] = found;
	if (entry !== undefined && found.length === 1) return entry;
	throw new BackupError(
		'invalid_parameter',
		`the job has ${found.length} series of archives, and one archive is wanted`,
		{ hint: `Name the record's id: ${found.map((candidate) => candidate.id).join(', ')}.` },
	);
}

/** Refuses what can't be vouched for: failed runs, what is being deleted, forged records, unsigned ones unless allowed. */
export function requireRestorable(entry: StoredEntry, keyring: Keyring, allowUnsigned: boolean): void {
	const { id, record, trust, deleting } = entry;
	if (record.status === 'failed') {
		throw new BackupError('record_not_found', `${id} is a failed run and holds no archive`, {
			hint: 'Choose a successful record.',
		});
	}
	if (deleting) {
		throw new BackupError('record_not_found', `${id} is being deleted`, {
			hint: 'Choose another record, or another copy of it.',
		});
	}
	if (trust === 'forged') {
		throw new BackupError('record_forged', `record ${id} does not carry this repository's signature`, {
			hint: 'It was changed or planted, or signed with a key that is not among yours: add that key to the previous keys, or choose another record.',
		});
	}
	if (!allowUnsigned && trust === 'unsigned' && keyring.publicKeys.length > 0) {
		throw new BackupError('record_unsigned', `record ${id} is unsigned though this repository has a key`, {
			hint: 'It may have been planted; choose another record, or allow unsigned records if you know where it comes from.',
		});
	}
}
