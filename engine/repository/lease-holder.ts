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
	readClaimBytes,
	readSuccessor,
	releaseKeyOf,
	renewalKeyOf,
	type Claim,
	type Tidy,
} from './lease-files';
import type { Storage } from './storage';

export interface Lease {
	/** Grows with every run of the job, whatever the clocks say; the records' `seq`. */
	readonly generation: number;
	/**
	 * Throws `lease_lost` when another run took the job over or made the same claim, or when no renewal
	 * succeeded for the time to live; a storage's own error when it can't be asked.
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
	readonly tidy: Tidy;
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
	tidy,
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
		const key = renewalKeyOf(job, generation, (counter += 1));
		// One that hangs must not keep the next from being tried.
		const patience = new AbortController();
		const timer = clock.sleep(ttlMs / 3, patience.signal).then(
			() => patience.abort(),
			() => undefined,
		);
		const signal = AbortSignal.any([stop.signal, patience.signal]);
		try {
			await storage.put(key, body, signal);
			renewedAt = began;
			if (counter > 1) await tidy([renewalKeyOf(job, generation, counter - 1)], signal);
		} catch (error) {
			// One failure is nothing: the next renewal may succeed while the time to live runs.
			const overdue = clock.monotonic() - renewedAt > ttlMs;
			if (overdue && !signal.aborted) lose(`it could not be renewed for ${ttlMs} ms`, error);
		} finally {
			patience.abort();
			await timer;
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
		await tidy(
			[counter - 1, counter].filter((one) => one > 0).map((one) => renewalKeyOf(job, generation, one)),
		);
	};

	const requireOurs = async (): Promise<void> => {
		const successor = await readSuccessor(storage, job, generation);
		if (successor !== undefined) throw lose(`generation ${successor} took over from ${generation}`);
		const key = claimKeyOf(job, generation);
		const found = await readClaimBytes(storage, job, generation);
		if (!found) throw lose(`${key} was removed`);
		// Where locks were removed, or creating is not quite exclusive, a number can be claimed twice.
		if (!found.equals(body)) throw lose(`${key} is of another run`);
	};

	return {
		generation,
		async check() {
			// Twice, if need be: the storage may have been away for just the time of the first look.
			for (let look = 1; ; look += 1) {
				if (lost) throw lost;
				// After a pause observers may be about to take over: move the counter before looking.
				if (clock.monotonic() - renewedAt >= ttlMs / 2) await renew();
				await requireOurs();
				if (lost) throw lost;
				if (clock.monotonic() - renewedAt <= ttlMs) return;
				if (look === 2) throw lose(`it could not be renewed for ${ttlMs} ms`);
			}
		},
		release: () => (released ??= release()),
	};
}
