/**
 * The connection to one Docker Engine, and who answers there. The API version is the daemon's own;
 * DOCKER_HOST and its companions in the environment are not looked at. Throws as `api.ts` says.
 */
import http from 'node:http';
import https from 'node:https';
import type Modem from 'docker-modem';
import type Dockerode from 'dockerode';
import { BackupError } from '../protocol/errors';
import { answers, request, type DockerHost } from './api';
import type { DockerEndpoint } from './endpoint';
import { sshTunnel } from './ssh';

export type { DockerHost } from './api';
export type { DockerEndpoint } from './endpoint';

/** Connects to nothing yet: an endpoint where nobody answers shows at the first request. */
export function connectDocker(endpoint: DockerEndpoint, { limitMs = 20_000 } = {}): DockerHost {
	const tls = endpoint.type === 'tcp' ? endpoint.tls : undefined;
	const { agent, close } = connectionsTo(endpoint);
	const options = {
		// All of them, also when undefined: dockerode takes what is absent from the environment.
		socketPath: endpoint.type === 'socket' ? endpoint.socketPath : undefined,
		host: hostOf(endpoint),
		port: endpoint.type === 'tcp' ? endpoint.port : undefined,
		protocol: tls ? ('https' as const) : ('http' as const),
		ca: tls?.ca,
		cert: tls?.cert,
		key: tls?.key,
		timeout: undefined,
		version: undefined,
		agent,
	};
	const { modem } = new (loadDockerode())(options) as { modem: Modem };
	refuseRedirects(modem);
	return { endpoint, modem, limitMs, close };
}

interface Connections {
	readonly agent: http.Agent;
	close(): void;
}

function connectionsTo(endpoint: DockerEndpoint): Connections {
	if (endpoint.type === 'ssh') return sshTunnel(endpoint);
	const { Agent } = endpoint.type === 'tcp' && endpoint.tls ? https : http;
	// The time-out closes idle connections only: dockerode is told of none for those in use.
	const agent = new Agent({ keepAlive: true, timeout: 5_000 });
	return { agent, close: () => agent.destroy() };
}

function hostOf(endpoint: DockerEndpoint): string | undefined {
	if (endpoint.type === 'tcp') return endpoint.host;
	// A name for the request's head alone: the agent knows the way.
	return endpoint.type === 'ssh' ? 'docker' : undefined;
}

/** At first use: it takes time and memory that n8n's start should not pay. */
function loadDockerode(): typeof Dockerode {
	// eslint-disable-next-line @typescript-eslint/no-require-imports -- lazy, synchronous, and seen by bundlers
	return require('dockerode') as typeof Dockerode;
}

/** A redirect that leads nowhere would end the process: nobody listens to the second request's error. */
function refuseRedirects(modem: Modem): void {
	const transport = modem as unknown as { buildRequest(options: object, ...more: unknown[]): void };
	const build = transport.buildRequest.bind(modem);
	transport.buildRequest = (options, ...more) => build({ ...options, maxRedirects: 0 }, ...more);
}

export interface HostDescription {
	/** The daemon's own id, the same whichever way it is reached. */
	readonly id: string;
	readonly name: string;
	/** Version of the Docker Engine. */
	readonly version: string;
	/** e.g. `Debian GNU/Linux 12 (bookworm)` */
	readonly os: string;
	readonly architecture: string;
}

/** Throws `docker_failed` where no Linux containers are run. */
export async function describeHost(host: DockerHost, signal?: AbortSignal): Promise<HostDescription> {
	const info = answers.fields(
		await request(host, { method: 'GET', path: '/info', doing: 'describe itself', signal }),
	);
	if (info['OSType'] !== 'linux') {
		throw new BackupError(
			'docker_failed',
			`docker runs ${String(info['OSType'])} containers there, not Linux ones`,
			{
				hint: 'Switch Docker to Linux containers.',
			},
		);
	}
	return {
		id: answers.string(info, 'ID'),
		name: answers.string(info, 'Name'),
		version: answers.string(info, 'ServerVersion'),
		os: answers.string(info, 'OperatingSystem'),
		architecture: answers.string(info, 'Architecture'),
	};
}
