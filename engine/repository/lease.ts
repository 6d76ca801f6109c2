/**
 * One writer per job, over nothing but create-only objects and listings (lease-files.ts).
 *
 * - A run holds generation n by having created its claim; the next is n + 1, so exactly one can follow.
 *   With no file of a lease left, n is what records and markers tell (highest-seq.ts), the same to everybody.
 * - It follows when n was released, or when n's counter stood still for the time to live on this observer's
 *   own monotonic clock, counted only while it was looking. Wall clocks are never compared.
 * - Taking over is safe for observers, not for the holder, who may just have been paused: it finds out by
 *   `Lease.check` (lease-holder.ts), and its unpublished objects by then are gone (runs.ts).
 */
import type { Clock } from '../../protocol/environment';
import { BackupError, joinErrors } from '../../protocol/errors';
import { highestSeq, mostBelieved } from './highest-seq';
import {
	claimKeyOf,
	encodeClaim,
	filesBefore,
	readClaim,
	readLocks,
	tidying,
	type Locks,
} from './lease-files';
import { holdLease, type Lease } from './lease-holder';
import { failureOf } from './outcomes';
import type { Storage } from './storage';

export type { Lease } from './lease-holder';

export interface LeaseOptions {
	readonly runId: string;
	/** This side's host, for the messages of others. */
	readonly host: string;
	/**
	 * How long to wait for a living holder, ms; with 0 the first sign of life refuses. Until then, or until a
	 * dead holder's time to live is over, acquiring waits in any case.
	 */
	readonly waitMs: number;
	readonly clock: Clock;
	/** Ends the waiting; a lease that is held is ended by `release` only. */
	readonly signal?: AbortSignal;
	/** The same for all runs of a job, ms. */
	readonly ttlMs?: number;
	readonly renewMs?: number;
	/** Asked when there is no file of a lease: the highest generation that ever was. */
	readonly floor?: () => Promise<number>;
	/** What the generation must be above, whatever the last one was: records from elsewhere bring their own. */
	readonly above?: number;
}

export const defaultTtlMs = 30_000;
export const defaultRenewMs = 5_000;
const looksPerRenewal = 5;

/** What an observer has seen so far of the newest generation. */
interface Watch {
	readonly locks: Locks;
	/** How long it was seen to stand still. */
	readonly stillMs: number;
	/** Whether anything has moved since the watch began: its holder, or one before it, was alive then. */
	readonly moved: boolean;
	/** Monotonic time at the end of the newest listing. */
	readonly at: number;
}

/** Throws `locked` while another run holds the job. */
export async function acquireLease(storage: Storage, job: string, options: LeaseOptions): Promise<Lease> {
	const { clock, signal, waitMs, ttlMs = defaultTtlMs, renewMs = defaultRenewMs } = options;
	const floor = options.floor ?? (() => highestSeq(storage, job, signal));
	const lookMs = Math.ceil(renewMs / looksPerRenewal);
	const began = clock.monotonic();
	let watch: Watch | undefined;
	/** What `floor` said, as long as no lease has been seen since. */
	let reached: number | undefined;
	for (;;) {
		signal?.throwIfAborted();
		const listingAt = clock.monotonic();
		const locks = await readLocks(storage, job, signal, watch?.locks);
		watch = observe(watch, locks, listingAt, clock.monotonic(), lookMs);
		const unlocked = locks.generation === 0;
		if (!unlocked) {
			reached = undefined;
		} else if (reached === undefined) {
			// Then looks again: another run may have come meanwhile, and moved on from there.
			reached = await floor();
			continue;
		}
		if (unlocked || locks.released || watch.stillMs >= ttlMs) {
			const generation = (reached ?? locks.generation) + 1;
			const lease = await claimNext(storage, job, generation, { ...options, ttlMs, renewMs });
			if (lease) return await raise(lease, storage, job, { ...options, ttlMs, renewMs });
			watch = { ...watch, moved: true };
		} else if (watch.moved && clock.monotonic() - began >= waitMs) {
			throw await lockedError(storage, job, locks.generation, ttlMs, signal);
		} else {
			await clock.sleep(lookMs, signal);
		}
	}
}

function observe(
	before: Watch | undefined,
	locks: Locks,
	listingAt: number,
	at: number,
	lookMs: number,
): Watch {
	if (!before) return { locks, stillMs: 0, moved: false, at };
	const { generation, counter, released } = before.locks;
	const same = locks.generation === generation && locks.counter === counter && locks.released === released;
	if (!same) return { locks, stillMs: 0, moved: true, at };
	// A step is never longer than two looks: if this whole machine was suspended, the holder was perhaps too.
	const step = Math.min(listingAt - before.at, 2 * lookMs);
	return { locks, stillMs: before.stillMs + step, moved: before.moved, at };
}

/** Creates the claim of `generation`; undefined when another run was first. */
async function claimNext(
	storage: Storage,
	job: string,
	generation: number,
	{
		runId,
		host,
		clock,
		signal,
		ttlMs,
		renewMs,
	}: LeaseOptions & { readonly ttlMs: number; readonly renewMs: number },
): Promise<Lease | undefined> {
	const claim = { runId, host, since: new Date(clock.now()).toISOString() };
	const claimedAt = clock.monotonic();
	if ((await storage.put(claimKeyOf(job, generation), encodeClaim(claim), signal)) === 'exists')
		return undefined;
	const tidy = tidying(storage);
	const lease = holdLease({ storage, job, generation, claim, tidy, clock, ttlMs, renewMs, claimedAt });
	try {
		// Between the listing and the claim, others may have held and cleaned up this very generation.
		await lease.check();
		await tidy(await filesBefore(storage, job, generation, signal));
		signal?.throwIfAborted();
		return lease;
	} catch (error) {
		const later = await failureOf(lease.release());
		if (!(error instanceof BackupError) || error.code !== 'lease_lost') throw joinErrors(error, later);
		// A void claim stays: it may not be ours any more, and the next holder removes it.
		return undefined;
	}
}

/**
 * A lease above `above`. While one is held nobody can follow it, so all higher numbers are its holder's; whoever
 * followed all the same, after a pause of ours, sees a higher one than its own and ends.
 */
async function raise(
	lease: Lease,
	storage: Storage,
	job: string,
	options: LeaseOptions & { readonly ttlMs: number; readonly renewMs: number },
): Promise<Lease> {
	const { above = 0 } = options;
	if (lease.generation > above || above > mostBelieved) return lease;
	let raised: Lease | undefined;
	let failure: unknown;
	try {
		await lease.check();
		raised = await claimNext(storage, job, above + 1, options);
		if (!raised)
			failure = new BackupError('lease_lost', `the lease of job ${job} is lost: another run came first`);
	} catch (error) {
		failure = error;
	}
	const later = await failureOf(lease.release());
	if (raised) return raised;
	throw joinErrors(failure, later);
}

async function lockedError(
	storage: Storage,
	job: string,
	generation: number,
	ttlMs: number,
	signal: AbortSignal | undefined,
): Promise<BackupError> {
	const claim = await readClaim(storage, job, generation, signal);
	const holder = claim
		? `run ${claim.runId} on ${claim.host} since ${claim.since}`
		: 'a run that left no name';
	return new BackupError('locked', `job ${job} is locked by ${holder}`, {
		hint: `Wait until that run ends, or set a time to wait for it; a run that died frees the job after ${ttlMs / 1000} s.`,
	});
}
