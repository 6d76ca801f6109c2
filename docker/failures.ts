/**
 * What goes wrong between here and a Docker Engine, as `BackupError`s: `docker_unreachable` (nobody
 * answers), `docker_permission_denied` (we may not ask) and `docker_failed` (the daemon said no, in its
 * own words). Callers look at the statuses that mean something to them (404, 409) before they come here.
 */
import { BackupError } from '../protocol/errors';
import { nameOfEndpoint, type DockerEndpoint } from './endpoint';

/** The daemon said no, in these words. */
export class DaemonError extends Error {
	constructor(
		readonly status: number,
		said: string,
		cause?: unknown,
	) {
		super(said, { cause });
		this.name = 'DaemonError';
	}
}

/** The daemon's answer out of the transport's error; undefined when there was no answer. */
export function daemonError(error: unknown): DaemonError | undefined {
	const status = field(error, 'statusCode');
	if (typeof status !== 'number') return undefined;
	// The transport puts its own words before the daemon's.
	const said = textIn(error, 'message').replace(/^\(HTTP code \d+\) .*? -\s*/s, '');
	// What stands between us and a daemon may answer with whole pages.
	return new DaemonError(status, said === '' ? `HTTP status ${status}` : said.slice(0, 1000), error);
}

export function unreachable(endpoint: DockerEndpoint, what: string, cause?: unknown): BackupError {
	return new BackupError('docker_unreachable', `docker at ${nameOfEndpoint(endpoint)} ${what}`, {
		hint: unreachableHint(endpoint, what),
		cause,
	});
}

/** `doing` completes "could not …", e.g. `list volumes`. */
export function dockerFailure(endpoint: DockerEndpoint, doing: string, error: unknown): BackupError {
	if (error instanceof BackupError) return error;
	if (error instanceof DaemonError) return refused(endpoint, doing, error);
	const code = codeOf(error);
	if (code === 'EACCES' || code === 'EPERM') return denied(endpoint, error);
	const message = messageOf(error);
	const what = silence(code, message);
	if (what !== undefined) return unreachable(endpoint, what, error);
	return new BackupError(
		'docker_failed',
		`docker at ${nameOfEndpoint(endpoint)} could not ${doing}: ${message}`,
		{
			cause: error,
		},
	);
}

function refused(endpoint: DockerEndpoint, doing: string, cause: DaemonError): BackupError {
	const name = nameOfEndpoint(endpoint);
	if (cause.message.includes('HTTP request to an HTTPS server'))
		return unreachable(endpoint, 'wants TLS', cause);
	if (cause.status === 401 || cause.status === 403) {
		return new BackupError(
			'docker_permission_denied',
			`docker at ${name} does not allow this client to ${doing}: ${cause.message}`,
			{ hint: 'Allow this call in the socket proxy or authorization plugin in front of Docker.', cause },
		);
	}
	return new BackupError('docker_failed', `docker at ${name} could not ${doing}: ${cause.message}`, {
		cause,
	});
}

function denied(endpoint: DockerEndpoint, cause: unknown): BackupError {
	return new BackupError(
		'docker_permission_denied',
		`no permission to use docker at ${nameOfEndpoint(endpoint)}`,
		{
			hint:
				'Add the user that runs n8n to the group of the socket (usually "docker"); when n8n runs in a ' +
				"container, mount the socket into it and add that group's number with group_add.",
			cause,
		},
	);
}

const silences: Readonly<Record<string, string>> = {
	ENOENT: 'has no socket',
	ENOTSOCK: 'is not a socket',
	EPROTOTYPE: 'is not a socket',
	ECONNREFUSED: 'refused the connection',
	ECONNRESET: 'closed the connection',
	ECONNABORTED: 'closed the connection',
	EPIPE: 'closed the connection',
	ERR_STREAM_PREMATURE_CLOSE: 'closed the connection',
	ETIMEDOUT: 'did not answer',
	ENOTFOUND: 'has a host name that cannot be resolved',
	EAI_AGAIN: 'has a host name that cannot be resolved',
	EAI_FAIL: 'has a host name that cannot be resolved',
	EHOSTUNREACH: 'cannot be reached over the network',
	ENETUNREACH: 'cannot be reached over the network',
	EHOSTDOWN: 'cannot be reached over the network',
	ENETDOWN: 'cannot be reached over the network',
	EADDRNOTAVAIL: 'cannot be reached over the network',
};

/** What a missing answer looks like from here; undefined for errors that mean something else. */
export function silence(code: string, message: string): string | undefined {
	const known = silences[code];
	if (known !== undefined) return known;
	if (code.startsWith('HPE_')) return 'does not speak HTTP';
	if (/CERT|TLS|SSL|EPROTO$|ISSUER|SIGNATURE|HOSTNAME|INVALID_CA/.test(code)) {
		return `failed the TLS handshake: ${message}`;
	}
	return undefined;
}

function unreachableHint(endpoint: DockerEndpoint, what: string): string {
	if (what.includes('TLS')) {
		return 'Check TLS in the Docker Host credential: the authority, the client certificate and its key.';
	}
	if (endpoint.type === 'ssh') return 'Check that Docker runs there, and the way to it.';
	return endpoint.type === 'socket'
		? 'Check that Docker runs and that its socket is at this path; when n8n runs in a container, mount the socket into it.'
		: 'Check host, port and firewall, and that Docker listens on TCP there, with TLS if the credential says so.';
}

export const codeOf = (error: unknown): string => textIn(error, 'code');

export function messageOf(error: unknown): string {
	// First OpenSSL's own words, where its message is a line of numbers and source files.
	return textIn(error, 'reason') || textIn(error, 'message') || codeOf(error) || String(error);
}

function textIn(value: unknown, name: string): string {
	const text = field(value, name);
	return typeof text === 'string' ? text.trim() : '';
}

function field(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
