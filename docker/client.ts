/**
 * The connection to one Docker Engine, and who answers there. The API version is the daemon's own.
 * Throws as `api.ts` says.
 */
import http from 'node:http';
import https from 'node:https';
import { BackupError } from '../protocol/errors';
import { answers, request, type DockerHost } from './api';
import type { DockerEndpoint } from './endpoint';

export type { DockerHost } from './api';
export type { DockerEndpoint } from './endpoint';

/** Connects to nothing yet: an endpoint where nobody answers shows at the first request. */
export function connectDocker(endpoint: DockerEndpoint, { limitMs = 20_000 } = {}): DockerHost {
	const tls = endpoint.type === 'tcp' ? endpoint.tls : undefined;
	const { request: begin, Agent } = tls ? https : http;
	// The time-out is for idle connections: a request would have to ask for it.
	const agent = new Agent({ keepAlive: true, timeout: 5_000, ...tls });
	const place =
		endpoint.type === 'socket'
			? { socketPath: endpoint.socketPath }
			: { host: endpoint.host, port: endpoint.port };
	return {
		endpoint,
		limitMs,
		send: (options) => begin({ ...place, agent, ...options }),
		close: () => agent.destroy(),
	};
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
