/**
 * Trying again what may succeed the next time: exponential backoff with full jitter, so that many clients of
 * one throttled store don't come back at once.
 *
 * Which failures are tried again is decided per code in one table; a failure without a code never is. Gives
 * up when the time is over and the least number of attempts was made, with the newest failure's code and hint
 * and a message that says how often and for how long. An aborted signal ends it at once, with its reason.
 */
import type { Clock, RandomSource } from '../../protocol/environment';
import { BackupError, type ErrorCode } from '../../protocol/errors';

export interface RetryPolicy {
	/** The n-th wait is a random part of `firstWaitMs` × 2^(n−1), but of `longestWaitMs` at most. */
	readonly firstWaitMs: number;
	readonly longestWaitMs: number;
	/** No wait goes beyond this time after the first attempt began; the last attempt begins then. */
	readonly lastingMs: number;
	/** So often at least, however long each attempt took: one that hung until its time-out is no evidence. */
	readonly leastAttempts: number;
}

/** Outlives a server's restart of a minute, twice over. */
export const defaultRetryPolicy: RetryPolicy = {
	firstWaitMs: 200,
	longestWaitMs: 8_000,
	lastingMs: 120_000,
	leastAttempts: 3,
};

/** Where somebody waits for the answer, or where it will hardly be another one than before. */
export const shortRetryPolicy = {
	lastingMs: 15_000,
	leastAttempts: 1,
} as const satisfies Partial<RetryPolicy>;

export interface RetryOptions extends Partial<RetryPolicy> {
	readonly clock: Clock;
	readonly random: RandomSource;
	readonly signal?: AbortSignal;
}

/** Every code, so that a new one has to be decided: whether the same call may succeed a moment later. */
const decisions: Readonly<Record<ErrorCode, 'again' | 'never'>> = {
	storage_unreachable: 'again',

	// Answers that stay the same until somebody does something about it.
	storage_denied: 'never',
	storage_failed: 'never',
	storage_cold: 'never',
	repository_unwritable: 'never',
	repository_full: 'never',
	repository_not_found: 'never',
	repository_not_empty: 'never',
	repository_id_mismatch: 'never',
	object_locked: 'never',
	object_exists: 'never',
	object_not_found: 'never',

	// Nothing that a storage says of its own: who throws it wants it to be seen.
	unexpected: 'never',
	cancelled: 'never',
	protocol_violation: 'never',
	usage: 'never',
	invalid_job_name: 'never',
	invalid_parameter: 'never',
	repository_in_source: 'never',
	size_limit_exceeded: 'never',
	archive_kind_mismatch: 'never',
	checksum_mismatch: 'never',
	archive_malformed: 'never',
	archive_truncated: 'never',
	archive_tampered: 'never',
	archive_missing: 'never',
	archive_version_unsupported: 'never',
	index_mismatch: 'never',
	drill_failed: 'never',
	content_differs: 'never',
	record_malformed: 'never',
	record_unsigned: 'never',
	record_forged: 'never',
	repository_forged: 'never',
	repository_malformed: 'never',
	repository_version_unsupported: 'never',
	key_missing: 'never',
	key_wrong: 'never',
	key_invalid: 'never',
	record_not_found: 'never',
	volume_not_found: 'never',
	container_not_found: 'never',
	database_not_found: 'never',
	locked: 'never',
	lease_lost: 'never',
	record_held: 'never',
	source_unreadable: 'never',
	source_missing: 'never',
	source_failed: 'never',
	source_busy: 'never',
	source_corrupt: 'never',
	container_not_running: 'never',
	container_not_stopped: 'never',
	container_not_started: 'never',
	container_protected: 'never',
	container_command_failed: 'never',
	container_held: 'never',
	guard_failed: 'never',
	docker_host_untrusted: 'never',
	image_missing: 'never',
	image_mismatch: 'never',
	postgres_not_found: 'never',
	database_login_failed: 'never',
	database_in_use: 'never',
	database_version_mismatch: 'never',
	sqlite_not_found: 'never',
	target_exists: 'never',
	target_not_empty: 'never',
	target_in_use: 'never',
	target_full: 'never',
	target_failed: 'never',
	docker_unreachable: 'never',
	docker_permission_denied: 'never',
	docker_failed: 'never',
	image_not_found: 'never',
	image_pull_failed: 'never',
	image_without_node: 'never',
	image_node_too_old: 'never',
	image_without_tar: 'never',
	runner_out_of_memory: 'never',
	runner_died: 'never',
	run_interrupted: 'never',
	timed_out: 'never',
};

export function mayPass(error: unknown): error is BackupError {
	return error instanceof BackupError && decisions[error.code] === 'again';
}

/** What `work` gives in the end. `attempt` counts from 1; whatever an attempt began, it must have ended itself. */
export async function retrying<T>(
	work: (attempt: number) => Promise<T>,
	{ clock, random, signal, ...chosen }: RetryOptions,
): Promise<T> {
	const policy = { ...defaultRetryPolicy, ...chosen };
	const began = clock.monotonic();
	for (let attempt = 1; ; attempt += 1) {
		signal?.throwIfAborted();
		try {
			return await work(attempt);
		} catch (error) {
			signal?.throwIfAborted();
			if (!mayPass(error)) throw error;
			const tookMs = clock.monotonic() - began;
			const leftMs = policy.lastingMs - tookMs;
			if (leftMs <= 0 && attempt >= policy.leastAttempts) throw givenUp(error, attempt, tookMs);
			const waitMs = waitAfter(attempt, policy, random);
			await pause(clock, leftMs > 0 ? Math.min(waitMs, leftMs) : waitMs, signal);
		}
	}
}

function waitAfter(attempt: number, policy: RetryPolicy, random: RandomSource): number {
	const most = Math.min(policy.longestWaitMs, policy.firstWaitMs * 2 ** (attempt - 1));
	return Math.round((most * random.bytes(4).readUInt32BE()) / 2 ** 32);
}

async function pause(clock: Clock, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
	try {
		await clock.sleep(milliseconds, signal);
	} catch (error) {
		signal?.throwIfAborted();
		throw error;
	}
}

function givenUp(error: BackupError, attempts: number, tookMs: number): BackupError {
	const howOften = attempts === 1 ? 'once' : `${attempts} times in ${Math.round(tookMs / 1000)} s`;
	return new BackupError(error.code, `${error.message} (tried ${howOften})`, {
		hint: error.hint,
		cause: error,
	});
}
