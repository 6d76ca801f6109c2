/**
 * A lease in hand: renewed in the background until it is released. While it holds, no other run of the
 * job starts; what its holder does after a pause is fenced by `check`, which must precede every publishing
 * and every batch of deletes.
 */
import type { Clock } from '../../protocol/environment';
import { BackupError } from '../../protocol/errors';
import {
	claimKeyOf,
	encodeClaim,
	readLocks,
	releaseKeyOf,
	renewalKeyOf,
	tidyLocks,
	type Claim,
} from './lease-files';
import type { Storage } from './storage';

export interface Lease {
	/** Grows with every run of the job, whatever the clocks say; the records' `seq`. */
	readonly generation: number;
	/**
	 * Throws `lease_lost` when another run took the job over, or when no renewal succeeded for the time to
	 * live; a storage's own error when it can't be asked.
	 */
	check(): Promise<void>;
	/** Ends the renewals and frees the job; again is fine. Throws when that can't be written. */
	release(): Promise<void>;
}

export interface HeldClaim {
	readonly storage: Storage;
	readonly job: string;
	readonly generation: number;
	readonly claim: Claim;
	readonly clock: Clock;
	readonly ttlMs: number;
	readonly renewMs: number;
	/** Monotonic time before the claim was written. */
	readonly claimedAt: number;
}

export function holdLease({
	storage,
	job,
	generation,
	claim,
	clock,
	ttlMs,
	renewMs,
	claimedAt,
}: HeldClaim): Lease {
	const stop = new AbortController();
	const body = encodeClaim(claim);
	let counter = 0;
	/** When the newest successful renewal began: no observer can have seen it stand still for longer. */
	let renewedAt = claimedAt;
	let lost: BackupError | undefined;
	let underWay: Promise<void> | undefined;
	let released: Promise<void> | undefined;

	const lose = (how: string, cause?: unknown): BackupError => {
		stop.abort();
		return (lost ??= new BackupError('lease_lost', `the lease of job ${job} is lost: ${how}`, {
			hint: 'Nothing was published by this run; look at the run that followed it, or run again.',
			cause,
		}));
	};

	const writeRenewal = async (): Promise<void> => {
		const began = clock.monotonic();
		counter += 1;
		try {
			await storage.put(renewalKeyOf(job, generation, counter), body, stop.signal);
			renewedAt = began;
		} catch (error) {
			// One failure is nothing: the next renewal may succeed while the time to live runs.
			const overdue = clock.monotonic() - renewedAt > ttlMs;
			if (overdue && !stop.signal.aborted) lose(`it could not be renewed for ${ttlMs} ms`, error);
			return;
		}
		if (counter > 1) {
			await tidyLocks(storage, [
				{ key: renewalKeyOf(job, generation, counter - 1), generation, part: counter - 1 },
			]);
		}
	};
	const renew = (): Promise<void> => {
		underWay ??= writeRenewal().finally(() => (underWay = undefined));
		return underWay;
	};
	const renewRegularly = async (): Promise<void> => {
		try {
			while (!stop.signal.aborted) {
				await clock.sleep(renewMs, stop.signal);
				await renew();
			}
		} catch (error) {
			if (!stop.signal.aborted) lose('its renewals stopped', error);
		}
	};
	const renewals = renewRegularly();

	const release = async (): Promise<void> => {
		stop.abort();
		await renewals;
		await underWay;
		if (lost) return;
		await storage.put(releaseKeyOf(job, generation), body);
		const { files } = await readLocks(storage, job);
		const own = files.filter((file) => file.generation === generation && typeof file.part === 'number');
		await tidyLocks(storage, own);
	};

	return {
		generation,
		async check() {
			if (lost) throw lost;
			// After a pause observers may be about to take over: move the counter before looking.
			if (clock.monotonic() - renewedAt >= ttlMs / 2) await renew();
			const locks = await readLocks(storage, job);
			if (locks.generation > generation)
				throw lose(`generation ${locks.generation} took over from ${generation}`);
			const present = locks.files.some((file) => file.generation === generation && file.part === 'claim');
			if (!present) throw lose(`${claimKeyOf(job, generation)} was removed`);
			if (clock.monotonic() - renewedAt > ttlMs) throw lose(`it could not be renewed for ${ttlMs} ms`);
			if (lost) throw lost;
		},
		release: () => (released ??= release()),
	};
}
