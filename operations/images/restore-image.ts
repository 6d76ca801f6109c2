/**
 * Restore of images: `docker load` of an archive that was checked whole before, and afterwards every reference means the
 * image that was saved, by its id. A tag that means another image there is moved only on request; what is there already
 * is left as it is. Throws as `streamArchive` and `loadImages`, `target_exists`, `image_mismatch`.
 */
import type { DockerHost } from '../../docker/client';
import { inspectImage, imageIdKind, type ImageDetails } from '../../docker/image-details';
import { loadImages } from '../../docker/image-load';
import type { ImageDescription, SavedImage } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import { withDocker } from '../executor';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { streamArchive, type StreamedArchive } from '../stream-archive';
import type { RestoredReference, RestoreImageOutcome, RestoreImageRequest } from './requests';

export async function restoreImage(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: RestoreImageRequest,
): Promise<RestoreImageOutcome> {
	const { clock, signal } = context;
	const started = clock.monotonic();
	const { selection, allowUnsigned, dryRun, overwriteTags } = request;
	const where = { type: 'runner', host: hostSettings } as const;
	const wanted = { selection, allowUnsigned, kinds: ['image'] } as const;
	return await withDocker(hostSettings.endpoint, async (docker) =>
		streamArchive(context, where, repository, wanted, async (archive, content) => {
			const { record, trust } = archive;
			const description = descriptionOf(archive);
			const references = await lookFor(docker, description, signal);
			if (!overwriteTags) requireFree(references);
			const complete = references.every(({ present }) => present);
			const bytes = complete || dryRun ? 0 : await loadImages(docker, { content: content() }, signal);
			if (bytes > 0) await requireLoaded(docker, description, signal);
			const durationMs = Math.round(clock.monotonic() - started);
			return { record, trust, references, bytes, dryRun, durationMs };
		}),
	);
}

function descriptionOf({ record, description }: StreamedArchive): ImageDescription {
	if (description?.type === 'docker-image') return description;
	throw new BackupError('archive_malformed', `${record.id} does not describe which images are in it`, {
		hint: 'Choose another record.',
	});
}

const referencesOf = ({ id, references }: SavedImage): readonly string[] =>
	references.length > 0 ? references : [id];

async function lookFor(
	docker: DockerHost,
	{ images }: ImageDescription,
	signal: AbortSignal,
): Promise<RestoredReference[]> {
	const found: RestoredReference[] = [];
	for (const image of images) {
		for (const reference of referencesOf(image)) {
			const there = await inspectImage(docker, reference, signal);
			const previousId = there?.id ?? null;
			found.push({ reference, id: image.id, previousId, present: previousId === image.id });
		}
	}
	return found;
}

function requireFree(references: readonly RestoredReference[]): void {
	const taken = references.filter(({ previousId, present }) => previousId !== null && !present);
	if (taken.length === 0) return;
	const which = taken.map(({ reference, previousId }) => `${reference} (${previousId})`).join(', ');
	throw new BackupError('target_exists', `the docker host has another image as ${which}`, {
		hint: 'Give that one another tag first (docker tag), or allow the tag to be moved: the image that has it now stays, without it.',
	});
}

/** Throws `image_mismatch`. */
export async function requireLoaded(
	docker: DockerHost,
	description: ImageDescription,
	signal: AbortSignal,
): Promise<void> {
	const comparable = (await imageIdKind(docker, signal)) === description.idKind;
	for (const image of description.images) {
		for (const reference of referencesOf(image)) {
			// An id that another kind of store does not know is of no use for looking.
			if (!comparable && reference === image.id) continue;
			const there = await inspectImage(docker, reference, signal);
			if (there && (comparable ? there.id === image.id : sameContent(there, image))) continue;
			throw mismatch(reference, image, there);
		}
	}
}

function sameContent(there: ImageDetails, { os, architecture, layers }: SavedImage): boolean {
	const facts = (image: Pick<SavedImage, 'os' | 'architecture' | 'layers'>) =>
		JSON.stringify([image.os, image.architecture, image.layers]);
	return facts(there) === facts({ os, architecture, layers });
}

function mismatch(reference: string, { id }: SavedImage, there: ImageDetails | undefined): BackupError {
	const message =
		there === undefined
			? `docker loaded the archive, and there is no ${reference} afterwards`
			: `docker loaded ${reference} as ${there.id}, and ${id} was saved`;
	return new BackupError('image_mismatch', message, {
		hint: "Look into the docker daemon's log, try again, or use another record or copy.",
	});
}
