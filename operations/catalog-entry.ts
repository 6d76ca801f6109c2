/**
 * Stored texts as catalog entries: parsed, their signatures checked; what can't be read is shown too. What
 * was stated about an archive counts only where it can be believed.
 */
import { judgeRecord, splitFact, trustOfFact } from '../engine/index';
import { BackupError, toBackupError } from '../protocol/errors';
import type { StaleRun, StoredText } from '../protocol/events';
import type { Evidence, Fact, StoredFact } from '../protocol/fact';
import type { BackupRecord, Trust } from '../protocol/record';
import type { Keyring } from './keyring';

export interface Hold {
	/** ISO 8601 UTC. */
	readonly since: string;
	readonly reason: string;
}

/** A look at an archive, as evidence that is kept in the repository. */
export interface KeptVerification extends Evidence {
	/** ISO 8601 UTC. */
	readonly at: string;
}

/** What genuine facts say of an archive. */
export interface Stated {
	/** While it is held nothing deletes it. */
	readonly held: Hold | null;
	/** A deletion has begun: it is as good as gone. */
	readonly deleting: boolean;
	/** Newest first. */
	readonly verifications: readonly KeptVerification[];
}

export type CatalogEntry =
	| { readonly status: 'running'; readonly id: string; readonly job: string; readonly run: StaleRun }
	| (Stated & {
			readonly status: 'success' | 'failed';
			readonly id: string;
			readonly job: string;
			readonly trust: Trust;
			readonly record: BackupRecord;
	  })
	| (Stated & {
			readonly status: 'unreadable';
			readonly id: string;
			/** In whose folder it lies. */
			readonly job: string;
			readonly problem: string;
	  });

export function readEntry({ id, job, text, facts }: StoredText, keyring: Keyring): CatalogEntry {
	const stated = statedBy(facts, keyring);
	try {
		const { record, trust } = judgeRecord(text, keyring.publicKeys, { id, job });
		return { status: record.status, id, job: record.job, trust, record, ...stated };
	} catch (error) {
		return { status: 'unreadable', id, job, problem: toBackupError(error).message, ...stated };
	}
}

function statedBy(facts: readonly StoredFact[], keyring: Keyring): Stated {
	const genuine = genuineFacts(facts, keyring);
	const newest = genuine.findLast(({ fact }) => fact === 'hold' || fact === 'release');
	return {
		held: newest?.fact === 'hold' ? { since: newest.at, reason: newest.reason } : null,
		deleting: genuine.some(({ fact }) => fact === 'deleted'),
		verifications: genuine
			.flatMap(({ fact, at, evidence }) => (fact === 'verified' && evidence ? [{ at, ...evidence }] : []))
			.toReversed(),
	};
}

/** Those that can be believed, oldest first: signed, or from a repository that has no key at all. */
export function genuineFacts(facts: readonly StoredFact[], keyring: Keyring): Fact[] {
	return facts
		.filter((stored) => isGenuine(stored, keyring))
		.map(({ text }) => splitFact(text).fact)
		.toSorted((a, b) => (a.ulid < b.ulid ? -1 : 1));
}

export function isGenuine(stored: StoredFact, keyring: Keyring): boolean {
	try {
		return (
			trustOfFact(stored, keyring.publicKeys) === (keyring.publicKeys.length > 0 ? 'signed' : 'unchecked')
		);
	} catch (error) {
		if (error instanceof BackupError && error.code === 'record_malformed') return false;
		throw error;
	}
}

export type StoredEntry = Extract<CatalogEntry, { record: BackupRecord }>;

/**
 * A success that is there to stay and whose record can be believed: signed, or from a repository that has no
 * key at all.
 */
export function isSound(entry: CatalogEntry, keyring: Keyring): entry is StoredEntry {
	if (entry.status !== 'success' || entry.deleting) return false;
	return entry.trust === 'signed' || (keyring.publicKeys.length === 0 && entry.trust !== 'forged');
}
