import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositorySettings, testWhere } from '../../../../nodes/shared/repository-settings';
import { defaultRunner, s3Location } from '../../../../operations/index';

const key = Buffer.alloc(32, 7).toString('base64');
const oldKey = Buffer.alloc(32, 8).toString('base64');
const base = {
	location: 'directory',
	directory: '/srv/backups',
	protection: 'key',
	secretKey: key,
	createIfEmpty: true,
};

/** What must be filled in for an S3 store. */
const s3 = {
	location: 's3',
	s3Endpoint: '',
	s3Region: 'us-east-1',
	s3Bucket: 'backups',
	s3Prefix: '',
	s3AccessKeyId: 'id',
	s3SecretAccessKey: 'secret',
	s3More: false,
};

const ca = readFileSync(join(__dirname, '../../operations/ca.pem'), 'utf8');

/** Whatever else there is. */
const more = {
	s3More: true,
	s3PathStyle: false,
	// As a field of one line leaves it.
	s3CaCertificate: ca.replaceAll('\n', ' '),
	s3StorageClass: 'STANDARD_IA',
	s3Encryption: 'aws:kms',
	s3KmsKeyId: 'k1',
	s3ObjectLock: 'compliance',
	s3ObjectLockDays: 7,
	s3SessionToken: 'token',
};

test('an S3 bucket, as little as there may be', () => {
	expect(repositorySettings({ ...base, ...s3, directory: 'left from before' }).location).toEqual(
		s3Location({ bucket: 'backups', accessKeyId: 'id', secretAccessKey: 'secret' }),
	);
});

test('an S3 bucket with everything; switched off, the rest does not count', () => {
	const there = { s3Endpoint: 'https://s3.example.com', s3Region: 'eu-1', s3Prefix: '/a/b/' };
	const full = { ...base, ...s3, ...there, ...more };
	expect(repositorySettings(full).location).toEqual({
		type: 's3',
		endpoint: 'https://s3.example.com',
		region: 'eu-1',
		bucket: 'backups',
		prefix: 'a/b',
		pathStyle: false,
		ca: ca.trim(),
		accessKeyId: 'id',
		secretAccessKey: 'secret',
		sessionToken: 'token',
		storageClass: 'STANDARD_IA',
		serverSideEncryption: { algorithm: 'aws:kms', keyId: 'k1' },
		objectLock: { mode: 'COMPLIANCE', days: 7 },
		versions: false,
	});
	expect(repositorySettings({ ...full, s3More: false }).location).toEqual(
		repositorySettings({ ...base, ...s3, ...there }).location,
	);
});

test('a directory with a key', () => {
	expect(repositorySettings({ ...base, repositoryId: '', previousKeys: {} })).toEqual({
		location: { type: 'directory', path: '/srv/backups' },
		secret: { type: 'raw', key },
		previousSecrets: [],
		mayCreate: true,
		id: null,
	});
});

test('a volume with a passphrase, whose spaces count', () => {
	const settings = repositorySettings({
		location: 'volume',
		volume: 'backups',
		protection: 'passphrase',
		passphrase: ' correct horse ',
		secretKey: 'left from before',
		createIfEmpty: false,
		repositoryId: ' r1 ',
	});
	expect(settings).toEqual({
		location: { type: 'volume', name: 'backups' },
		secret: { type: 'passphrase', passphrase: ' correct horse ' },
		previousSecrets: [],
		mayCreate: false,
		id: 'r1',
	});
});

test('no protection: no secret, whatever is left from before', () => {
	expect(repositorySettings({ ...base, protection: 'none' }).secret).toBeNull();
});

test('previous keys and passphrases', () => {
	const previousKeys = {
		keys: [
			{ type: 'key', value: oldKey },
			{ type: 'passphrase', value: 'old words' },
		],
	};
	expect(repositorySettings({ ...base, previousKeys }).previousSecrets).toEqual([
		{ type: 'raw', key: oldKey },
		{ type: 'passphrase', passphrase: 'old words' },
	]);
});

test.each([
	['relative directory', { directory: 'backups' }, 'invalid_parameter'],
	['no directory', { directory: '' }, 'invalid_parameter'],
	['no volume', { location: 'volume', volume: ' ' }, 'invalid_parameter'],
	['unknown location', { location: 'ftp' }, 'invalid_parameter'],
	['S3 without a bucket', { ...s3, s3Bucket: '' }, 'invalid_parameter'],
	['S3 without keys', { ...s3, s3SecretAccessKey: ' ' }, 'invalid_parameter'],
	['an endpoint without scheme', { ...s3, s3Endpoint: 'store.example.com' }, 'invalid_parameter'],
	['object lock of no day', { ...s3, ...more, s3ObjectLockDays: 0 }, 'invalid_parameter'],
	['no key', { secretKey: '' }, 'key_missing'],
	['blank key', { secretKey: undefined }, 'key_missing'],
	['no passphrase', { protection: 'passphrase' }, 'key_missing'],
	['31 bytes', { secretKey: Buffer.alloc(31, 7).toString('base64') }, 'key_invalid'],
	['33 bytes', { secretKey: Buffer.alloc(33, 7).toString('base64') }, 'key_invalid'],
	['a phrase as key', { secretKey: 'correct horse battery staple' }, 'key_invalid'],
	['an empty previous key', { previousKeys: { keys: [{ type: 'key', value: '' }] } }, 'key_missing'],
	['a broken previous key', { previousKeys: { keys: [{ type: 'key', value: 'x' }] } }, 'key_invalid'],
])('%s is refused', (_, changes, code) => {
	expect(() => repositorySettings({ ...base, ...changes })).toThrow(expect.objectContaining({ code }));
});

test('no message quotes the key', () => {
	const broken = `${key}=`;
	expect(() => repositorySettings({ ...base, secretKey: broken })).toThrow(
		expect.not.stringContaining(key.slice(0, 8)),
	);
});

test('the test looks through the local socket, or where it is told to', () => {
	expect(testWhere(base)).toEqual({
		type: 'runner',
		host: { endpoint: { type: 'socket', socketPath: '/var/run/docker.sock' }, runner: defaultRunner },
	});
	const there = {
		testElsewhere: true,
		connection: 'tcp',
		host: 'docker2',
		port: 2375,
		tls: false,
		runnerImage: 'node:24',
	};
	expect(testWhere({ ...base, ...there })).toEqual({
		type: 'runner',
		host: {
			endpoint: { type: 'tcp', host: 'docker2', port: 2375 },
			runner: { ...defaultRunner, image: 'node:24' },
		},
	});
	expect(testWhere({ ...base, ...there, ...s3 })).toEqual({ type: 'process' });
});
