/**
 * What an S3 server (or the way to it) answered, in the words of the storage contract: see storage.ts. Names
 * the object and the storage, never a key. What stays unknown is `storage_failed` with the server's words.
 */
import { BackupError, type ErrorCode } from '../../../protocol/errors';
import { StalledError } from './deadline';

/** What was being done, for messages. */
export interface Attempt {
	readonly verb: 'write' | 'read' | 'list' | 'delete';
	/** The object, or the prefix listed. */
	readonly key: string;
}

/** Where it was done. */
export interface Place {
	/** The location in words. */
	readonly description: string;
	readonly region: string;
	/** Wall time now, ms since the epoch. */
	now(): number;
}

/** The parts of an SDK's or a socket's error that say what happened. */
export interface Answer {
	/** S3's code (`NoSuchBucket`), the system's (`ECONNRESET`), or an error's name. */
	readonly name: string;
	readonly status: number | undefined;
	readonly message: string;
	/** The region that the server names. */
	readonly region: string | undefined;
	/** The server's time, as it writes it. */
	readonly time: string | undefined;
}

interface Verdict {
	readonly code: ErrorCode;
	/** What follows the colon of the message. */
	readonly reason: string;
	readonly hint?: string;
}

/** What to throw for a failure of `attempt`; what is a BackupError stays itself. */
export function explain(cause: unknown, attempt: Attempt, place: Place): BackupError {
	if (cause instanceof BackupError) return cause;
	const answer = answerOf(cause);
	const { code, reason, hint } = judge(answer, attempt, place);
	const object = attempt.key === '' ? place.description : `${attempt.key} in ${place.description}`;
	return new BackupError(code, `can't ${attempt.verb} ${object}: ${reason}`, {
		...(hint === undefined ? {} : { hint }),
		// Only these words: the SDK's own error carries the whole answer.
		cause: Object.assign(new Error(answer.message), { name: answer.name, status: answer.status }),
	});
}

export function answerOf(error: unknown): Answer {
	const e = fields(error);
	const response = fields(e.$response);
	const headers = fields(response.headers);
	// What the SDK puts before an error of another realm's hides all but its words.
	const message = (text(e.message) ?? String(error)).replace(/^AWS SDK error wrapper for \w*Error: /, '');
	const code = text(e.code) ?? text(e.Code) ?? systemCodeIn(message);
	const name = text(e.name) ?? 'Error';
	return {
		name: code !== undefined && ['Error', 'TypeError', 'UnknownError'].includes(name) ? code : name,
		status: number(fields(e.$metadata).httpStatusCode) ?? number(response.statusCode),
		message,
		region: text(e.Region) ?? text(e.BucketRegion) ?? text(headers['x-amz-bucket-region']),
		time: text(e.ServerTime) ?? text(headers.date),
	};
}

/** `connect ECONNREFUSED 127.0.0.1:9000`, as the system's errors begin. */
function systemCodeIn(message: string): string | undefined {
	if (message === 'socket hang up' || message === 'aborted') return 'ECONNRESET';
	return /^(?:connect|read|write|getaddrinfo) (E[A-Z_]+)/.exec(message)?.[1];
}

const unreachableNames = new Set([
	'StalledError',
	'TimeoutError',
	'RequestTimeout',
	'RequestTimeoutException',
	'SlowDown',
	'SlowDownRead',
	'SlowDownWrite',
	'Throttling',
	'ThrottlingException',
	'TooManyRequests',
	'RequestLimitExceeded',
	'ServiceUnavailable',
	'InternalError',
	'OperationAborted',
	'ConditionalRequestConflict',
	// Damaged on its way: the same bytes again are right.
	'BadDigest',
	'XAmzContentChecksumMismatch',
	'XAmzContentSHA256Mismatch',
	'IncompleteBody',
	'RequestAborted',
	'ECONNRESET',
	'ECONNREFUSED',
	'ECONNABORTED',
	'EPIPE',
	'ETIMEDOUT',
	'EHOSTUNREACH',
	'EHOSTDOWN',
	'ENETUNREACH',
	'ENETDOWN',
	'EAI_AGAIN',
	'ENOTFOUND',
	'ERR_STREAM_PREMATURE_CLOSE',
]);

const keyNames: Readonly<Record<string, string>> = {
	InvalidAccessKeyId: 'it does not know this access key',
	SignatureDoesNotMatch: 'the secret key is wrong',
	InvalidSecurity: 'the keys are not valid',
	ExpiredToken: 'the session token has expired',
	ExpiredTokenException: 'the session token has expired',
	InvalidToken: 'the session token is wrong',
	InvalidClientTokenId: 'it does not know this access key',
	NotSignedUp: 'the account is not signed up for it',
	AccountProblem: 'there is a problem with the account',
	UserSuspended: 'the user is suspended',
};

const fullNames = new Set([
	'QuotaExceeded',
	'BucketQuotaExceeded',
	'InsufficientStorage',
	'NotEnoughSpace',
	'XMinioStorageFull',
	'XMinioAdminBucketQuotaExceeded',
	'EntityTooLarge',
	'MaxMessageLengthExceeded',
	'TotalStorageCapacityExceeded',
	'StorageCapExceeded',
]);

const certificateNames =
	/^(CERT_|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

function judge(answer: Answer, attempt: Attempt, place: Place): Verdict {
	return (
		ofConnection(answer) ??
		ofLocation(answer, place) ??
		ofKeys(answer, attempt, place) ??
		ofObject(answer, attempt) ??
		ofServer(answer)
	);
}

function ofConnection({ name, message }: Answer): Verdict | undefined {
	if (certificateNames.test(name)) {
		return {
			code: 'storage_failed',
			reason: `its certificate is not trusted (${message})`,
			hint: 'Give the certificate of the authority that signed it as the CA of the repository.',
		};
	}
	if (name === 'EPROTO' || name.startsWith('ERR_SSL')) {
		return {
			code: 'storage_failed',
			reason: 'it does not speak TLS there',
			hint: 'Check the endpoint: https:// or http://, and the port.',
		};
	}
	if (name === 'ENOTFOUND' || name === 'EAI_AGAIN') {
		return {
			code: 'storage_unreachable',
			reason: 'its host name is not known',
			hint: 'Check the endpoint (or the region) and that names can be resolved where the engine runs.',
		};
	}
	return undefined;
}

function ofLocation({ name, status, message, region }: Answer, place: Place): Verdict | undefined {
	if (name === 'NoSuchBucket') {
		return {
			code: 'repository_not_found',
			reason: 'there is no such bucket',
			hint: 'Create the bucket first, or check its name and the endpoint.',
		};
	}
	const elsewhere =
		['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'].includes(
			name,
		) ||
		status === 301 ||
		status === 307;
	if (elsewhere) {
		const right = region ?? /expecting '([a-z0-9-]+)'/.exec(message)?.[1];
		return {
			code: 'invalid_parameter',
			reason: `the bucket is not in the region ${place.region}`,
			hint:
				right === undefined
					? 'Set the region of the bucket, and the endpoint that belongs to it.'
					: `Set the region to ${right}, and the endpoint that belongs to it.`,
		};
	}
	if (name === 'InvalidBucketName' || name === 'KeyTooLongError' || name === 'InvalidStorageClass') {
		return { code: 'invalid_parameter', reason: message };
	}
	if (
		name === 'ObjectLockConfigurationNotFoundError' ||
		(/^Invalid(Request|BucketState)$/.test(name) && /object.?lock/i.test(message))
	) {
		return {
			code: 'invalid_parameter',
			reason: 'the bucket has no object lock',
			hint: 'Object lock is chosen when a bucket is created: use such a bucket, or ask for no lock.',
		};
	}
	return undefined;
}

function ofKeys(
	{ name, status, message, time }: Answer,
	{ verb }: Attempt,
	place: Place,
): Verdict | undefined {
	const wrong = keyNames[name];
	if (wrong !== undefined) {
		return {
			code: 'storage_denied',
			reason: wrong,
			hint: 'Check the access key and the secret key of the repository.',
		};
	}
	if (name === 'RequestTimeTooSkewed' || name === 'RequestExpired') {
		return {
			code: 'storage_denied',
			reason: 'the clocks differ too much',
			hint: `Set the clock of the machine where the engine runs: it says ${new Date(place.now()).toISOString()}, the server ${serverTime(time)}.`,
		};
	}
	if (fullNames.has(name) || status === 507) return full(name);
	if (
		/^(ObjectLocked|InvalidRetention|WORM)/i.test(name) ||
		(status === 403 && /object.?lock|retention|worm|legal hold/i.test(message))
	) {
		return {
			code: 'object_locked',
			reason: 'the bucket keeps it until its retention ends',
			hint: 'It can be deleted after that date.',
		};
	}
	if (name === 'InvalidObjectState') {
		return {
			code: 'storage_cold',
			reason: 'it is archived away in a cold storage class',
			hint: "Restore the object with the storage's own tools first, and try again then.",
		};
	}
	if (name === 'AccessDenied' || name === 'AllAccessDisabled' || status === 403 || status === 401) {
		const changes = verb === 'write' || verb === 'delete';
		return {
			code: changes ? 'repository_unwritable' : 'storage_denied',
			reason: 'access denied',
			hint: `The access key is not allowed to ${verb} there: give it that permission, or use another key.`,
		};
	}
	return undefined;
}

function full(name: string): Verdict {
	const tooLarge = name === 'EntityTooLarge' || name === 'MaxMessageLengthExceeded';
	return {
		code: 'repository_full',
		reason: tooLarge
			? 'the storage takes no object of that size'
			: `the quota or the space is used up (${name})`,
		hint: 'Free or add space there, or prune old backups, and run again.',
	};
}

function ofObject({ name, status }: Answer, { verb }: Attempt): Verdict | undefined {
	if (name === 'NoSuchUpload')
		return { code: 'object_not_found', reason: 'it was deleted while it was written' };
	if (verb === 'read' && (['NoSuchKey', 'NotFound', 'NoSuchVersion'].includes(name) || status === 404)) {
		return { code: 'object_not_found', reason: 'it does not exist' };
	}
	return undefined;
}

function ofServer({ name, status, message }: Answer): Verdict {
	const reason = `${message.slice(0, 300)}${message.includes(name) ? '' : ` (${name})`}`;
	if (unreachableNames.has(name) || status === 429 || (status !== undefined && status >= 500)) {
		const broken = status === 501 || name === 'NotImplemented';
		if (!broken) {
			return {
				code: 'storage_unreachable',
				reason,
				hint: 'Check that the storage runs and can be reached from where the engine runs.',
			};
		}
	}
	return { code: 'storage_failed', reason };
}

function serverTime(time: string | undefined): string {
	const parsed = new Date(time ?? NaN);
	return Number.isNaN(parsed.getTime()) ? 'another time' : parsed.toISOString();
}

export function isStalled(error: unknown): boolean {
	return error instanceof StalledError;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
