/**
 * Ways from an SSH server to a socket of its machine. First the server's own forwarding; where it refuses that, the
 * command `docker system dial-stdio` there, which is also what says why nothing answers. Every channel is a connection
 * of its own to the socket. Throws as `ssh-failures.ts` says.
 */
import type { Client, ClientChannel } from 'ssh2';
import type { SshEndpoint } from './endpoint';
import { dialFailure, noDocker, noSocket, nothingAllowed, notPermitted } from './ssh-failures';
import { SshSocket } from './ssh-socket';

export interface SshChannels {
	open(): Promise<SshSocket>;
}

export function channelsOf(client: Client, endpoint: SshEndpoint): SshChannels {
	let forwarding: 'untried' | 'works' | 'refused' = 'untried';
	return {
		async open() {
			if (forwarding === 'refused') return await dial(client, endpoint);
			try {
				const channel = await opened((done) =>
					client.openssh_forwardOutStreamLocal(endpoint.socketPath, done),
				);
				forwarding = 'works';
				return new SshSocket(channel);
			} catch {
				// Why, the server does not say: the other way does.
				const socket = await dial(client, endpoint);
				socket.once('data', () => {
					if (forwarding === 'untried') forwarding = 'refused';
				});
				return socket;
			}
		},
	};
}

/** The script holds no single quote: it is quoted for whatever shell the user has there. */
const script =
	`test -e "$0" || exit ${noSocket}; test -w "$0" || exit ${notPermitted}; ` +
	`command -v docker >/dev/null || exit ${noDocker}; exec docker --host "unix://$0" system dial-stdio`;
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What is written to stderr is kept to this length. */
const mostSaid = 4096;

async function dial(client: Client, endpoint: SshEndpoint): Promise<SshSocket> {
	const command = `sh -c ${quoted(script)} ${quoted(endpoint.socketPath)}`;
	let channel: ClientChannel;
	try {
		channel = await opened((done) => client.exec(command, done));
	} catch (error) {
		throw nothingAllowed(endpoint, error);
	}
	let said = '';
	channel.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
	let exitCode: number | null = null;
	channel.on('exit', (code: number | null) => (exitCode = code));
	return new SshSocket(channel, () => (exitCode === 0 ? undefined : dialFailure(endpoint, exitCode, said)));
}

function opened(
	open: (done: (error: Error | undefined, channel: ClientChannel) => void) => unknown,
): Promise<ClientChannel> {
	return new Promise((resolve, reject) => {
		// Throws when the connection has just ended.
		open((error, channel) => (error ? reject(error) : resolve(channel)));
	});
}
