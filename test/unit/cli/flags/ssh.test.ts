import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSsh, sshEndpoint } from '../../../../cli/flags/ssh';
import type { Shell } from '../../../../cli/verb';

const socketPath = '/var/run/docker.sock';
const none = { 'ssh-key-file': undefined, 'ssh-passphrase-file': undefined, 'ssh-host-key': undefined };

test.each([
	['ssh://nas', { host: 'nas', port: 22, user: undefined, socketPath }],
	['ssh://bob@nas.lan/', { host: 'nas.lan', port: 22, user: 'bob', socketPath }],
	['ssh://bob@10.0.0.5:2222', { host: '10.0.0.5', port: 2222, user: 'bob', socketPath }],
	['ssh://b.o-b@[fd00::5]:22', { host: 'fd00::5', port: 22, user: 'b.o-b', socketPath }],
	[
		'ssh://bob@nas/run/user/1000/docker.sock',
		{ host: 'nas', port: 22, user: 'bob', socketPath: '/run/user/1000/docker.sock' },
	],
])('%s', (text, address) => {
	expect(parseSsh(text, '--docker-host')).toEqual(address);
});

test.each(['ssh://', 'ssh://bob@', 'ssh://nas:0', 'ssh://nas:65536', 'ssh://bob:secret@nas', 'ssh://a b'])(
	'%j is no Docker host',
	(text) => {
		expect(() => parseSsh(text, 'DOCKER_HOST')).toThrow(
			`DOCKER_HOST: ${JSON.stringify(text)} is no Docker host`,
		);
	},
);

describe('what ssh has at home', () => {
	const home = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
	const empty = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
	afterAll(() => [home, empty].forEach((folder) => rmSync(folder, { recursive: true })));
	mkdirSync(join(home, '.ssh'));
	for (const name of ['id_ecdsa', 'id_rsa', 'known_hosts', 'other']) {
		writeFileSync(join(home, '.ssh', name), `${name} text`);
	}
	writeFileSync(join(home, 'words'), 'one two\n');
	const shell = (env: Record<string, string>) => ({ env, directory: home }) as unknown as Shell;
	const address = { host: 'nas', port: 22, user: 'bob', socketPath };

	test('its first key, and its known hosts', async () => {
		expect(await sshEndpoint(address, none, shell({ HOME: home }))).toEqual({
			type: 'ssh',
			...address,
			privateKey: 'id_ecdsa text',
			hostKey: 'known_hosts text',
		});
	});

	test('flags beat it', async () => {
		const flags = {
			'ssh-key-file': '.ssh/other',
			'ssh-passphrase-file': 'words',
			'ssh-host-key': 'SHA256:abc',
		};
		expect(await sshEndpoint(address, flags, shell({ HOME: home }))).toMatchObject({
			privateKey: 'other text',
			passphrase: 'one two',
			hostKey: 'SHA256:abc',
		});
		const file = await sshEndpoint(address, { ...flags, 'ssh-host-key': '.ssh/other' }, shell({}));
		expect(file).toMatchObject({ hostKey: 'other text' });
	});

	test('nobody named logs in as who runs the command', async () => {
		const anonymous = { ...address, user: undefined };
		expect(await sshEndpoint(anonymous, none, shell({ HOME: home, USER: 'eve' }))).toMatchObject({
			user: 'eve',
		});
		await expect(sshEndpoint(anonymous, none, shell({ HOME: home }))).rejects.toMatchObject({
			code: 'usage',
		});
	});

	test('what is missing is named; known hosts may be missing', async () => {
		const at = shell({ HOME: empty });
		await expect(sshEndpoint(address, none, at)).rejects.toThrow(`there is no SSH key in ${empty}/.ssh`);
		const withKey = { ...none, 'ssh-key-file': join(home, '.ssh/other') };
		expect(await sshEndpoint(address, withKey, at)).toMatchObject({ hostKey: '' });
		await expect(sshEndpoint(address, { ...withKey, 'ssh-host-key': 'nowhere' }, at)).rejects.toThrow(
			`the host key file ${home}/nowhere can't be read`,
		);
	});
});
