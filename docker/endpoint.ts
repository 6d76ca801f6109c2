/** Where a Docker Engine is listening. */
export type DockerEndpoint =
	| { readonly type: 'socket'; readonly socketPath: string }
	| {
			readonly type: 'tcp';
			readonly host: string;
			readonly port: number;
			/** PEM texts. An empty object: TLS, checked against the authorities that Node knows. */
			readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
	  }
	| SshEndpoint;

/** A socket on a machine that is reached by SSH. */
export interface SshEndpoint {
	readonly type: 'ssh';
	readonly host: string;
	readonly port: number;
	readonly user: string;
	/** Its text, in the format of OpenSSH, PEM or PuTTY. */
	readonly privateKey: string;
	readonly passphrase?: string;
	/** The server's: fingerprints, or lines of known_hosts, as `ssh-host-key.ts` reads them. */
	readonly hostKey: string;
	/** On the far side. */
	readonly socketPath: string;
}

/** The endpoint as users write it in DOCKER_HOST. */
export function nameOfEndpoint(endpoint: DockerEndpoint): string {
	switch (endpoint.type) {
		case 'socket':
			return `unix://${endpoint.socketPath}`;
		case 'tcp':
			return `tcp://${address(endpoint)}`;
		case 'ssh':
			return `ssh://${endpoint.user}@${address(endpoint)}`;
	}
}

/** `host:port` */
export function address({ host, port }: { readonly host: string; readonly port: number }): string {
	return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
