/**
 * The images that a backup is asked for, as they are on the host, and how its archives are cut.
 * Throws `invalid_parameter`, `image_missing`.
 */
import type { DockerHost } from '../../docker/client';
import { inspectImage, type ImageDetails } from '../../docker/image-details';
import { imageMissing } from '../../docker/image-save';
import { BackupError } from '../../protocol/errors';
import type { SavedImage } from '../../protocol/description';
import type { ArchivePlan } from '../../protocol/job';
import { planIds } from '../plan-ids';
import type { OperationContext } from '../settings';
import { imageName, referenceAmong } from './references';

export interface ChosenImage {
	/** With its tag, or an id: how it is saved. */
	readonly reference: string;
	readonly tagged: boolean;
	readonly details: ImageDetails;
}

export interface PlannedSave {
	readonly plan: ArchivePlan;
	readonly references: readonly string[];
}

export async function chooseImages(
	host: DockerHost,
	named: readonly string[],
	signal: AbortSignal,
): Promise<ChosenImage[]> {
	const chosen: ChosenImage[] = [];
	for (const name of named) {
		const details = await inspectImage(host, name, signal);
		if (!details) throw imageMissing(name);
		const tag = referenceAmong(details.tags, name);
		chosen.push({ reference: tag ?? details.id, tagged: tag !== undefined, details });
	}
	const references = chosen.map(({ reference }) => reference);
	const twice = references.find((reference, position) => references.indexOf(reference) !== position);
	if (twice === undefined) return chosen;
	throw new BackupError('invalid_parameter', `${twice} is selected twice`, { hint: 'Name each image once.' });
}

/** Separate archives are one for each name: a job goes on with an image when its tag changes, and shared layers are stored once. */
export function planSaves(
	job: string,
	chosen: readonly ChosenImage[],
	separate: boolean,
	context: OperationContext,
): PlannedSave[] {
	const newIds = planIds(job, context);
	const planned = (part: string | undefined, series: string, images: readonly ChosenImage[]): PlannedSave => {
		const references = images.map(({ reference }) => reference);
		const plan: ArchivePlan = {
			...newIds(part),
			series,
			kind: 'image',
			sources: references.map((name) => ({ type: 'image', name, path: '' })),
			expectedBytes: savedBytes(images),
		};
		return { plan, references };
	};
	if (!separate) return [planned(undefined, 'images', chosen)];
	const byName = Map.groupBy(chosen, ({ reference }) => imageName(reference));
	return [...byName].map(([name, images]) => planned(name, `image:${name}`, images));
}

/** About: layers that several images have are saved once; headers and documents come on top. */
function savedBytes(images: readonly ChosenImage[]): number {
	const sizes = new Map(images.map(({ details }) => [details.id, details.sizeBytes]));
	const layers = [...sizes.values()].reduce((sum, size) => sum + size, 0);
	return Math.ceil(layers * 1.05) + (1 << 20);
}

/** One for each image, with all of its references. */
export function describeImages(chosen: readonly ChosenImage[]): SavedImage[] {
	const images = new Map<string, SavedImage>();
	for (const { reference, tagged, details } of chosen) {
		const { id, digests, os, architecture, sizeBytes, layers } = details;
		const references = [...(images.get(id)?.references ?? []), ...(tagged ? [reference] : [])];
		images.set(id, { id, references, digests, os, architecture, sizeBytes, layers });
	}
	return [...images.values()];
}
