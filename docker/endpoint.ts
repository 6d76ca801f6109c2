/** Where a Docker Engine is listening. */
export type DockerEndpoint =
	| { readonly type: 'socket'; readonly socketPath: string }
	| {
			readonly type: 'tcp';
			readonly host: string;
			readonly port: number;
			/** PEM texts. An empty object: TLS, checked against the authorities that Node knows. */
			readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
	  };

/** The endpoint as users write it in DOCKER_HOST. */
export function nameOfEndpoint(endpoint: DockerEndpoint): string {
	if (endpoint.type === 'socket') return `unix://${endpoint.socketPath}`;
	const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
	return `tcp://${host}:${endpoint.port}`;
}
