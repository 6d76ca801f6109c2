/**
 * The one error class and the one table of codes, shared by every part.
 *
 * A message is lowercase, names the object that failed and never holds a secret; the remedy goes into
 * `hint`. Codes are part of the public contract: they reach records, event lines and n8n's error output.
 */

/** Exit codes of the CLI, by class of failure. */
export const exitCodes = {
	unexpected: 1,
	usage: 2,
	integrity: 3,
	key: 4,
	notFound: 5,
	locked: 6,
	sourceOrTarget: 7,
	storage: 8,
	overdue: 9,
} as const;

export type ErrorClass = keyof typeof exitCodes;

/** Every code there is, with its class. */
export const errorCodes = {
	unexpected: 'unexpected',
	cancelled: 'unexpected',
	protocol_violation: 'unexpected',

	usage: 'usage',
	invalid_job_name: 'usage',
	invalid_parameter: 'usage',
	repository_in_source: 'usage',
	size_limit_exceeded: 'usage',
	archive_kind_mismatch: 'usage',

	checksum_mismatch: 'integrity',
	archive_malformed: 'integrity',
	archive_truncated: 'integrity',
	archive_tampered: 'integrity',
	archive_missing: 'integrity',
	archive_version_unsupported: 'integrity',
	index_mismatch: 'integrity',
	drill_failed: 'integrity',
	image_mismatch: 'integrity',
	content_differs: 'integrity',
	record_malformed: 'integrity',
	record_unsigned: 'integrity',
	record_forged: 'integrity',
	repository_forged: 'integrity',
	repository_malformed: 'integrity',
	repository_version_unsupported: 'integrity',

	key_missing: 'key',
	key_wrong: 'key',
	key_invalid: 'key',

	record_not_found: 'notFound',
	repository_not_found: 'notFound',
	volume_not_found: 'notFound',
	container_not_found: 'notFound',
	database_not_found: 'notFound',
	image_missing: 'notFound',

	locked: 'locked',
	lease_lost: 'locked',
	record_held: 'locked',
	container_held: 'locked',

	source_unreadable: 'sourceOrTarget',
	source_missing: 'sourceOrTarget',
	source_failed: 'sourceOrTarget',
	source_busy: 'sourceOrTarget',
	source_corrupt: 'sourceOrTarget',
	container_not_running: 'sourceOrTarget',
	container_not_stopped: 'sourceOrTarget',
	container_not_started: 'sourceOrTarget',
	container_protected: 'sourceOrTarget',
	container_command_failed: 'sourceOrTarget',
	guard_failed: 'sourceOrTarget',
	postgres_not_found: 'sourceOrTarget',
	database_login_failed: 'sourceOrTarget',
	database_in_use: 'sourceOrTarget',
	database_version_mismatch: 'sourceOrTarget',
	sqlite_not_found: 'sourceOrTarget',
	target_exists: 'sourceOrTarget',
	target_not_empty: 'sourceOrTarget',
	target_in_use: 'sourceOrTarget',
	target_full: 'sourceOrTarget',
	target_failed: 'sourceOrTarget',
	docker_unreachable: 'sourceOrTarget',
	docker_permission_denied: 'sourceOrTarget',
	docker_host_untrusted: 'sourceOrTarget',
	docker_failed: 'sourceOrTarget',
	image_not_found: 'sourceOrTarget',
	image_pull_failed: 'sourceOrTarget',
	image_without_node: 'sourceOrTarget',
	image_node_too_old: 'sourceOrTarget',
	image_without_tar: 'sourceOrTarget',
	runner_out_of_memory: 'sourceOrTarget',
	runner_died: 'sourceOrTarget',
	run_interrupted: 'sourceOrTarget',
	timed_out: 'sourceOrTarget',

	repository_unwritable: 'storage',
	repository_full: 'storage',
	repository_not_empty: 'storage',
	repository_id_mismatch: 'storage',
	storage_unreachable: 'storage',
	storage_denied: 'storage',
	storage_cold: 'storage',
	object_locked: 'storage',
	storage_failed: 'storage',
	object_exists: 'storage',
	object_not_found: 'storage',
} as const satisfies Record<string, ErrorClass>;

export type ErrorCode = keyof typeof errorCodes;

export interface BackupErrorOptions {
	/** What the user can do about it; one sentence. */
	readonly hint?: string;
	readonly cause?: unknown;
}

/** A failure that was foreseen: what failed (`message`), which kind (`code`), what helps (`hint`). */
export class BackupError extends Error {
	readonly code: ErrorCode;
	readonly hint: string | undefined;

	constructor(code: ErrorCode, message: string, options: BackupErrorOptions = {}) {
		super(message, { cause: options.cause });
		this.name = 'BackupError';
		this.code = code;
		this.hint = options.hint;
	}

	/** Exit code of the CLI for this failure. */
	get exitCode(): number {
		return exitCodes[errorCodes[this.code]];
	}
}

export function isErrorCode(value: unknown): value is ErrorCode {
	return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}

/** Any thrown value as a BackupError; an unforeseen one keeps its message under code `unexpected`. */
export function toBackupError(thrown: unknown): BackupError {
	if (thrown instanceof BackupError) return thrown;
	if (isError(thrown)) {
		if (thrown.name === 'AbortError') {
			return new BackupError('cancelled', 'the operation was cancelled', { cause: thrown });
		}
		return new BackupError('unexpected', thrown.message, { cause: thrown });
	}
	return new BackupError('unexpected', String(thrown));
}

/** Also one that another realm made, such as a worker or a test's sandbox. */
function isError(thrown: unknown): thrown is Error {
	return typeof thrown === 'object' && thrown !== null && 'name' in thrown && 'message' in thrown;
}

/** Joins a clean-up failure to the failure that made the clean-up necessary; the first one leads. */
export function joinErrors(first: unknown, later: unknown): unknown {
	if (later === undefined) return first;
	if (first === undefined) return later;
	const leading = toBackupError(first);
	const following = toBackupError(later);
	return new BackupError(leading.code, `${leading.message} (then, while cleaning up: ${following.message})`, {
		hint: leading.hint ?? following.hint,
		cause: first,
	});
}
