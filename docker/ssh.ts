/**
 * An HTTP agent whose connections are channels of one SSH connection, to a Docker Engine's socket on the far side.
 *
 * The SSH connection is made at the first request, after the server's host key was found to be the expected one; it
 * ends when no channel has been open for a second, or at once when that is so after `close`. A later request makes
 * another. When it is lost, all its channels fail. A peer that is gone shows within a minute.
 */
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ParsedKey, PublicKeyAuthMethod, ServerHostKeyAlgorithm } from 'ssh2';
import type SshLibrary from 'ssh2';
import type { BackupError } from '../protocol/errors';
import type { SshEndpoint } from './endpoint';
import { channelsOf, type SshChannels } from './ssh-channels';
import { sshFailure, unusableKey, untrusted } from './ssh-failures';
import { expectedHostKeys } from './ssh-host-key';

export interface SshTunnel {
	readonly agent: Agent;
	/** Ends connections that are not in use; what was hijacked goes on, and the connection ends with it. */
	close(): void;
}

const handshakeMs = 20_000;
const keepAlive = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };
const idleMs = 1_000;

interface SshConnection extends SshChannels {
	readonly socket: Socket;
	readonly client: Client;
	/** Undefined while it holds. */
	failure?: BackupError;
}

export function sshTunnel(endpoint: SshEndpoint): SshTunnel {
	let connecting: Promise<SshConnection> | undefined;
	let isClosed = false;
	const open = new Set<Duplex>();
	let opening = 0;
	let idle: NodeJS.Timeout | undefined;

	const end = () => {
		const ending = connecting;
		connecting = undefined;
		ending?.then(endConnection, () => undefined);
	};
	const endWhenIdle = () => {
		clearTimeout(idle);
		if (open.size + opening === 0) idle = setTimeout(end, isClosed ? 0 : idleMs).unref();
	};
	const connected = () => {
		const made: Promise<SshConnection> = (connecting ??= connectSsh(endpoint, (failure) => {
			if (connecting === made) connecting = undefined;
			for (const socket of open) socket.destroy(failure);
		}));
		made.catch(() => {
			if (connecting === made) connecting = undefined;
		});
		return made;
	};
	const openSocket = async (): Promise<Duplex> => {
		opening += 1;
		try {
			const connection = await connected();
			const socket = await connection.open().catch((error: unknown) => {
				throw connection.failure ?? error;
			});
			open.add(socket);
			socket.once('close', () => {
				open.delete(socket);
				endWhenIdle();
			});
			return socket;
		} finally {
			opening -= 1;
			endWhenIdle();
		}
	};

	const agent = new (class extends Agent {
		override createConnection(_options: object, done?: (error: Error | null, socket: Duplex) => void) {
			openSocket().then(
				(socket) => done?.(null, socket),
				(error: Error) => (done as ((error: Error) => void) | undefined)?.(error),
			);
			return undefined;
		}
	})({ keepAlive: true, timeout: 5_000 });
	const close = () => {
		isClosed = true;
		agent.destroy();
		endWhenIdle();
	};
	return { agent, close };
}

/** `lost`: called once, for a connection that was made and did not end by us. */
async function connectSsh(
	endpoint: SshEndpoint,
	lost: (failure: BackupError) => void,
): Promise<SshConnection> {
	const { Client, utils } = loadSsh();
	const expected = expectedHostKeys(endpoint.hostKey, endpoint);
	const key = utils.parseKey(endpoint.privateKey, endpoint.passphrase) as ParsedKey | ParsedKey[] | Error;
	if (key instanceof Error) throw unusableKey(endpoint, key);
	const [privateKey] = [key].flat();
	if (!privateKey?.isPrivateKey()) throw unusableKey(endpoint, new Error('it is a public key'));

	const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
	const client = new Client();
	const connection: SshConnection = { socket, client, ...channelsOf(client, endpoint) };
	const { promise, resolve, reject } = Promise.withResolvers<SshConnection>();
	const failed = (error: unknown) => {
		connection.failure ??= sshFailure(endpoint, error);
		reject(connection.failure);
		socket.destroy();
	};
	client.on('ready', () => resolve(connection));
	client.on('error', failed);
	// Before the library tells the channels, which it does as if they had ended in order.
	client.on('close', () => {
		failed(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
		if (connection.failure) lost(connection.failure);
	});
	const login: PublicKeyAuthMethod = { type: 'publickey', username: endpoint.user, key: privateKey };
	client.connect({
		sock: socket,
		username: endpoint.user,
		authHandler: [login],
		hostVerifier: (shown: Buffer) => {
			const verdict = expected.judge(shown);
			if (verdict !== 'expected') failed(untrusted(endpoint, shown, verdict));
			return verdict === 'expected';
		},
		algorithms: { serverHostKey: hostKeyAlgorithms(expected.types) },
		// Servers other than OpenSSH forward to sockets too.
		strictVendor: false,
		readyTimeout: handshakeMs,
		...keepAlive,
	});
	return await promise;
}

/** At first use, as all of the transport. */
function loadSsh(): typeof SshLibrary {
	// eslint-disable-next-line @typescript-eslint/no-require-imports -- lazy, synchronous, and seen by bundlers
	return require('ssh2') as typeof SshLibrary;
}

/** Those of keys that are known first: a server has several, and shows one. */
function hostKeyAlgorithms(known: readonly string[]): ServerHostKeyAlgorithm[] {
	const all: readonly (readonly [string, readonly ServerHostKeyAlgorithm[]])[] = [
		['ssh-ed25519', ['ssh-ed25519']],
		['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
		['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
		['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
		['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
	];
	const first = all.filter(([type]) => known.includes(type));
	return [...first, ...all.filter((each) => !first.includes(each))].flatMap(([, algorithms]) => algorithms);
}

/** In order; by force when the server takes no notice. */
function endConnection({ client, socket }: SshConnection): void {
	client.end();
	const timer = setTimeout(() => socket.destroy(), 2_000).unref();
	socket.once('close', () => clearTimeout(timer));
}
