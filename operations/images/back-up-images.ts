/**
 * Backup of images: `docker save`, relayed into the engine, which finds every image in it whole before it is believed.
 * Nothing is pulled: what is not on the host is `image_missing`. Throws as `runBackup`, `chosen-images.ts`.
 */
import { describeHost, type DockerHost, type HostDescription } from '../../docker/client';
import { imageIdKind } from '../../docker/image-details';
import { saveImages } from '../../docker/image-save';
import type { ImageDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { DataEndFrame } from '../../protocol/job';
import { parseJobName } from '../../protocol/names';
import type { RecordWarning } from '../../protocol/record';
import { withDocker } from '../executor';
import { requireSoundOptions, runBackup, type BackUpOutcome, type Produce } from '../run-backup';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { chooseImages, describeImages, planSaves, type ChosenImage } from './chosen-images';
import type { BackUpImagesRequest } from './requests';

export async function backUpImages(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: BackUpImagesRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	const { images, separate, compression, encrypt, tags, lockWaitMs } = request;
	if (images.length === 0) {
		throw new BackupError('invalid_parameter', 'no image is selected', { hint: 'Name at least one image.' });
	}
	requireSoundOptions(request, repository);
	return await withDocker(hostSettings.endpoint, async (docker) => {
		const description = await describeHost(docker, context.signal);
		const chosen = await chooseImages(docker, images, context.signal);
		const planned = planSaves(job, chosen, separate, context);
		const produce: Produce = async (id, write) => {
			const references = planned.find(({ plan }) => plan.id === id)?.references ?? [];
			return await produceImages(docker, description, references, write, context.signal);
		};
		const plans = planned.map(({ plan }) => plan);
		const options = { compression, encrypt, tags, lockWaitMs };
		const run = { ...options, job, host: description.name, plans, mounts: [], produce };
		return await runBackup(context, hostSettings, repository, run);
	});
}

/** Described as they are at that moment: a run may have waited for long since it was planned. */
export async function produceImages(
	docker: DockerHost,
	{ version }: HostDescription,
	references: readonly string[],
	write: (chunk: Buffer) => Promise<void>,
	signal: AbortSignal,
): Promise<DataEndFrame> {
	const chosen = await chooseImages(docker, references, signal);
	const images = describeImages(chosen);
	const idKind = await imageIdKind(docker, signal);
	const description: ImageDescription = {
		version: 1,
		type: 'docker-image',
		dockerVersion: version,
		idKind,
		images,
	};
	await saveImages(docker, { names: references, write }, signal);
	return { description: JSON.stringify(description), warnings: chosen.filter(untagged).map(withoutTag) };
}

const untagged = ({ tagged }: ChosenImage): boolean => !tagged;

function withoutTag({ reference, details }: ChosenImage): RecordWarning {
	const other = details.tags.length === 0 ? '' : `; here it is also ${details.tags.join(', ')}`;
	const message = `${reference} is saved by its id: it comes back without a tag${other}`;
	return { code: 'image_untagged', message, path: null };
}
