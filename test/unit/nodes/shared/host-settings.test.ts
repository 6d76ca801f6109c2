import { hostSettings, pemText } from '../../../../nodes/shared/host-settings';
import { defaultRunner } from '../../../../operations/index';

const socket = { connection: 'socket', socketPath: '/var/run/docker.sock' };

test('a local socket, with the default runner though other values are left from before', () => {
	const settings = hostSettings({ ...socket, customizeRunner: false, runnerImage: 'old', memoryLimit: 1 });
	expect(settings).toEqual({
		endpoint: { type: 'socket', socketPath: '/var/run/docker.sock' },
		runner: defaultRunner,
	});
});

test('a customized runner', () => {
	const runner = {
		customizeRunner: true,
		runnerImage: 'node:24',
		memoryLimit: 1024,
		cpuWeight: 100,
		pidsLimit: 64,
		network: 'store_net',
	};
	expect(hostSettings({ ...socket, ...runner }).runner).toEqual({
		image: 'node:24',
		memoryBytes: 2 ** 30,
		cpuShares: 100,
		pidsLimit: 64,
		network: 'store_net',
	});
});

test.each(['none', 'container:x', 'a b', '-x'])('%s is no network for runners', (network) => {
	expect(() => hostSettings({ ...socket, customizeRunner: true, network })).toThrow(
		expect.objectContaining({ code: 'invalid_parameter' }),
	);
});

test('a customized runner without values is the default one', () => {
	expect(hostSettings({ ...socket, customizeRunner: true, runnerImage: ' ' }).runner).toEqual(defaultRunner);
});

test.each([
	['memoryLimit', 127],
	['cpuWeight', 1],
	['pidsLimit', 31],
])('%s of %i is too small', (name, value) => {
	expect(() => hostSettings({ ...socket, customizeRunner: true, [name]: value })).toThrow(
		expect.objectContaining({ code: 'invalid_parameter' }),
	);
});

test('TCP with TLS', () => {
	const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
	const credential = {
		connection: 'tcp',
		host: 'docker1',
		port: 2376,
		tls: true,
		caCertificate: pem,
		clientCertificate: '',
		clientKey: '',
	};
	expect(hostSettings(credential).endpoint).toEqual({
		type: 'tcp',
		host: 'docker1',
		port: 2376,
		tls: { ca: pem, cert: undefined, key: undefined },
	});
});

test('TCP without TLS carries no certificates', () => {
	const credential = {
		connection: 'tcp',
		host: 'proxy',
		port: 2375,
		tls: false,
		clientKey: 'left from before',
	};
	expect(hostSettings(credential).endpoint).toEqual({ type: 'tcp', host: 'proxy', port: 2375 });
});

const ssh = {
	connection: 'ssh',
	host: 'docker1',
	sshPort: 2222,
	sshUser: 'backup',
	sshPrivateKey: '-----BEGIN OPENSSH PRIVATE KEY----- AA BB -----END OPENSSH PRIVATE KEY-----',
	sshPassphrase: ' words ',
	sshHostKey: ' SHA256:abc ',
	socketPath: '/var/run/docker.sock',
};

test('SSH', () => {
	const privateKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nAA\nBB\n-----END OPENSSH PRIVATE KEY-----\n';
	const endpoint = {
		type: 'ssh',
		host: 'docker1',
		port: 2222,
		user: 'backup',
		privateKey,
		passphrase: ' words ',
		hostKey: 'SHA256:abc',
		socketPath: '/var/run/docker.sock',
	};
	expect(hostSettings(ssh).endpoint).toEqual(endpoint);
	const { passphrase: _, ...without } = endpoint;
	expect(hostSettings({ ...ssh, sshPassphrase: '', sshPort: undefined, sshHostKey: '' }).endpoint).toEqual({
		...without,
		port: 22,
		hostKey: '',
	});
});

test.each([
	[{ ...ssh, sshUser: '' }],
	[{ ...ssh, sshPrivateKey: '' }],
	[{ ...ssh, sshPort: 0 }],
	[{ ...ssh, socketPath: 'docker.sock' }],
	[{ connection: 'tcp', host: '', port: 2376, tls: true }],
	[{ connection: 'tcp', host: 'docker1', port: 0, tls: true }],
	[{ connection: 'socket', socketPath: '' }],
	[{ connection: 'ssh' }],
	[undefined],
])('%j is refused', (credential) => {
	expect(() => hostSettings(credential)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test('a PEM text whose line breaks became spaces gets them back, a whole chain too', () => {
	const chain =
		'-----BEGIN CERTIFICATE-----\nAA\nBB\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nCC\n-----END CERTIFICATE-----\n';
	expect(pemText(chain)).toBe(chain);
	expect(pemText(chain.replaceAll('\n', ' ').trim())).toBe(chain);
	expect(pemText(chain.replaceAll('\n', '\\n'))).toBe(chain);
	expect(pemText(chain.replaceAll('\n', '\r\n'))).toBe(chain);
	expect(pemText('')).toBeUndefined();
});
