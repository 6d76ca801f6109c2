import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3Of, type S3Values } from '../../../../cli/flags/s3';
import type { Shell } from '../../../../cli/verb';
import { BackupError, s3Location } from '../../../../operations/index';

const directory = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
afterAll(() => rmSync(directory, { recursive: true }));
const ca = readFileSync(join(__dirname, '../../operations/ca.pem'), 'utf8');
writeFileSync(join(directory, 'ca.pem'), ca);

const none: S3Values = {
	endpoint: undefined,
	region: undefined,
	'no-path-style': false,
	'ca-file': undefined,
};
const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hush' };
const plain = s3Location({ bucket: 'bkt', accessKeyId: 'id', secretAccessKey: 'hush' });

const locate = (text: string, flags: Partial<S3Values> = {}, env: Record<string, string> = {}) =>
	s3Of(text, { ...none, ...flags }, { env: { ...keys, ...env }, directory } as unknown as Shell);

test.each<[string, Partial<S3Values>, Record<string, string>, object]>([
	['s3://bkt', {}, {}, {}],
	['S3://bkt/', {}, {}, {}],
	['s3://bkt/a/b/', {}, {}, { prefix: 'a/b' }],
	['s3://bkt//a', {}, {}, { prefix: 'a' }],
	['s3://bkt', { endpoint: 'https://h:1' }, {}, { endpoint: 'https://h:1' }],
	['s3://bkt', {}, { AWS_ENDPOINT_URL: 'http://e' }, { endpoint: 'http://e' }],
	['s3://bkt', {}, { AWS_ENDPOINT_URL: '' }, { endpoint: null }],
	[
		's3://bkt',
		{},
		{ AWS_ENDPOINT_URL: 'http://e', AWS_ENDPOINT_URL_S3: 'http://s' },
		{ endpoint: 'http://s' },
	],
	['s3://bkt', { endpoint: 'https://f' }, { AWS_ENDPOINT_URL_S3: 'http://s' }, { endpoint: 'https://f' }],
	['s3://bkt', {}, { AWS_DEFAULT_REGION: 'd' }, { region: 'd' }],
	['s3://bkt', {}, { AWS_DEFAULT_REGION: 'd', AWS_REGION: 'r' }, { region: 'r' }],
	['s3://bkt', { region: 'f' }, { AWS_REGION: 'r' }, { region: 'f' }],
	['s3://bkt', { 'no-path-style': true }, {}, { pathStyle: false }],
	['s3://bkt', { 'ca-file': 'ca.pem' }, {}, { ca: ca.trim() }],
	['s3://bkt', {}, { AWS_CA_BUNDLE: join(directory, 'ca.pem') }, { ca: ca.trim() }],
	['s3://bkt', {}, { AWS_SESSION_TOKEN: 'token' }, { sessionToken: 'token' }],
	['s3://bkt', { 'storage-class': 'STANDARD_IA' }, {}, { storageClass: 'STANDARD_IA' }],
	['s3://bkt', { sse: 'AES256' }, {}, { serverSideEncryption: { algorithm: 'AES256', keyId: null } }],
	['s3://bkt', { sse: 'aws:kms' }, {}, { serverSideEncryption: { algorithm: 'aws:kms', keyId: null } }],
	[
		's3://bkt',
		{ sse: 'aws:kms:arn:aws:kms:eu:1:key/2' },
		{},
		{ serverSideEncryption: { algorithm: 'aws:kms', keyId: 'arn:aws:kms:eu:1:key/2' } },
	],
	['s3://bkt', { 'object-lock': 'governance:30' }, {}, { objectLock: { mode: 'GOVERNANCE', days: 30 } }],
	['s3://bkt', { 'object-lock': 'COMPLIANCE:1' }, {}, { objectLock: { mode: 'COMPLIANCE', days: 1 } }],
	['s3://bkt', { versions: true }, {}, { versions: true }],
])('%s %j %j', async (text, flags, env, changes) => {
	expect(await locate(text, flags, env)).toEqual({ ...plain, ...changes });
});

test.each<[string, Partial<S3Values>, Record<string, string>, string]>([
	['s3://', {}, {}, 'the bucket is missing'],
	['s3://bkt/../x', {}, {}, 'the prefix "../x" has ".." in it'],
	['s3://id:hush@bkt', {}, {}, 'keys do not belong into s3://'],
	['s3://bkt', {}, { AWS_ACCESS_KEY_ID: '' }, 'the variable AWS_ACCESS_KEY_ID is not set'],
	['s3://bkt', {}, { AWS_SECRET_ACCESS_KEY: ' ' }, 'the variable AWS_SECRET_ACCESS_KEY is not set'],
	['s3://bkt', {}, { AWS_ENDPOINT_URL: 'store:9000' }, 'the endpoint "store:9000" has no scheme'],
	['s3://bkt', { endpoint: 'store.example.com' }, {}, 'the endpoint "store.example.com" has no scheme'],
	['s3://bkt', { sse: 'rot13' }, {}, '"rot13" is no server-side encryption'],
	['s3://bkt', { 'object-lock': 'forever' }, {}, '--object-lock "forever" is not MODE:DAYS'],
	['s3://bkt', { 'object-lock': 'governance' }, {}, '--object-lock "governance" is not MODE:DAYS'],
	[
		's3://bkt',
		{ 'object-lock': 'governance:0' },
		{},
		'--object-lock "0" is not a whole number from 1 to 36525',
	],
	[
		's3://bkt',
		{ 'object-lock': 'governance:1d' },
		{},
		'--object-lock "1d" is not a whole number from 1 to 36525',
	],
])('%s %j %j is refused', async (text, flags, env, message) => {
	const error = await locate(text, flags, env).then(
		() => undefined,
		(thrown: unknown) => thrown,
	);
	expect(error).toBeInstanceOf(BackupError);
	expect(error).toMatchObject({ message, exitCode: 2, hint: expect.not.stringContaining('hush') });
});

test('a certificate file that is not there', async () => {
	await expect(locate('s3://bkt', { 'ca-file': 'none.pem' })).rejects.toMatchObject({
		code: 'storage_failed',
		message: `the certificate file ${join(directory, 'none.pem')} can't be read`,
	});
});
