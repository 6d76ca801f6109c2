/**
 * Records as stored texts: two lines (signed-text.ts), at most 1 MiB. Reading them never judges: a broken
 * or forged one comes out as it is, hides no other, and is told apart by `splitRecord` and `trustOf`.
 */
import { BackupError } from '../../protocol/errors';
import { isArchiveId } from '../../protocol/names';
import { Reader } from '../../protocol/parse';
import { parseRecord, type BackupRecord, type Trust } from '../../protocol/record';
import { verifySignature } from '../format/signing';
import {
	compareNewestFirst,
	jobPrefixOf,
	jobsPrefix,
	parseObjectKey,
	possibleJobsOf,
	recordKeyOf,
} from './layout';
import { formatSignedText, splitSignedText, type TextSigner } from './signed-text';
import type { Storage } from './storage';

export const maxRecordLength = 1 << 20;

const reader = new Reader('record_malformed', 'record');

export interface SplitRecord {
	/** Line one, exactly as it was signed. */
	readonly line: string;
	readonly signature: string | null;
	readonly record: BackupRecord;
}

export interface StoredRecord {
	readonly id: string;
	readonly key: string;
	/** The file's text; empty for one that is too long or can't be read. */
	readonly text: string;
}

export function formatRecord(record: BackupRecord, signer: TextSigner | null): string {
	return formatSignedText(record, signer);
}

/** The record in a stored text; throws `record_malformed`. Says nothing of who wrote it: see `trustOf`. */
export function splitRecord(text: string): SplitRecord {
	if (text === '' || Buffer.byteLength(text) > maxRecordLength) {
		reader.fail(`it is empty, unreadable or longer than ${maxRecordLength} bytes`);
	}
	const { line, signature, value } = splitSignedText(text, reader);
	return { line, signature, record: parseRecord(value) };
}

/**
 * How far a stored record can be trusted. `found`: under which id, and in which job's folder where that is
 * known, it was stored: one that says otherwise was moved there, which is a forgery too.
 * `unchecked`: no public key is known. Throws `record_malformed`.
 */
export function trustOf(
	text: string,
	publicKeys: readonly string[],
	found: { readonly id: string; readonly job?: string | null },
): Trust {
	return judgeRecord(text, publicKeys, found).trust;
}

/** The record together with its trust, as `trustOf` says it. */
export function judgeRecord(
	text: string,
	publicKeys: readonly string[],
	found: { readonly id: string; readonly job?: string | null },
): { readonly record: BackupRecord; readonly trust: Trust } {
	const split = splitRecord(text);
	return { record: split.record, trust: judge(split, publicKeys, found) };
}

function judge(
	{ line, signature, record }: SplitRecord,
	publicKeys: readonly string[],
	found: { readonly id: string; readonly job?: string | null },
): Trust {
	if (record.id !== found.id || !possibleJobsOf(record.id).includes(record.job)) return 'forged';
	if (typeof found.job === 'string' && record.job !== found.job) return 'forged';
	if (publicKeys.length === 0) return 'unchecked';
	if (signature === null) return 'unsigned';
	const bytes = Buffer.from(line);
	return publicKeys.some((publicKey) => verifySignature(publicKey, bytes, signature)) ? 'signed' : 'forged';
}

/**
 * The stored records of one job (null: of every job, job by job), newest first by the time in their ids,
 * or only that of one id. Throws what the storage throws, but for a single unreadable file.
 */
export async function* listRecordTexts(
	storage: Storage,
	{ job, id }: { readonly job: string | null; readonly id: string | null },
	signal?: AbortSignal,
): AsyncGenerator<StoredRecord> {
	if (id !== null) {
		const jobs =
			job === null ? possibleJobsOf(id) : possibleJobsOf(id).filter((candidate) => candidate === job);
		for (const candidate of jobs) yield* readRecords(storage, candidate, [id], signal);
		return;
	}
	let folder: { job: string; ids: string[] } | undefined;
	for await (const { key } of storage.list(job === null ? jobsPrefix : jobPrefixOf(job), signal)) {
		const object = parseObjectKey(key);
		if (object?.suffix !== '.json') continue;
		// Keys come sorted, so a job's are together: only one job's ids are held at a time.
		if (folder && folder.job !== object.job) {
			yield* readRecords(storage, folder.job, folder.ids, signal);
			folder = undefined;
		}
		folder ??= { job: object.job, ids: [] };
		folder.ids.push(object.id);
	}
	if (folder) yield* readRecords(storage, folder.job, folder.ids, signal);
}

async function* readRecords(
	storage: Storage,
	job: string,
	ids: readonly string[],
	signal: AbortSignal | undefined,
): AsyncGenerator<StoredRecord> {
	for (const id of ids.toSorted(compareNewestFirst)) {
		const key = recordKeyOf(job, id);
		const text = await readText(storage, key, signal);
		if (text !== undefined) yield { id, key, text };
	}
}

/** The record's text; undefined when there is none (any more). */
export async function readRecordText(
	storage: Storage,
	job: string,
	id: string,
	signal?: AbortSignal,
): Promise<string | undefined> {
	return isArchiveId(id) ? await readText(storage, recordKeyOf(job, id), signal) : undefined;
}

async function readText(
	storage: Storage,
	key: string,
	signal: AbortSignal | undefined,
): Promise<string | undefined> {
	try {
		return (await storage.read(key, maxRecordLength, signal)).toString();
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') return undefined;
		// This file alone is too long or unreadable; the others must still be found.
		if (error instanceof BackupError && error.code === 'storage_failed') return '';
		throw error;
	}
}
