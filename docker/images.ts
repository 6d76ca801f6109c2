/**
 * The runner's image: found on the Docker host, or pulled there with progress. Throws `image_not_found`
 * and `image_pull_failed`, each naming the setting to change and the way without a registry, and what
 * `api.ts` throws.
 */
import { StringDecoder } from 'node:string_decoder';
import { BackupError } from '../protocol/errors';
import { answers, openStream, request, segment, type DockerHost } from './api';
import { DaemonError, messageOf } from './failures';
import { pullReport, type OnProgress } from './pull-progress';

export interface Image {
	/** `sha256:…` of the image's configuration: what a container is created from. */
	readonly id: string;
	/** `sha256:…` in its registry; the id when it came from none. */
	readonly digest: string;
}

export interface PullOptions {
	readonly onProgress?: OnProgress;
	readonly signal?: AbortSignal;
	/** How long the daemon may say nothing while it pulls. */
	readonly stallMs?: number;
}

/** The image of this reference; undefined when the host has none. */
export async function findImage(
	host: DockerHost,
	reference: string,
	signal?: AbortSignal,
): Promise<Image | undefined> {
	const answer = await askForImage(host, reference, notReference, signal);
	if (answer === null) return undefined;
	const image = answers.fields(answer);
	const id = answers.string(image, 'Id');
	const digests = answers.nullable(image, 'RepoDigests', (f, name) => answers.strings(f, name)) ?? [];
	return { id, digest: digests[0]?.split('@')[1] ?? id };
}

/** What the daemon knows of an image, unparsed; null: the host has none. `refuse`: the error for what is no reference. */
export async function askForImage(
	host: DockerHost,
	reference: string,
	refuse: (reference: string, cause?: unknown) => BackupError,
	signal?: AbortSignal,
): Promise<unknown> {
	if (reference.trim() === '') throw refuse(reference);
	return await request(host, {
		method: 'GET',
		path: `/images/${reference.split('/').map(segment).join('/')}/json`,
		doing: `inspect image ${reference}`,
		signal,
		accept: [404],
		map: (error) =>
			error instanceof DaemonError && error.status === 400 ? refuse(reference, error) : undefined,
	});
}

function notReference(reference: string, cause?: unknown): BackupError {
	return new BackupError('invalid_parameter', `${JSON.stringify(reference)} is not the name of an image`, {
		hint: 'Set Runner Image in the Docker Host credential, e.g. node:24-bookworm-slim.',
		cause,
	});
}

/** Finds the image, or pulls it and finds it then. */
export async function ensureImage(
	host: DockerHost,
	reference: string,
	options: PullOptions = {},
): Promise<Image> {
	const found = await findImage(host, reference, options.signal);
	if (found) return found;
	if (/^sha256:[0-9a-f]{64}$/.test(reference)) throw imageNotFound(reference);
	await pull(host, reference, options);
	const pulled = await findImage(host, reference, options.signal);
	if (pulled) return pulled;
	throw imageNotFound(reference);
}

async function pull(host: DockerHost, reference: string, options: PullOptions): Promise<void> {
	const { onProgress, signal, stallMs = 120_000 } = options;
	onProgress?.(`pulling ${reference}`);
	const stream = await openStream(host, {
		method: 'POST',
		path: '/images/create',
		query: splitReference(reference),
		doing: `pull ${reference}`,
		signal,
		// The daemon answers only when the registry has.
		limitMs: stallMs,
		map: (error) => (error instanceof DaemonError ? pullError(reference, error.message, error) : undefined),
	});
	let stalled = false;
	const stall = setTimeout(() => {
		stalled = true;
		stream.destroy();
	}, stallMs);
	try {
		const report = pullReport(reference, onProgress);
		for await (const line of lines(stream)) {
			stall.refresh();
			const said = answers.fields(answers.json(line));
			if (typeof said['error'] === 'string') throw pullError(reference, said['error']);
			report(said);
		}
	} catch (error) {
		signal?.throwIfAborted();
		if (error instanceof BackupError) throw error;
		throw pullError(reference, stalled ? `nothing came for ${stallMs / 1000} s` : messageOf(error), error);
	} finally {
		clearTimeout(stall);
		stream.destroy();
	}
	if (stalled) throw pullError(reference, `nothing came for ${stallMs / 1000} s`);
}

async function* lines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
	const decoder = new StringDecoder();
	let rest = '';
	for await (const chunk of stream) {
		const parts = (rest + decoder.write(chunk)).split('\n');
		rest = parts.pop() ?? '';
		yield* parts.filter((line) => line.trim() !== '');
	}
	if (rest.trim() !== '') yield rest;
}

/** Repository and tag or digest, as the pull wants them; without a tag Docker would pull every tag there is. */
export function splitReference(reference: string): { fromImage: string; tag: string } {
	const at = reference.indexOf('@');
	if (at >= 0) return { fromImage: reference.slice(0, at), tag: reference.slice(at + 1) };
	const colon = reference.lastIndexOf(':');
	// A colon before a slash belongs to the registry's port.
	if (colon < 0 || reference.includes('/', colon)) return { fromImage: reference, tag: 'latest' };
	return { fromImage: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** Lets this reference mean the image that `name` means. */
export async function tagImage(
	host: DockerHost,
	name: string,
	reference: string,
	signal?: AbortSignal,
): Promise<void> {
	const { fromImage, tag } = splitReference(reference);
	await request(host, {
		method: 'POST',
		path: `/images/${name.split('/').map(segment).join('/')}/tag`,
		query: { repo: fromImage, tag },
		doing: `tag image ${reference}`,
		signal,
	});
}

const withoutRegistry =
	'on a host without a registry, load the image there (docker save it elsewhere, docker load -i it here).';

function pullError(reference: string, said: string, cause?: unknown): BackupError {
	if (
		/not found|manifest unknown|does not exist|access denied|invalid reference|no matching manifest/i.test(
			said,
		)
	) {
		return imageNotFound(reference, said, cause);
	}
	return new BackupError('image_pull_failed', `image ${reference} could not be pulled: ${said}`, {
		hint: `Check the Docker host's way to the registry, or name another Runner Image in the Docker Host credential; ${withoutRegistry}`,
		cause,
	});
}

export function imageNotFound(reference: string, said?: string, cause?: unknown): BackupError {
	return new BackupError(
		'image_not_found',
		`image ${reference} was not found${said === undefined ? '' : `: ${said}`}`,
		{
			hint: `Check Runner Image in the Docker Host credential; a private image must be pulled on the host first; ${withoutRegistry}`,
			cause,
		},
	);
}
