/**
 * A registry on loopback that holds one small image: enough of the distribution protocol for a real
 * daemon to pull from. Docker takes loopback registries without TLS.
 */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { randomBytes } from 'node:crypto';

export interface Registry {
	/** e.g. `127.0.0.1:40123`: what references begin with. */
	readonly address: string;
	readonly digest: string;
	close(): Promise<void>;
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** `layer`: sends the layer's bytes, or does not. */
export async function startRegistry(
	name: string,
	layer: (response: ServerResponse, bytes: Buffer) => void = (response, bytes) => void response.end(bytes),
): Promise<Registry> {
	const tar = pack();
	tar.entry({ name: 'content' }, randomBytes(4 << 20));
	tar.finalize();
	const chunks: Buffer[] = [];
	for await (const chunk of tar) chunks.push(chunk as Buffer);
	const files = Buffer.concat(chunks);
	const zipped = gzipSync(files);
	const config = Buffer.from(
		JSON.stringify({
			architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
			os: 'linux',
			config: {},
			rootfs: { type: 'layers', diff_ids: [digestOf(files)] },
		}),
	);
	const docker = 'application/vnd.docker';
	const manifest = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: `${docker}.distribution.manifest.v2+json`,
			config: {
				mediaType: `${docker}.container.image.v1+json`,
				size: config.length,
				digest: digestOf(config),
			},
			layers: [
				{
					mediaType: `${docker}.image.rootfs.diff.tar.gzip`,
					size: zipped.length,
					digest: digestOf(zipped),
				},
			],
		}),
	);
	const digest = digestOf(manifest);
	const server = createServer((request, response) => {
		const url = request.url ?? '';
		const known = new RegExp(`^/v2/${name}/manifests/(latest|${digest})$`).test(url);
		if (url === '/v2/') response.end('{}');
		else if (known) {
			response.setHeader('Content-Type', `${docker}.distribution.manifest.v2+json`);
			response.setHeader('Docker-Content-Digest', digest);
			response.setHeader('Content-Length', manifest.length);
			response.end(request.method === 'HEAD' ? undefined : manifest);
		} else if (url.endsWith(digestOf(config))) response.end(config);
		else if (url.endsWith(digestOf(zipped))) {
			response.setHeader('Content-Length', zipped.length);
			layer(response, zipped);
		} else {
			response.statusCode = 404;
			response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const close = async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	};
	return { address: `127.0.0.1:${port}`, digest, close };
}
