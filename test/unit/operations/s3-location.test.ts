import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { s3Location, type S3Settings } from '../../../operations/index';

const accessKeyId = 'AKIAexample';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const least: S3Settings = { bucket: 'backups', accessKeyId, secretAccessKey };
const ca = readFileSync(join(__dirname, 'ca.pem'), 'utf8');

test('the least that there must be', () => {
	expect(s3Location(least)).toEqual({
		type: 's3',
		endpoint: null,
		region: 'us-east-1',
		bucket: 'backups',
		prefix: '',
		pathStyle: true,
		ca: null,
		accessKeyId,
		secretAccessKey,
		sessionToken: null,
		storageClass: null,
		serverSideEncryption: null,
		objectLock: null,
		versions: false,
	});
});

test.each<[Partial<S3Settings>, object]>([
	[{ endpoint: 'https://s3.example.com' }, { endpoint: 'https://s3.example.com' }],
	[{ endpoint: '  HTTPS://S3.Example.com/ ' }, { endpoint: 'https://s3.example.com' }],
	[{ endpoint: 'http://127.0.0.1:9000' }, { endpoint: 'http://127.0.0.1:9000' }],
	[{ endpoint: 'https://[::1]:9000' }, { endpoint: 'https://[::1]:9000' }],
	[{ endpoint: 'https://s3.example.com:443' }, { endpoint: 'https://s3.example.com' }],
	[{ region: ' eu-central-1\n' }, { region: 'eu-central-1' }],
	[{ bucket: ' my.bucket-1 ' }, { bucket: 'my.bucket-1' }],
	[{ bucket: 'Old_Bucket' }, { bucket: 'Old_Bucket' }],
	[
		{ bucket: 'my.bucket-1', pathStyle: false },
		{ bucket: 'my.bucket-1', pathStyle: false },
	],
	[{ prefix: '/a/b/' }, { prefix: 'a/b' }],
	[{ prefix: '///a' }, { prefix: 'a' }],
	[{ prefix: '/' }, { prefix: '' }],
	[{ prefix: 'a..b/c.d' }, { prefix: 'a..b/c.d' }],
	[{ prefix: 'Бэкапы/ü' }, { prefix: 'Бэкапы/ü' }],
	[{ prefix: 'x'.repeat(512) }, { prefix: 'x'.repeat(512) }],
	[{ ca }, { ca: ca.trim() }],
	[{ sessionToken: ' token== ' }, { sessionToken: 'token==' }],
	[{ accessKeyId: ` ${accessKeyId}\n` }, { accessKeyId }],
	[{ storageClass: 'STANDARD_IA' }, { storageClass: 'STANDARD_IA' }],
	[{ serverSideEncryption: 'none' }, { serverSideEncryption: null }],
	[{ serverSideEncryption: 'AES256' }, { serverSideEncryption: { algorithm: 'AES256', keyId: null } }],
	[{ serverSideEncryption: 'aws:kms' }, { serverSideEncryption: { algorithm: 'aws:kms', keyId: null } }],
	[
		{ serverSideEncryption: 'aws:kms', kmsKeyId: 'alias/k' },
		{ serverSideEncryption: { algorithm: 'aws:kms', keyId: 'alias/k' } },
	],
	[{ objectLock: { mode: 'none', days: 0 } }, { objectLock: null }],
	[{ objectLock: { mode: 'governance', days: 1 } }, { objectLock: { mode: 'GOVERNANCE', days: 1 } }],
	[
		{ objectLock: { mode: 'COMPLIANCE', days: 36_525 } },
		{ objectLock: { mode: 'COMPLIANCE', days: 36_525 } },
	],
	[{ versions: true }, { versions: true }],
])('%j', (given, expected) => {
	expect(s3Location({ ...least, ...given })).toMatchObject(expected);
});

test.each<[Partial<S3Settings>, string, string]>([
	[
		{ endpoint: 's3.example.com' },
		'the endpoint "s3.example.com" has no scheme',
		'Write https://s3.example.com.',
	],
	[
		{ endpoint: 'localhost:9000' },
		'the endpoint "localhost:9000" has no scheme',
		'Write https://localhost:9000.',
	],
	[{ endpoint: 'h:9000/b?x=1' }, 'the endpoint "h:9000/b" has no scheme', 'Write https://h:9000.'],
	[{ endpoint: 'AKIA:hush@h' }, 'the endpoint "…@h" has no scheme', 'Write https://h.'],
	[{ endpoint: 's3://bucket' }, "the endpoint's scheme s3:// is not one of S3", 'Write https://'],
	[{ endpoint: 'ftp://h' }, "the endpoint's scheme ftp:// is not one of S3", 'Write https://'],
	[{ endpoint: 'https://' }, 'the endpoint "https://" is no address', 'https://s3.example.com'],
	[{ endpoint: 'https://a b' }, 'the endpoint "https://a b" is no address', 'https://s3.example.com'],
	[{ endpoint: 'https://h:99999' }, 'the endpoint "https://h:99999" is no address', 'https://host:port'],
	[{ endpoint: 'https://h/bucket' }, 'the endpoint "https://h/bucket" has a path', 'Write https://h;'],
	[{ endpoint: 'https://h/?x=hush' }, 'the endpoint at h has a query in it', 'Write https://h.'],
	[{ endpoint: 'https://h?' }, 'the endpoint at h has a query in it', 'Write https://h.'],
	[{ endpoint: 'https://h/#f' }, 'the endpoint at h has a query in it', 'Write https://h.'],
	[{ endpoint: 'https://AKIA:hush@h:9' }, 'the endpoint at h:9 has keys in it', 'Write https://h:9,'],
	[{ region: 'eu central' }, '"eu central" is no region', 'eu-central-1'],
	[{ region: 'https://x' }, '"https://x" is no region', 'eu-central-1'],
	[{ bucket: '' }, 'the bucket is missing', 'Name the bucket'],
	[{ bucket: ' ' }, 'the bucket is missing', 'Name the bucket'],
	[{ bucket: 's3://b' }, 'the bucket "s3://b" is an address', 'only the name'],
	[
		{ bucket: 'b/c/d' },
		'the bucket "b/c/d" has a slash in it',
		'Write b as the bucket and c/d as the prefix.',
	],
	[{ bucket: 'abc/' }, 'the bucket "abc/" has a slash in it', 'Write abc as the bucket.'],
	[{ bucket: 'ab' }, '"ab" is not the name of a bucket', '3 to 63'],
	[{ bucket: 'x'.repeat(256) }, `"${'x'.repeat(256)}" is not the name of a bucket`, '3 to 63'],
	[{ bucket: '-ab' }, '"-ab" is not the name of a bucket', '3 to 63'],
	[{ bucket: 'ab.' }, '"ab." is not the name of a bucket', '3 to 63'],
	[{ bucket: 'a..b' }, '"a..b" is not the name of a bucket', '3 to 63'],
	[{ bucket: '10.0.0.1' }, '"10.0.0.1" is not the name of a bucket', '3 to 63'],
	[{ bucket: 'my bucket' }, '"my bucket" is not the name of a bucket', '3 to 63'],
	[{ bucket: 'bücket' }, '"bücket" is not the name of a bucket', '3 to 63'],
	[{ bucket: 'a\0b' }, '"a\\u0000b" is not the name of a bucket', '3 to 63'],
	[{ bucket: 'Big', pathStyle: false }, 'the bucket "Big" can\'t be part of a host name', 'path style'],
	[{ prefix: '..' }, 'the prefix ".." has ".." in it', 'backups/server1'],
	[{ prefix: 'a/../b' }, 'the prefix "a/../b" has ".." in it', 'backups/server1'],
	[{ prefix: '/a/./b/' }, 'the prefix "a/./b" has "." in it', 'backups/server1'],
	[{ prefix: 'a//b' }, 'the prefix "a//b" has an empty part in it', 'one slash'],
	[{ prefix: 'a\0b' }, 'the prefix "a\\u0000b" has control characters in it', 'plain'],
	[{ prefix: 'a\ud800' }, 'the prefix "a\\ud800" has control characters in it', 'plain'],
	[{ prefix: 'x'.repeat(513) }, 'the prefix has more than 512 bytes', 'shorter'],
	[{ ca: 'hello' }, 'the CA certificate of the S3 store is not a certificate', 'BEGIN CERTIFICATE'],
	[
		{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
		'the CA certificate of the S3 store is not a certificate',
		'BEGIN CERTIFICATE',
	],
	[{ accessKeyId: '' }, 'the access key ID of the S3 store is missing', 'Give the keys'],
	[{ secretAccessKey: '\n' }, 'the secret access key of the S3 store is missing', 'Give the keys'],
	[
		{ secretAccessKey: 'hu\nsh' },
		'the secret access key of the S3 store has characters that no key has',
		'again',
	],
	[{ storageClass: 'standard' }, '"standard" is no storage class', 'STANDARD_IA'],
	[{ serverSideEncryption: 'AES' }, '"AES" is no server-side encryption', 'AES256 or aws:kms'],
	[{ kmsKeyId: 'k' }, 'a KMS key is named, but the encryption is not by KMS', 'aws:kms'],
	[
		{ objectLock: { mode: 'forever', days: 1 } },
		'"forever" is no mode of object lock',
		'governance or compliance',
	],
	[{ objectLock: { mode: 'governance', days: 0 } }, "object lock can't keep archives for 0 days", '1 to'],
	[{ objectLock: { mode: 'governance', days: -1 } }, "object lock can't keep archives for -1 days", '1 to'],
	[{ objectLock: { mode: 'governance', days: 1.5 } }, "object lock can't keep archives for 1.5 days", '1 to'],
	[{ objectLock: { mode: 'governance', days: NaN } }, "object lock can't keep archives for NaN days", '1 to'],
	[
		{ objectLock: { mode: 'governance', days: 36_526 } },
		"object lock can't keep archives for 36526 days",
		'1 to',
	],
])('%j is refused', (given, message, hint) => {
	expect(() => s3Location({ ...least, ...given })).toThrow(
		expect.objectContaining({
			code: 'invalid_parameter',
			message,
			hint: expect.stringContaining(hint),
		}) as Error,
	);
	expect(message + hint).not.toMatch(/hush|AKIA/);
});
