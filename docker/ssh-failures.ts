/**
 * What goes wrong on the way to a Docker Engine behind SSH, as `BackupError`s: `docker_host_untrusted` (not the server
 * it should be), `docker_permission_denied` (it does not let us in, or not to the socket), `docker_unreachable` (all
 * that keeps it from answering) and `invalid_parameter` (a private key that can't be used).
 */
import { BackupError } from '../protocol/errors';
import { address, nameOfEndpoint, type SshEndpoint } from './endpoint';
import { codeOf, messageOf, silence } from './failures';
import { fingerprintOf, typeOf, type HostKeyVerdict } from './ssh-host-key';

const serverAt = (endpoint: SshEndpoint): string => `the SSH server at ${address(endpoint)}`;

export function untrusted(
	endpoint: SshEndpoint,
	key: Buffer,
	verdict: Exclude<HostKeyVerdict, 'expected'>,
): BackupError {
	const seen = `${typeOf(key)} ${fingerprintOf(key)}`;
	const scan = `ssh-keyscan${endpoint.port === 22 ? '' : ` -p ${endpoint.port}`} ${endpoint.host}`;
	const compare = `compare it on that machine (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)`;
	const said = {
		unknown: {
			what: `is not known yet: its host key is ${seen}`,
			hint: `If this fingerprint is right (${compare}), give it, or what "${scan}" prints, as the host key.`,
		},
		other: {
			what: `has another host key than expected: ${seen}`,
			hint: `Somebody may stand between, or the machine has new keys: ${compare}; if it is right, give it, or what "${scan}" prints, as the host key.`,
		},
		revoked: {
			what: `has a host key that is marked as revoked: ${seen}`,
			hint: 'Give the machine a new host key, and trust no server that shows this one.',
		},
	}[verdict];
	return new BackupError('docker_host_untrusted', `${serverAt(endpoint)} ${said.what}`, { hint: said.hint });
}

/** Of a connection that did not come about, or was lost. */
export function sshFailure(endpoint: SshEndpoint, error: unknown): BackupError {
	if (error instanceof BackupError) return error;
	const message = messageOf(error);
	const level = levelOf(error);
	if (level === 'client-authentication') {
		return new BackupError(
			'docker_permission_denied',
			`${serverAt(endpoint)} does not let user "${endpoint.user}" in with this private key`,
			{
				hint: "The public key must stand in that user's ~/.ssh/authorized_keys there, and the private key belong to it.",
				cause: error,
			},
		);
	}
	const silent = level === 'client-timeout' ? 'did not answer' : silence(codeOf(error), message);
	const what = silent ?? `broke off the connection: ${message}`;
	return new BackupError('docker_unreachable', `${serverAt(endpoint)} ${what}`, {
		hint: 'Check host, port and firewall, and that an SSH server runs there.',
		cause: error,
	});
}

export function unusableKey(endpoint: SshEndpoint, cause: Error): BackupError {
	const [what, hint] = /no passphrase given/i.test(cause.message)
		? ['is encrypted', 'Give its passphrase too.']
		: /passphrase|integrity check|bad decrypt|decryption/i.test(cause.message)
			? ['does not open with this passphrase', 'Correct the passphrase.']
			: [
					'cannot be read',
					'Give the whole file, from "-----BEGIN" to "-----END": OpenSSH, PEM and PuTTY keys are read.',
				];
	const message = `the private key for ${nameOfEndpoint(endpoint)} ${what}`;
	return new BackupError('invalid_parameter', message, { hint, cause });
}

/** Exit codes of `dial` in ssh-channels.ts. */
export const noSocket = 81;
export const notPermitted = 82;
export const noDocker = 83;

/** What `dial` ended with; `said`: what it wrote to stderr. */
export function dialFailure(endpoint: SshEndpoint, exitCode: number | null, said: string): BackupError {
	const { host, user, socketPath } = endpoint;
	const unreachable = (message: string, hint?: string) =>
		new BackupError('docker_unreachable', message, { hint });
	if (exitCode === notPermitted || /permission denied/i.test(said)) {
		return new BackupError(
			'docker_permission_denied',
			`user "${user}" may not use the socket ${socketPath} on ${host}`,
			{
				hint: `Add the user to the group of the socket there (usually "docker"): usermod -aG docker ${user}`,
			},
		);
	}
	if (exitCode === noSocket) {
		return unreachable(
			`there is no socket ${socketPath} on ${host}`,
			'Check that Docker runs there, and where its socket is: a rootless one is at /run/user/<uid>/docker.sock.',
		);
	}
	if (exitCode === noDocker) {
		return unreachable(
			`${serverAt(endpoint)} gives no way to ${socketPath}: nobody listens there, or forwarding is forbidden and there is no docker command to go by`,
			'Check that Docker runs there, and allow it in sshd_config (AllowStreamLocalForwarding), or install the docker command.',
		);
	}
	const last = said.trim().split('\n').at(-1)?.slice(0, 500);
	const ended = exitCode === null ? 'was killed' : `ended with exit code ${exitCode}`;
	return unreachable(`docker on ${host}, by way of SSH, ${ended}${last ? `: ${last}` : ''}`);
}

export function nothingAllowed(endpoint: SshEndpoint, cause: unknown): BackupError {
	return new BackupError(
		'docker_permission_denied',
		`${serverAt(endpoint)} opens neither ${endpoint.socketPath} nor a command for user "${endpoint.user}"`,
		{
			hint: 'Allow it in sshd_config there (AllowStreamLocalForwarding, MaxSessions), and in authorized_keys.',
			cause,
		},
	);
}

function levelOf(error: unknown): unknown {
	return typeof error === 'object' && error !== null && 'level' in error ? error.level : undefined;
}
