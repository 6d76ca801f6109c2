/** Stored texts as catalog entries: parsed, their signatures checked; what can't be read is shown too. */
import { splitRecord, trustOf } from '../engine/index';
import { toBackupError } from '../protocol/errors';
import type { StaleRun, StoredText } from '../protocol/events';
import type { BackupRecord, Trust } from '../protocol/record';
import type { Keyring } from './keyring';

export type CatalogEntry =
	| { readonly status: 'running'; readonly id: string; readonly job: string; readonly run: StaleRun }
	| {
			readonly status: 'success' | 'failed';
			readonly id: string;
			readonly job: string;
			readonly trust: Trust;
			readonly record: BackupRecord;
	  }
	| { readonly status: 'unreadable'; readonly id: string; readonly problem: string };

export function readEntry({ id, job, text }: StoredText, keyring: Keyring): CatalogEntry {
	try {
		const { record } = splitRecord(text);
		return {
			status: record.status,
			id,
			job: record.job,
			trust: trustOf(text, keyring.publicKeys, { id, job }),
			record,
		};
	} catch (error) {
		return { status: 'unreadable', id, problem: toBackupError(error).message };
	}
}

export type StoredEntry = Extract<CatalogEntry, { record: BackupRecord }>;

/** A success whose record can be believed: signed, or from a repository that has no key at all. */
export function isSound(entry: CatalogEntry, keyring: Keyring): entry is StoredEntry {
	if (entry.status !== 'success') return false;
	return entry.trust === 'signed' || (keyring.publicKeys.length === 0 && entry.trust !== 'forged');
}
