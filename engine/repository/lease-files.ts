/**
 * The files of a job's lease, in `locks/<job>/`, all create-only, JSON of at most 4 KiB:
 *
 *   <generation>.json             claim: who holds it
 *   <generation>.<counter>.json   the holder is alive; only that the counter moves means anything
 *   <generation>.released.json    the holder ended
 *
 * Generation and counter have 10 digits. Times in them are for people only and never compared. The files
 * of the newest generation always stay, so generations grow for ever, whatever is cleaned up.
 */
import { BackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import { lockPrefixOf } from './layout';
import type { Storage } from './storage';

const digits = 10;
const mostCount = 10 ** digits - 1;
const maxClaimLength = 4 << 10;
const namePattern = /^(\d{10})(?:\.(\d{10}|released))?\.json$/;

export interface Claim {
	readonly runId: string;
	readonly host: string;
	/** ISO 8601 UTC by the holder's clock. */
	readonly since: string;
}

/** What a listing says of a job's lease. */
export interface Locks {
	/** The newest; 0 when the job was never locked. */
	readonly generation: number;
	/** Of the newest generation: its highest renewal, 0 for none. */
	readonly counter: number;
	readonly released: boolean;
	readonly files: readonly LockFile[];
}

interface LockFile {
	readonly key: string;
	readonly generation: number;
	readonly part: number | 'released' | 'claim';
}

export function claimKeyOf(job: string, generation: number): string {
	return `${lockPrefixOf(job)}${number(generation)}.json`;
}

export function renewalKeyOf(job: string, generation: number, counter: number): string {
	return `${lockPrefixOf(job)}${number(generation)}.${number(counter)}.json`;
}

export function releaseKeyOf(job: string, generation: number): string {
	return `${lockPrefixOf(job)}${number(generation)}.released.json`;
}

export async function readLocks(storage: Storage, job: string, signal?: AbortSignal): Promise<Locks> {
	const prefix = lockPrefixOf(job);
	const files: LockFile[] = [];
	for await (const { key } of storage.list(prefix, signal)) {
		const [, generation, part = 'claim'] = namePattern.exec(key.slice(prefix.length)) ?? [];
		if (generation === undefined) continue;
		files.push({
			key,
			generation: Number(generation),
			part: part === 'claim' || part === 'released' ? part : Number(part),
		});
	}
	const generation = files.reduce((most, file) => Math.max(most, file.generation), 0);
	const newest = files.filter((file) => file.generation === generation);
	return {
		generation,
		counter: newest.reduce((most, { part }) => (typeof part === 'number' ? Math.max(most, part) : most), 0),
		released: newest.some((file) => file.part === 'released'),
		files,
	};
}

export function encodeClaim(claim: Claim): Buffer {
	return Buffer.from(`${JSON.stringify({ version: 1, ...claim })}\n`);
}

/** Who holds this generation, as far as the claim can be read. */
export async function readClaim(
	storage: Storage,
	job: string,
	generation: number,
	signal?: AbortSignal,
): Promise<Claim | undefined> {
	const reader = new Reader('storage_failed', 'claim');
	try {
		const text = (await storage.read(claimKeyOf(job, generation), maxClaimLength, signal)).toString();
		const f = reader.fields(reader.json(text));
		return {
			runId: reader.string(f, 'runId'),
			host: reader.string(f, 'host'),
			since: reader.string(f, 'since'),
		};
	} catch (error) {
		// Only a message is the poorer for it.
		if (error instanceof BackupError && ['storage_failed', 'object_not_found'].includes(error.code))
			return undefined;
		throw error;
	}
}

/** Removes files of the lease that mean nothing any more, as far as that can be done. */
export async function tidyLocks(storage: Storage, files: readonly LockFile[]): Promise<void> {
	// A storage that lets nobody delete keeps them: listings get longer, nothing else.
	await Promise.allSettled(files.map(({ key }) => storage.delete(key)));
}

function number(value: number): string {
	if (!Number.isSafeInteger(value) || value < 0 || value > mostCount) {
		throw new BackupError('storage_failed', `the lease's number ${value} does not fit ${digits} digits`);
	}
	return String(value).padStart(digits, '0');
}
