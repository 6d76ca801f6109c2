/**
 * The image that a restored container is made from: the very one, where the host has it or can get it; by its reference
 * another one, with a warning, where nothing tells them apart. Throws `image_missing`, and as pulling and loading do.
 */
import type { DockerHost } from '../../docker/client';
import { inspectImage } from '../../docker/image-details';
import { ensureImage, tagImage } from '../../docker/images';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { CatalogEntry } from '../catalog-entry';
import { restoreImage } from '../images/restore-image';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { ArchivedImage } from './document';
import type { RestoreContainerOutcome, RestoreContainerRequest } from './requests';

export interface FoundImage {
	/** What the container is made from: its reference, where that means the right image. */
	readonly reference: string;
	readonly from: RestoreContainerOutcome['image']['from'];
	readonly warnings: readonly string[];
}

/** Undefined when the host has neither the image nor, where `orOther`, another one of its reference. */
export async function imageOnHost(
	host: DockerHost,
	{ reference, id }: ArchivedImage,
	orOther: boolean,
	signal: AbortSignal,
): Promise<Omit<FoundImage, 'from'> | undefined> {
	const named = await inspectImage(host, reference, signal);
	if (named?.id === id) return { reference, warnings: [] };
	if (await inspectImage(host, id, signal)) {
		const now = named ? `means another image now` : 'is not on the host';
		return { reference: id, warnings: [`it is made from the image by its id: ${reference} ${now}`] };
	}
	if (!named || !orOther) return undefined;
	return {
		reference,
		warnings: [`${reference} is another image on this host (${named.id}) than the archived one (${id})`],
	};
}

/** Records of the archives of images that were made in the same run. */
export const imagesOfRun = (entries: readonly CatalogEntry[], runId: string): string[] =>
	entries
		.filter((entry) => 'record' in entry && entry.record.kind === 'image' && entry.record.runId === runId)
		.filter((entry) => 'record' in entry && entry.record.status === 'success')
		.map(({ id }) => id);

export interface ImageAt {
	readonly context: OperationContext;
	readonly hostSettings: HostSettings;
	readonly repository: RepositorySettings;
	readonly host: DockerHost;
	/** Ids of archives that may hold it. */
	readonly archives: readonly string[];
}

export async function provideImage(
	at: ImageAt,
	image: ArchivedImage,
	{ image: from, allowUnsigned, dryRun }: RestoreContainerRequest,
): Promise<FoundImage> {
	const { host, context, archives } = at;
	const { signal } = context;
	const there = await imageOnHost(host, image, false, signal);
	if (there) return { ...there, from: 'host' };
	if (from === 'archive') {
		if (archives.length === 0) throw missing(image, 'and no archive of it was made in the same run');
		if (dryRun) return { reference: image.reference, from, warnings: [] };
		for (const id of archives) {
			const request = { selection: { by: 'id', id }, overwriteTags: false, allowUnsigned, dryRun } as const;
			await restoreImage(context, at.hostSettings, at.repository, request);
			const loaded = await imageOnHost(host, image, false, signal);
			if (loaded) return { ...loaded, from };
		}
		const other = await imageOnHost(host, image, true, signal);
		if (other) return { ...other, from };
		throw missing(image, 'nor is it in the archives of images of the same run');
	}
	const [digest] = image.digests;
	if (digest === undefined) {
		const other = await imageOnHost(host, image, true, signal);
		if (other) return { ...other, from: 'host' };
	}
	if (dryRun) return { reference: image.reference, from, warnings: [] };
	await pull(at, digest ?? image.reference, image);
	if (digest !== undefined && !/^sha256:|@/.test(image.reference)) {
		const free = (await inspectImage(host, image.reference, signal)) === undefined;
		if (free) await tagImage(host, digest, image.reference, signal);
	}
	const pulled = await imageOnHost(host, image, true, signal);
	return { ...(pulled ?? { reference: digest ?? image.reference, warnings: [] }), from };
}

async function pull({ host, context }: ImageAt, reference: string, image: ArchivedImage): Promise<void> {
	try {
		await ensureImage(host, reference, {
			onProgress: (message, percent) => context.onEvent({ event: 'pull', message, percent: percent ?? null }),
			signal: context.signal,
		});
	} catch (error) {
		const { code, message } = toBackupError(error);
		if (code !== 'image_not_found' && code !== 'image_pull_failed') throw error;
		throw missing(image, `and can't be pulled: ${message}`, error);
	}
}

function missing({ reference, id }: ArchivedImage, why: string, cause?: unknown): BackupError {
	return new BackupError('image_missing', `image ${reference} (${id}) is not on the docker host, ${why}`, {
		hint: 'Restore it from its archive, or load or pull it on the host, and try again.',
		cause,
	});
}
