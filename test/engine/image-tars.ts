/**
 * Tars as daemons give them for `docker save`, in the layouts there are: Docker's up to version 24, its OCI layout since
 * (of its own store, and of containerd's with compressed layers), and Podman's. Each can be changed before it is packed.
 */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import type { ImageDescription } from '../../protocol/description';

/** By path: a file's bytes, or where a symlink leads. */
export type Files = Map<string, Buffer | { readonly link: string }>;

export interface ImageTar {
	readonly files: Files;
	readonly description: ImageDescription;
}

export const digestOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Content of layers; a real one is a tar, which nobody here looks into. */
export const layerOf = (text: string, bytes = 3000): Buffer => Buffer.alloc(bytes, text);

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

export const configOf = (layers: readonly Buffer[]): Buffer =>
	json({
		architecture: 'amd64',
		os: 'linux',
		config: { Cmd: ['/app'] },
		rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${digestOf(layer)}`) },
	});

export const describing = (
	references: readonly string[],
	id: string,
	idKind: ImageDescription['idKind'] = 'config',
): ImageDescription => ({
	version: 1,
	type: 'docker-image',
	dockerVersion: '28.0.0',
	idKind,
	images: [{ id, references, digests: [], os: 'linux', architecture: 'amd64', sizeBytes: 6000, layers: [] }],
});

export function classicTar(layers: readonly Buffer[], tags: readonly string[]): ImageTar {
	const config = configOf(layers);
	const id = digestOf(config);
	const files: Files = new Map();
	files.set(`${id}.json`, config);
	const paths = layers.map((layer, position) => {
		const folder = digestOf(`${position}${digestOf(layer)}`);
		files.set(`${folder}/VERSION`, Buffer.from('1.0'));
		files.set(`${folder}/json`, json({ id: folder }));
		files.set(`${folder}/layer.tar`, layer);
		return `${folder}/layer.tar`;
	});
	files.set('manifest.json', json([{ Config: `${id}.json`, RepoTags: tags, Layers: paths }]));
	return { files, description: describing(tags, `sha256:${id}`) };
}

/** `compressed`: as the containerd store has them; images are called by their manifests there. */
export function ociTar(layers: readonly Buffer[], tags: readonly string[], compressed = false): ImageTar {
	const files: Files = new Map();
	const blob = (bytes: Buffer) => {
		files.set(`blobs/sha256/${digestOf(bytes)}`, bytes);
		return { digest: `sha256:${digestOf(bytes)}`, size: bytes.length };
	};
	const config = blob(configOf(layers));
	const blobs = layers.map((layer) => blob(compressed ? gzipSync(layer) : layer));
	const manifest = blob(json({ schemaVersion: 2, config, layers: blobs }));
	files.set('index.json', json({ schemaVersion: 2, manifests: [manifest] }));
	const path = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`;
	files.set(
		'manifest.json',
		json([{ Config: path(config), RepoTags: tags, Layers: blobs.map((each) => path(each)) }]),
	);
	files.set('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
	const id = compressed ? manifest.digest : config.digest;
	return { files, description: describing(tags, id, compressed ? 'manifest' : 'config') };
}

/** Layers lie beside each other, and links lead to them from the folders of old. */
export function podmanTar(layers: readonly Buffer[], tags: readonly string[]): ImageTar {
	const { description, files: classic } = classicTar(layers, tags);
	const files: Files = new Map();
	for (const [path, content] of classic) {
		if (!path.endsWith('/layer.tar')) files.set(path, content);
		else {
			const name = `${digestOf(content as Buffer)}.tar`;
			files.set(name, content);
			files.set(path, { link: `../${name}` });
		}
	}
	return { files, description };
}

export async function packed(files: Files): Promise<Buffer> {
	const tar = pack();
	for (const [name, content] of files) {
		const header: Partial<Header> & { name: string } = { name, mtime: new Date(0) };
		if (Buffer.isBuffer(content)) tar.entry(header, content);
		else tar.entry({ ...header, type: 'symlink', linkname: content.link });
	}
	tar.finalize();
	return await buffer(tar);
}
