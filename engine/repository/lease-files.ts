/**
 * The files of a job's lease, in `locks/<job>/`, all create-only, JSON of at most 4 KiB:
 *
 *   <generation>.json             claim: who holds it
 *   <generation>.<counter>.json   the holder is alive; only that the counter moves means anything
 *   <generation>.released.json    the holder ended
 *
 * Generation and counter have 10 digits. Times in them are for people only and never compared. We never
 * remove the files of the newest generation, so generations grow for ever; where something else removes
 * them, highest-seq.ts tells how far they had come.
 */
import { BackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import { lockPrefixOf } from './layout';
import { isRefusal } from './refusal';
import type { Storage } from './storage';

const digits = 10;
export const mostGeneration = 10 ** digits - 1;
/** Where many were left because nothing could be deleted, a run must not spend its time on them. */
const mostTidiedAtOnce = 100;
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

/** `before`: what an earlier listing said, which spares listing again what has not changed. */
export async function readLocks(
	storage: Storage,
	job: string,
	signal?: AbortSignal,
	before?: Locks,
): Promise<Locks> {
	if (!before || before.generation === 0) return await readBehind(storage, job, signal);
	const { generation, counter } = before;
	const locks = await readBehind(storage, job, signal, renewalKeyOf(job, generation, counter));
	// A claim is always listed, for it comes behind its renewals; without one, everything may be different.
	if (locks.generation === 0) return await readBehind(storage, job, signal);
	return locks.generation === generation ? { ...locks, counter: Math.max(counter, locks.counter) } : locks;
}

/** The newest generation after this one; undefined when there is none. */
export async function readSuccessor(
	storage: Storage,
	job: string,
	generation: number,
): Promise<number | undefined> {
	const locks = await readBehind(storage, job, undefined, releaseKeyOf(job, generation));
	return locks.generation === 0 ? undefined : locks.generation;
}

/** The files of all generations before this one. */
export async function filesBefore(
	storage: Storage,
	job: string,
	generation: number,
	signal?: AbortSignal,
): Promise<string[]> {
	const keys: string[] = [];
	for await (const file of listFiles(storage, job, signal)) {
		if (file.generation >= generation) break;
		keys.push(file.key);
	}
	return keys;
}

async function readBehind(
	storage: Storage,
	job: string,
	signal: AbortSignal | undefined,
	after?: string,
): Promise<Locks> {
	let locks: Locks = { generation: 0, counter: 0, released: false };
	for await (const { generation, part } of listFiles(storage, job, signal, after)) {
		// Keys come sorted, so generations grow, and the counters of each.
		if (generation > locks.generation) locks = { generation, counter: 0, released: false };
		if (part === 'released') locks = { ...locks, released: true };
		if (typeof part === 'number') locks = { ...locks, counter: part };
	}
	return locks;
}

async function* listFiles(
	storage: Storage,
	job: string,
	signal?: AbortSignal,
	after?: string,
): AsyncGenerator<LockFile> {
	const prefix = lockPrefixOf(job);
	for await (const { key } of storage.list(prefix, signal, after)) {
		const [, generation, part = 'claim'] = namePattern.exec(key.slice(prefix.length)) ?? [];
		if (generation === undefined) continue;
		const named = part === 'claim' || part === 'released';
		yield { key, generation: Number(generation), part: named ? part : Number(part) };
	}
}

export function encodeClaim(claim: Claim): Buffer {
	return Buffer.from(`${JSON.stringify({ version: 1, ...claim })}\n`);
}

/** The stored claim, as `encodeClaim` made it; undefined when there is none. */
export async function readClaimBytes(
	storage: Storage,
	job: string,
	generation: number,
	signal?: AbortSignal,
): Promise<Buffer | undefined> {
	try {
		return await storage.read(claimKeyOf(job, generation), maxClaimLength, signal);
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') return undefined;
		throw error;
	}
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
		const bytes = await readClaimBytes(storage, job, generation, signal);
		if (!bytes) return undefined;
		const f = reader.fields(reader.json(bytes.toString()));
		return {
			runId: reader.string(f, 'runId'),
			host: reader.string(f, 'host'),
			since: reader.string(f, 'since'),
		};
	} catch (error) {
		// Only a message is the poorer for it.
		if (error instanceof BackupError && error.code === 'storage_failed') return undefined;
		throw error;
	}
}

export type Tidy = (keys: readonly string[], signal?: AbortSignal) => Promise<void>;

/**
 * Removes files of the lease that mean nothing any more, as far as that can be done: what stays makes
 * listings longer, nothing else. Once the storage has refused, it is not asked again.
 */
export function tidying(storage: Storage): Tidy {
	let refused = false;
	return async (keys, signal) => {
		if (refused) return;
		try {
			for (const key of keys.slice(0, mostTidiedAtOnce)) await storage.delete(key, signal);
		} catch (error) {
			refused = isRefusal(error);
		}
	};
}

function number(value: number): string {
	if (!Number.isSafeInteger(value) || value < 0 || value > mostGeneration) {
		throw new BackupError('storage_failed', `the lease's number ${value} does not fit ${digits} digits`);
	}
	return String(value).padStart(digits, '0');
}
