import { repositorySettings, testHost } from '../../../../nodes/shared/repository-settings';
import { defaultRunner } from '../../../../operations/index';

const key = Buffer.alloc(32, 7).toString('base64');
const oldKey = Buffer.alloc(32, 8).toString('base64');
const base = {
	location: 'directory',
	directory: '/srv/backups',
	protection: 'key',
	secretKey: key,
	createIfEmpty: true,
};

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
	['unknown location', { location: 's3' }, 'invalid_parameter'],
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
	expect(testHost(base)).toEqual({
		endpoint: { type: 'socket', socketPath: '/var/run/docker.sock' },
		runner: defaultRunner,
	});
	const there = {
		testElsewhere: true,
		connection: 'tcp',
		host: 'docker2',
		port: 2375,
		tls: false,
		runnerImage: 'node:24',
	};
	expect(testHost({ ...base, ...there })).toEqual({
		endpoint: { type: 'tcp', host: 'docker2', port: 2375 },
		runner: { ...defaultRunner, image: 'node:24' },
	});
});
