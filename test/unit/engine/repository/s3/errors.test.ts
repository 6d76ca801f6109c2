import { BackupError } from '../../../../../protocol/errors';
import { StalledError } from '../../../../../engine/repository/s3/deadline';
import { explain, type Attempt } from '../../../../../engine/repository/s3/errors';

const place = { description: 's3://b/p', region: 'us-east-1', now: () => Date.UTC(2026, 0, 31, 3) };

/** As the SDK throws it. */
const answer = (name: string, status: number, message = 'words', more: object = {}) =>
	Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, ...more });
const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

const judged = (cause: unknown, verb: Attempt['verb'] = 'read') => explain(cause, { verb, key: 'k' }, place);

describe('an answer of S3 in the words of the contract', () => {
	test.each([
		['repository_not_found', 'list', answer('NoSuchBucket', 404)],
		['repository_not_found', 'write', answer('NoSuchBucket', 404)],
		['invalid_parameter', 'list', answer('PermanentRedirect', 301)],
		['invalid_parameter', 'read', answer('UnknownError', 301)],
		['invalid_parameter', 'list', answer('AuthorizationHeaderMalformed', 400)],
		['invalid_parameter', 'list', answer('InvalidBucketName', 400)],
		['invalid_parameter', 'write', answer('InvalidStorageClass', 400)],
		[
			'invalid_parameter',
			'write',
			answer('InvalidRequest', 400, 'Bucket is missing Object Lock Configuration'),
		],
		['invalid_parameter', 'read', answer('ObjectLockConfigurationNotFoundError', 404)],
		['storage_denied', 'read', answer('InvalidAccessKeyId', 403)],
		['storage_denied', 'write', answer('SignatureDoesNotMatch', 403)],
		['storage_denied', 'write', answer('ExpiredToken', 400)],
		['storage_denied', 'write', answer('RequestTimeTooSkewed', 403)],
		['storage_denied', 'read', answer('AccessDenied', 403)],
		['storage_denied', 'list', answer('AccessDenied', 403)],
		['storage_denied', 'read', answer('UnknownError', 403)],
		['repository_unwritable', 'write', answer('AccessDenied', 403)],
		['repository_unwritable', 'delete', answer('AccessDenied', 403)],
		[
			'object_locked',
			'delete',
			answer('AccessDenied', 403, 'Access Denied because object protected by object lock.'),
		],
		['object_locked', 'delete', answer('ObjectLocked', 400)],
		['repository_full', 'write', answer('QuotaExceeded', 403)],
		['repository_full', 'write', answer('XMinioStorageFull', 507)],
		['repository_full', 'write', answer('Whatever', 507)],
		['repository_full', 'write', answer('EntityTooLarge', 400)],
		['storage_cold', 'read', answer('InvalidObjectState', 403)],
		['object_not_found', 'read', answer('NoSuchKey', 404)],
		['object_not_found', 'read', answer('NotFound', 404)],
		['object_not_found', 'write', answer('NoSuchUpload', 404)],
		['storage_unreachable', 'write', answer('SlowDown', 503)],
		['storage_unreachable', 'write', answer('InternalError', 500)],
		['storage_unreachable', 'write', answer('UnknownError', 502)],
		['storage_unreachable', 'read', answer('TooManyRequests', 429)],
		['storage_unreachable', 'write', answer('RequestTimeout', 400)],
		['storage_unreachable', 'write', answer('BadDigest', 400)],
		['storage_unreachable', 'read', new StalledError(60_000)],
		['storage_unreachable', 'read', Object.assign(new Error('no connection'), { name: 'TimeoutError' })],
		['storage_unreachable', 'read', system('ECONNREFUSED')],
		['storage_unreachable', 'read', system('ECONNRESET')],
		['storage_unreachable', 'read', system('EPIPE')],
		['storage_unreachable', 'read', system('ENOTFOUND')],
		['storage_unreachable', 'write', new Error('AWS SDK error wrapper for Error: write EPIPE')],
		['storage_unreachable', 'write', new Error('socket hang up')],
		['storage_failed', 'read', system('SELF_SIGNED_CERT_IN_CHAIN')],
		['storage_failed', 'read', system('EPROTO')],
		['storage_failed', 'write', answer('NotImplemented', 501)],
		['storage_failed', 'write', answer('MalformedXML', 400)],
		['storage_failed', 'read', new SyntaxError('no XML')],
		['storage_failed', 'read', 'thrown text'],
	] as const)('is %s when a %s fails with %s', (code, verb, cause) => {
		const error = judged(cause, verb);
		expect(error).toMatchObject({
			code,
			message: expect.stringMatching(/^can't (read|write|list|delete) k in s3:\/\/b\/p: ./),
		});
		if (code !== 'storage_failed' && code !== 'object_not_found' && code !== 'invalid_parameter') {
			expect(error.hint).toMatch(/^[A-Z].*\.$/);
		}
	});

	it('names the right region', () => {
		const hint = 'Set the region to eu-west-1, and the endpoint that belongs to it.';
		for (const cause of [
			answer('AuthorizationHeaderMalformed', 400, 'wrong', { Region: 'eu-west-1' }),
			answer('AuthorizationHeaderMalformed', 400, "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
			answer('UnknownError', 301, 'moved', {
				$response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
			}),
		]) {
			expect(judged(cause).hint).toBe(hint);
		}
	});

	it('names both clocks', () => {
		const cause = answer('RequestTimeTooSkewed', 403, 'skewed', { ServerTime: '2026-01-31T05:00:00Z' });
		expect(judged(cause).hint).toBe(
			'Set the clock of the machine where the engine runs: it says 2026-01-31T03:00:00.000Z, the server 2026-01-31T05:00:00.000Z.',
		);
		expect(judged(answer('RequestTimeTooSkewed', 403)).hint).toContain('another time');
	});

	it('stays itself when it is of the contract already', () => {
		const error = new BackupError('lease_lost', 'lost');
		expect(judged(error)).toBe(error);
	});

	it('keeps of the cause its words alone', () => {
		const cause = judged(answer('AccessDenied', 403, 'no', { $response: { secret: 'x' } })).cause;
		expect(JSON.stringify(cause)).not.toContain('secret');
		expect(cause).toMatchObject({ message: 'no', name: 'AccessDenied', status: 403 });
	});
});
