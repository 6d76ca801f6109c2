/** What a Docker host knows of an image. Throws what `api.ts` throws. */
import type { ImageIdKind } from '../protocol/description';
import { BackupError } from '../protocol/errors';
import { answers, request, type DockerHost } from './api';
import { askForImage } from './images';

export interface ImageDetails {
	/** `sha256:…`: what this host calls it. */
	readonly id: string;
	/** Every reference that means it, with its tag, as this host spells them. */
	readonly tags: readonly string[];
	/** `name@sha256:…` in the registries that it came from or went to. */
	readonly digests: readonly string[];
	readonly os: string;
	readonly architecture: string;
	/** Of its layers, unpacked. */
	readonly sizeBytes: number;
	/** `sha256:…` of each layer's tar, the lowest first. */
	readonly layers: readonly string[];
}

/** `reference`: a name or an id; undefined when the host has no such image. Throws `invalid_parameter` for what is neither. */
export async function inspectImage(
	host: DockerHost,
	reference: string,
	signal?: AbortSignal,
): Promise<ImageDetails | undefined> {
	const answer = await askForImage(host, reference, notReference, signal);
	return answer === null ? undefined : parseDetails(answer);
}

function parseDetails(answer: unknown): ImageDetails {
	const image = answers.fields(answer);
	const list = (name: string) => answers.nullable(image, name, (f, n) => answers.strings(f, n)) ?? [];
	const rootfs = answers.fields(image['RootFS'] ?? {}, 'RootFS');
	return {
		id: answers.string(image, 'Id'),
		tags: list('RepoTags').filter((tag) => tag !== '<none>:<none>'),
		digests: list('RepoDigests').filter((digest) => !digest.startsWith('<none>@')),
		os: answers.string(image, 'Os'),
		architecture: answers.string(image, 'Architecture'),
		sizeBytes: answers.integer(image, 'Size'),
		// None in an image that was built from nothing.
		layers: answers.nullable(rootfs, 'Layers', (f, n) => answers.strings(f, n)) ?? [],
	};
}

/** Docker's containerd image store calls an image by its manifest; its own store and Podman by its configuration. */
export async function imageIdKind(host: DockerHost, signal?: AbortSignal): Promise<ImageIdKind> {
	const asked = { method: 'GET', path: '/info', doing: 'describe itself', signal } as const;
	const status = answers.fields(await request(host, asked))['DriverStatus'];
	return JSON.stringify(status ?? null).includes('io.containerd.snapshotter') ? 'manifest' : 'config';
}

function notReference(reference: string, cause?: unknown): BackupError {
	return new BackupError('invalid_parameter', `${JSON.stringify(reference)} is not the name of an image`, {
		hint: 'Name it as docker images shows it, e.g. app:latest, or by its id.',
		cause,
	});
}
