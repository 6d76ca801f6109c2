import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostOf, parseEndpoint, parseMemory, whereOf } from '../../../../cli/flags/docker';
import type { Shell } from '../../../../cli/verb';
import { defaultRunner } from '../../../../operations/index';

const none = {
	'ssh-key-file': undefined,
	'ssh-passphrase-file': undefined,
	'ssh-host-key': undefined,
	'docker-host': undefined,
	'runner-image': undefined,
	'runner-memory': undefined,
	'runner-network': undefined,
};
const shellWith = (env: Record<string, string>) => ({ env }) as unknown as Shell;
const socket = (socketPath: string) => ({ type: 'socket', socketPath });
const tcp = (host: string, port: number) => ({ type: 'tcp', host, port });

test.each([
	['unix:///var/run/docker.sock', socket('/var/run/docker.sock')],
	['unix:///a b/c', socket('/a b/c')],
	['tcp://10.0.0.5:2375', tcp('10.0.0.5', 2375)],
	['tcp://nas.lan:1/', tcp('nas.lan', 1)],
	['tcp://nas:65535', tcp('nas', 65_535)],
	['tcp://[fd00::5]:2375', tcp('fd00::5', 2375)],
])('%s', (text, endpoint) => {
	expect(parseEndpoint(text, '--docker-host')).toEqual(endpoint);
});

test.each([
	'',
	'nas',
	'nas:2375',
	'/var/run/docker.sock',
	'unix://',
	'unix://relative',
	'tcp://nas',
	'tcp://nas:0',
	'tcp://nas:65536',
	'tcp://:1',
	'tcp://a:1/x',
	'tcp://u@a:1',
	'http://nas:2375',
])('%j is no Docker host', (text) => {
	expect(() => parseEndpoint(text, 'DOCKER_HOST')).toThrow(
		`DOCKER_HOST: ${JSON.stringify(text)} is no Docker host`,
	);
});

test('the flag beats DOCKER_HOST, which beats the local socket', async () => {
	const env = { DOCKER_HOST: 'tcp://from-env:1' };
	const endpointOf = async (flag: string | undefined, variables: Record<string, string>) =>
		(await hostOf({ ...none, 'docker-host': flag }, shellWith(variables))).endpoint;
	expect(await endpointOf('tcp://from-flag:2', env)).toEqual(tcp('from-flag', 2));
	expect(await endpointOf(undefined, env)).toEqual(tcp('from-env', 1));
	expect(await endpointOf(undefined, { DOCKER_HOST: '' })).toEqual(socket('/var/run/docker.sock'));
	await expect(endpointOf(undefined, { DOCKER_HOST: 'nonsense' })).rejects.toThrow(
		'DOCKER_HOST: "nonsense" is no Docker host',
	);
});

describe('TLS as the docker command has it', () => {
	const folder = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
	afterAll(() => rmSync(folder, { recursive: true }));
	for (const name of ['ca', 'cert', 'key']) writeFileSync(join(folder, `${name}.pem`), `${name} text`);
	const env = { DOCKER_HOST: 'tcp://nas:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };

	test('files of DOCKER_CERT_PATH', async () => {
		expect((await hostOf(none, shellWith(env))).endpoint).toEqual({
			...tcp('nas', 2376),
			tls: { ca: 'ca text', cert: 'cert text', key: 'key text' },
		});
	});
	test('not for a socket, not when switched off', async () => {
		expect((await hostOf(none, shellWith({ ...env, DOCKER_HOST: 'unix:///s' }))).endpoint).toEqual(
			socket('/s'),
		);
		expect((await hostOf(none, shellWith({ ...env, DOCKER_TLS_VERIFY: '' }))).endpoint).toEqual(
			tcp('nas', 2376),
		);
	});
	test('missing files are named', async () => {
		const broken = shellWith({ ...env, DOCKER_CERT_PATH: '/nowhere' });
		await expect(hostOf(none, broken)).rejects.toThrow("the certificate file /nowhere/ca.pem can't be read");
	});
});

test('the runner', async () => {
	expect((await hostOf(none, shellWith({}))).runner).toEqual(defaultRunner);
	const flags = { ...none, 'runner-image': 'mine:1', 'runner-memory': '1g', 'runner-network': 'host' };
	expect((await hostOf(flags, shellWith({}))).runner).toEqual({
		...defaultRunner,
		image: 'mine:1',
		memoryBytes: 1 << 30,
		network: 'host',
	});
	await expect(hostOf({ ...none, 'runner-network': 'none' }, shellWith({}))).rejects.toThrow(
		'--runner-network "none" is no network for runners',
	);
});

test.each([
	['67108864', 64 << 20],
	['65536k', 64 << 20],
	['64m', 64 << 20],
	['2G', 2 * 1024 ** 3],
	['999999999b', 999_999_999],
])('memory %s', (text, bytes) => {
	expect(parseMemory(text)).toBe(bytes);
});

test.each(['', 'm', '1.5g', '-1g', '1t', '1gb', '999999999999999g', '67108863', '63m', '0', '512'])(
	'memory %j is refused',
	(text) => {
		expect(() => parseMemory(text)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
	},
);

test('where an engine that only reads runs', async () => {
	const at = (location: object) => ({ location }) as Parameters<typeof whereOf>[1];
	const directory = at({ type: 'directory', path: '/r' });
	const shell = shellWith({ DOCKER_HOST: 'tcp://nas:1' });
	expect(await whereOf(none, directory, shell)).toEqual({ type: 'process' });
	expect(await whereOf({ ...none, 'docker-host': 'unix:///s' }, directory, shell)).toMatchObject({
		type: 'runner',
		host: { endpoint: socket('/s') },
	});
	expect(await whereOf(none, at({ type: 'volume', name: 'v' }), shell)).toMatchObject({
		type: 'runner',
		host: { endpoint: tcp('nas', 1) },
	});
});
