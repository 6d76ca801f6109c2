/**
 * Whether a tar of `docker save` holds whole images: every configuration and layer that its manifest names is there
 * and is what its name or its configuration says, by SHA-256. Reads the layout that Docker writes up to version 24
 * (`<id>/layer.tar`), the OCI layout with blobs that it writes since, and Podman's. An image can come out of an
 * image store without its layers, and of a daemon that fails with less than all: neither loads.
 * Throws `image_mismatch`, naming what is missing or wrong.
 */
import { BackupError } from '../../protocol/errors';
import type { ImageDescription, SavedImage } from '../../protocol/description';
import { Reader, type Fields } from '../../protocol/parse';
import type { ImageFile, ImageFiles } from './image-scanner';

const reader = new Reader('image_mismatch', 'what docker saved');

interface ManifestItem {
	readonly config: string;
	readonly tags: readonly string[];
	readonly layers: readonly string[];
	/** `sha256:…` of its configuration. */
	readonly id: string;
}

/** `images`: what is said to be in it. */
export function requireWholeImages(found: ImageFiles, { images }: Pick<ImageDescription, 'images'>): void {
	requireBlobs(found);
	const items = reader.array({ items: documentAt(found, 'manifest.json') }, 'items', (value) =>
		requireItem(found, reader.fields(value, 'manifest.json')),
	);
	if (items.length === 0) throw broken('its manifest.json names no image');
	requireOciManifests(found, new Set(items.map(({ id }) => id)));
	for (const image of images) requireSaid(found, items, image);
}

/** What has a digest for its name has those bytes. */
function requireBlobs({ files }: ImageFiles): void {
	for (const [path, { sha256 }] of files) {
		const digest = digestIn(path);
		if (digest !== undefined && digest !== sha256) throw broken(`${path} has other bytes than its name says`);
	}
}

const digestIn = (path: string): string | undefined => /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];

function requireItem(found: ImageFiles, item: Fields): ManifestItem {
	const list = (name: string) => reader.nullable(item, name, (f, n) => reader.strings(f, n)) ?? [];
	const [tags, layers] = [list('RepoTags'), list('Layers')];
	const config = reader.string(item, 'Config');
	const named = tags[0] ?? config;
	const file = fileAt(found, config);
	if (!file) throw broken(`the configuration of ${named} is missing`);
	if (!config.includes(file.sha256)) throw broken(`the configuration of ${named} is not what its name says`);
	const layersOfConfig = diffIdsOf(documentAt(found, config));
	if (layersOfConfig.length !== layers.length)
		throw broken(`${named} has ${layersOfConfig.length} layers, and ${layers.length} are there`);
	for (const [position, path] of layers.entries()) {
		const which = `layer ${position + 1} of ${layers.length} of ${named}`;
		const layer = fileAt(found, path);
		if (!layer) throw broken(`${which} is missing`);
		// A blob that is compressed was compared with its name.
		if (`sha256:${layer.sha256}` === layersOfConfig[position] || digestIn(path) === layer.sha256) continue;
		throw broken(`${which} has other bytes than its configuration says`);
	}
	return { config, tags, layers, id: `sha256:${file.sha256}` };
}

function diffIdsOf(config: unknown): readonly string[] {
	const rootfs = reader.fields(reader.fields(config, 'configuration')['rootfs'], 'rootfs');
	return reader.nullable(rootfs, 'diff_ids', (f, n) => reader.strings(f, n)) ?? [];
}

/** A store of OCI images loads these instead of manifest.json. Other platforms of an image need not be there. */
function requireOciManifests(found: ImageFiles, configs: ReadonlySet<string>): void {
	for (const [path, { text }] of found.files) {
		if (digestIn(path) === undefined || text === null) continue;
		const manifest = imageManifest(text);
		if (!manifest || !configs.has(manifest.config)) continue;
		const expected = diffIdsOf(documentAt(found, blobOf(manifest.config))).length;
		if (manifest.layers.length !== expected)
			throw broken(`${path} names ${manifest.layers.length} of ${expected} layers`);
		for (const { digest, size } of manifest.layers) {
			const layer = fileAt(found, blobOf(digest));
			if (!layer) throw broken(`the layer ${digest} is missing`);
			if (layer.size !== size) throw broken(`the layer ${digest} has ${layer.size} of ${size} bytes`);
		}
	}
}

interface ImageManifest {
	readonly config: string;
	readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/** Undefined for other documents: configurations, indexes, attestations. */
function imageManifest(text: string): ImageManifest | undefined {
	let document: unknown;
	try {
		document = JSON.parse(text);
	} catch {
		// A layer whose first byte looked like a document's.
		return undefined;
	}
	if (typeof document !== 'object' || document === null || !('config' in document) || !('layers' in document))
		return undefined;
	const f = reader.fields(document);
	const { config } = f;
	if (typeof config !== 'object' || config === null || !('digest' in config)) return undefined;
	return {
		config: reader.string(reader.fields(config), 'digest'),
		layers: reader.array(f, 'layers', (value) => {
			const layer = reader.fields(value, 'layers');
			return { digest: reader.string(layer, 'digest'), size: reader.integer(layer, 'size') };
		}),
	};
}

/** The image is there, by its configuration or as a blob, and each of its tags with it. */
function requireSaid(found: ImageFiles, items: readonly ManifestItem[], image: SavedImage): void {
	const { id, references } = image;
	const own = items.filter((item) => item.id === id);
	const isBlob = found.files.has(blobOf(id));
	const named = references[0] ?? id;
	if (own.length === 0 && !isBlob) throw changed(`${named} is another image than ${id}`);
	for (const reference of references) {
		const candidates = own.length > 0 ? own : items;
		if (!candidates.some(({ tags }) => tags.includes(reference)))
			throw changed(`it does not give ${reference} to ${id}`);
	}
}

const blobOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

/** Through links. */
function fileAt({ files, links }: ImageFiles, path: string): ImageFile | undefined {
	let at = path;
	for (let steps = 0; steps < 16; steps++) {
		const file = files.get(at);
		const next = links.get(at);
		if (file || next === undefined) return file;
		at = next;
	}
	return undefined;
}

function documentAt(found: ImageFiles, path: string): unknown {
	const file = fileAt(found, path);
	if (!file) throw broken(`its ${path} is missing`);
	if (file.text === null) throw broken(`its ${path} is no JSON document`);
	return reader.json(file.text);
}

const broken = (what: string): BackupError =>
	new BackupError('image_mismatch', `docker did not save the whole of it: ${what}`, {
		hint: 'The image could not be loaded anywhere: pull or build it again on that host, update Docker Engine there, and back it up again.',
	});

const changed = (what: string): BackupError =>
	new BackupError('image_mismatch', `docker saved something else: ${what}`, {
		hint: 'The image was built or pulled anew in the meantime: back it up again.',
	});
