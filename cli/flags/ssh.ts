/**
 * A Docker host by SSH, `ssh://[user@]host[:port][/path/of/docker.sock]`: the private key from a file, and who the
 * server must be. Keys and known_hosts are looked for where `ssh` has them; its configuration and agent are not read.
 * Throws `usage`, `key_missing` and `key_invalid` for files that can't be read.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BackupError, defaultSocket, passphraseFromFile, type DockerEndpoint } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';
import { readSecret } from './keys';

export const sshFlags = [
	{
		name: 'ssh-key-file',
		value: 'FILE',
		help: 'SSH: private key; default: id_ed25519, id_ecdsa or id_rsa in ~/.ssh',
	},
	{ name: 'ssh-passphrase-file', value: 'FILE', help: 'SSH: file with the passphrase of the private key' },
	{
		name: 'ssh-host-key',
		value: 'FINGERPRINT|FILE',
		help: 'SSH: SHA256:… of the server, or a file like known_hosts; default: ~/.ssh/known_hosts',
	},
] as const satisfies readonly Flag[];

export type SshValues = Values<typeof sshFlags>;

export interface SshAddress {
	readonly host: string;
	readonly port: number;
	/** Undefined: the one who runs the command. */
	readonly user: string | undefined;
	readonly socketPath: string;
}

const codes = { missing: 'key_missing', invalid: 'key_invalid' } as const;

export const isSsh = (text: string): boolean => text.startsWith('ssh://');

/** `origin`: where the text stands, for the message. */
export function parseSsh(text: string, origin: string): SshAddress {
	const match = /^ssh:\/\/(?:([^\s@:/]+)@)?(\[[0-9a-f:.]+\]|[^\s/:[\]@]+)(?::(\d{1,5}))?(\/.*)?$/i.exec(text);
	const [, user, host, digits = '22', path = '/'] = match ?? [];
	const port = Number(digits);
	if (host === undefined || port < 1 || port > 65_535) {
		throw usage(
			`${origin}: ${JSON.stringify(text)} is no Docker host`,
			'Write ssh://user@host, ssh://user@host:port or ssh://user@host/path/of/docker.sock.',
		);
	}
	const socketPath = path === '/' ? defaultSocket : path;
	return { host: host.replace(/^\[|\]$/g, ''), port, user, socketPath };
}

export async function sshEndpoint(
	{ host, port, socketPath, ...address }: SshAddress,
	flags: SshValues,
	shell: Shell,
): Promise<DockerEndpoint> {
	const folder = join(shell.env['HOME'] ?? '/', '.ssh');
	const passphraseFile = flags['ssh-passphrase-file'];
	const user = address.user ?? (shell.env['USER'] || shell.env['LOGNAME']);
	if (!user) throw usage(`who logs in on ${host} by SSH is not said`, `Write ssh://user@${host}.`);
	return {
		type: 'ssh',
		host,
		port,
		user,
		socketPath,
		privateKey: await privateKey(flags['ssh-key-file'], folder, shell.directory),
		...(passphraseFile !== undefined && {
			passphrase: passphraseFromFile(
				await readSecret(resolve(shell.directory, passphraseFile), 'passphrase', codes),
			),
		}),
		hostKey: await hostKey(flags['ssh-host-key'], folder, shell.directory),
	};
}

async function privateKey(file: string | undefined, folder: string, directory: string): Promise<string> {
	if (file !== undefined) return await readSecret(resolve(directory, file), 'SSH key', codes);
	for (const name of ['id_ed25519', 'id_ecdsa', 'id_rsa']) {
		try {
			return await readFile(join(folder, name), 'utf8');
		} catch (error) {
			if (!isAbsent(error)) throw unreadable('SSH key', join(folder, name), error);
		}
	}
	throw new BackupError('key_missing', `there is no SSH key in ${folder}`, {
		hint: 'Name one with --ssh-key-file.',
	});
}

/** Empty when nothing is known: the connection then tells the server's key, and fails. */
async function hostKey(given: string | undefined, folder: string, directory: string): Promise<string> {
	if (given?.startsWith('SHA256:')) return given;
	const path = given === undefined ? join(folder, 'known_hosts') : resolve(directory, given);
	try {
		return await readFile(path, 'utf8');
	} catch (error) {
		if (given === undefined && isAbsent(error)) return '';
		throw unreadable('host key', path, error);
	}
}

function unreadable(what: string, path: string, cause: unknown): BackupError {
	return new BackupError('key_missing', `the ${what} file ${path} can't be read`, {
		hint: 'Check the path and its permissions.',
		cause,
	});
}

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
