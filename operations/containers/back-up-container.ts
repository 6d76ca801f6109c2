/**
 * Backup of containers: for each an archive with its inspection, its volumes, and on request what it mounts of the host;
 * its image on request as an archive of its own in the same run. Throws `container_not_found`, `image_missing` (its image
 * is to be archived, and gone), and as `runBackup`.
 */
import { describeHost, type DockerHost } from '../../docker/client';
import { imageMissing } from '../../docker/image-save';
import { basename } from 'node:path/posix';
import type { RunnerMount } from '../../docker/runner';
import { BackupError } from '../../protocol/errors';
import type { ArchivePlan, SourceVolume } from '../../protocol/job';
import { parseJobName } from '../../protocol/names';
import type { RecordWarning } from '../../protocol/record';
import { withDocker } from '../executor';
import { produceImages } from '../images/back-up-images';
import { chooseImages, planSaves, type PlannedSave } from '../images/chosen-images';
import { planIds, type NewIds } from '../plan-ids';
import { createQuieting, type UsedSources } from '../quiesce/quiesce';
import { requireSoundOptions, runBackup, type BackUpOutcome } from '../run-backup';
import { newRunId } from '../run-job';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { describeSources } from '../volume-sources';
import { documentPath, formatDocument, type ArchivedMount } from './document';
import type { BackUpContainersRequest } from './requests';
import { takeInspection, type TakenInspection } from './take-inspection';

export async function backUpContainers(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: BackUpContainersRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	if (request.containers.length === 0) {
		throw new BackupError('invalid_parameter', 'no container is selected', {
			hint: 'Name at least one container.',
		});
	}
	requireSoundOptions(request, repository);
	const { exclude, compression, encrypt, tags, lockWaitMs, quiesce } = request;
	return await withDocker(hostSettings.endpoint, async (docker) => {
		const host = await describeHost(docker, context.signal);
		const taken = await takeAll(context, docker, repository, request, host);
		const newIds = planIds(job, context);
		const planned: PlannedContainer[] = [];
		for (const [position, container] of taken.entries())
			planned.push(await planContainer(docker, container, position, newIds, context.signal));
		const saves = request.image ? await planImages(context, docker, job, taken, newIds) : [];
		const runId = newRunId(context);
		const none: UsedSources = { volumes: [], directories: [], containers: [] };
		const used = new Map([
			...planned.map(({ plan, uses }) => [plan.id, uses] as const),
			...saves.map(({ plan }) => [plan.id, none] as const),
		]);
		const quieting =
			quiesce && createQuieting(context, hostSettings, { runId, job, request: quiesce, sources: used });
		return await runBackup(context, hostSettings, repository, {
			job,
			host: host.name,
			plans: [...planned.map(({ plan }) => plan), ...saves.map(({ plan }) => plan)],
			mounts: planned.flatMap(({ mounts }) => mounts),
			exclude,
			compression,
			encrypt,
			tags,
			lockWaitMs,
			runId,
			...(quieting && { quieting }),
			produce: async (id, write) => {
				const references = saves.find(({ plan }) => plan.id === id)?.references ?? [];
				return await produceImages(docker, host, references, write, context.signal);
			},
		});
	});
}

async function takeAll(
	{ clock, signal }: OperationContext,
	docker: DockerHost,
	{ location }: RepositorySettings,
	{ containers, bindMounts, mask, image }: BackUpContainersRequest,
	host: Awaited<ReturnType<typeof describeHost>>,
): Promise<TakenInspection[]> {
	const taken: TakenInspection[] = [];
	for (const nameOrId of containers) {
		const inspecting = { repository: location, bindMounts, mask, now: clock.now(), signal };
		const container = await takeInspection(docker, host, nameOrId, inspecting);
		if (taken.some(({ id }) => id === container.id)) {
			throw new BackupError('invalid_parameter', `container "${container.name}" is selected twice`, {
				hint: 'Name each container once.',
			});
		}
		if (image && !container.hasImage) throw imageMissing(container.document.image.reference);
		taken.push(container);
	}
	return taken;
}

interface PlannedContainer {
	readonly plan: ArchivePlan;
	readonly mounts: readonly RunnerMount[];
	readonly uses: UsedSources;
}

async function planContainer(
	docker: DockerHost,
	{ id, name, document, warnings }: TakenInspection,
	position: number,
	newIds: NewIds,
	signal: AbortSignal,
): Promise<PlannedContainer> {
	const archived = onceEach(document.mounts);
	// Two containers may have different volumes of one name: those that Docker made without.
	const pathOf = (source: string) => `/sources/${position}/volumes/${source}`;
	const sources: SourceVolume[] = [];
	const told: RecordWarning[] = [...warnings];
	const mounts: RunnerMount[] = [];
	for (const { name: source, type, from } of archived) {
		const path = pathOf(source);
		const [described] = await describeSources(docker, [{ type, name: source, from, path }], signal);
		const { from: _, warnings: more = [], ...kept } = described ?? { type, name: source, from, path };
		told.push(...more);
		sources.push(kept);
		mounts.push({
			type: type === 'volume' ? 'volume' : 'bind',
			source: from,
			// A file is mounted into a directory of the volume's name: what is restored is always a directory.
			target: type === 'file' ? `${path}/${basename(from)}` : path,
			readOnly: true,
			missingCode: type === 'volume' ? 'volume_not_found' : 'source_missing',
		});
	}
	return {
		plan: {
			...newIds(name),
			series: `container:${name}`,
			kind: 'container',
			sources: [{ type: 'container', name, path: '' }, ...sources],
			documents: [{ path: documentPath(name), text: formatDocument(document) }],
			expectedBytes: null,
			warnings: told,
		},
		mounts,
		uses: {
			volumes: archived.filter(({ type }) => type === 'volume').map(({ from }) => from),
			directories: archived.filter(({ type }) => type !== 'volume').map(({ from }) => from),
			containers: [id],
		},
	};
}

/** What is mounted at two places is archived once. */
function onceEach(mounts: readonly ArchivedMount[]): (ArchivedMount & { readonly name: string })[] {
	const found = new Map<string, ArchivedMount & { readonly name: string }>();
	for (const mount of mounts) if (mount.name !== null) found.set(mount.name, { ...mount, name: mount.name });
	return [...found.values()];
}

/** One archive for each name; a reference that means another image by now is passed over for the image's id. */
async function planImages(
	context: OperationContext,
	docker: DockerHost,
	job: string,
	taken: readonly TakenInspection[],
	newIds: NewIds,
): Promise<PlannedSave[]> {
	const wanted = new Set<string>();
	for (const { document } of taken) {
		const { reference, id } = document.image;
		const [named] = await chooseImages(docker, [reference], context.signal).catch(() => []);
		wanted.add(named?.details.id === id ? named.reference : id);
	}
	const chosen = await chooseImages(docker, [...wanted], context.signal);
	return planSaves(job, chosen, true, context).map(({ plan, references }) => ({
		plan: { ...plan, ...newIds(`image-${references[0] ?? ''}`) },
		references,
	}));
}
