/**
 * Restore of a container: made again as its archive tells, under its own or another name. Volumes come first, checked on
 * their way in; then networks that are missing; only then a container that has the name gives way, where that was
 * confirmed. What was made is taken back when anything fails, and the one that gave way runs again.
 */
import { createContainer, inspectWhole, removeContainer } from '../../docker/create-container';
import type { Container } from '../../docker/containers';
import { connectNetwork } from '../../docker/networks';
import { BackupError } from '../../protocol/errors';
import type { CatalogEntry } from '../catalog-entry';
import { withDocker } from '../executor';
import { readCatalog } from '../list-records';
import { filterOf, requireRestorable, selectOne } from '../select';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { createRequest, type CreateRequest } from './create-request';
import { differencesOf } from './differences';
import { documentPath, parseDocument, type ContainerDocument } from './document';
import { nameOf } from './inspected';
import { portsTaken, publishedPorts } from './ports';
import { readArchiveEntry } from './read-entry';
import { removeReplaced, requireReplaceable, setAside } from './replace';
import type { RestoreContainerOutcome, RestoreContainerRequest } from './requests';
import { imagesOfRun, provideImage } from './restore-image-of';
import {
	fillVolumes,
	lookIntoVolumes,
	planMountPlaces,
	type MountPlan,
	type MountsAt,
} from './restore-mounts';
import { makeNetworks, planNetworks, type NetworkPlan } from './restore-networks';
import { startRestored } from './start-restored';
import { Undo } from './undo';

export async function restoreContainer(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: RestoreContainerRequest,
): Promise<RestoreContainerOutcome> {
	const started = context.clock.monotonic();
	const where = { type: 'runner', host: hostSettings } as const;
	const { archive, archives } = await choose(context, where, repository, request);
	const { record } = archive;
	const document = await readDocument(context, where, repository, archive);
	return await withDocker(hostSettings.endpoint, async (host) => {
		const { signal } = context;
		const at: MountsAt = { context, where, repository, archive, host };
		const name = request.name ?? nameOf(document.container);
		const existing = await requireReplaceable(host, name, request, signal);
		const differences = existing
			? differencesOf(document.container, await inspectWhole(host, existing.id, signal))
			: null;
		const networks = await planNetworks(host, document, request.networks, existing?.id ?? null, signal);
		const mounts = await planMountPlaces(at, document, name, request);
		const made = (image: string) =>
			createRequest(document, {
				name,
				image,
				environment: request.environment,
				dryRun: request.dryRun,
				placeOf: mounts.placeOf,
				networkFor: (archived) => networks.names.get(archived) ?? archived,
				ports: request.ports,
				taken: networks.taken,
				restoredFrom: record.id,
			});
		// What is wrong with the request shows before anything is loaded.
		const published = await publishedPorts(host, existing?.id ?? null, signal);
		const taken = portsTaken(made(document.image.reference).body, published);
		if (!request.dryRun && request.start && taken.length > 0) throw portTaken(name, taken);
		const image = await provideImage(
			{ context, hostSettings, repository, host, archives },
			document.image,
			request,
		);
		const creation = made(image.reference);
		const warnings = [...image.warnings, ...mounts.warnings, ...creation.warnings];
		const told = {
			record,
			image: { reference: image.reference, from: image.from },
			portsTaken: taken,
			differences,
			dryRun: request.dryRun,
		};
		const plan: RestorePlan = { name, document, existing, networks, mounts, creation, request };
		if (request.dryRun) {
			return {
				...told,
				container: { id: null, name, started: false },
				volumes: await lookIntoVolumes(at, mounts),
				networksCreated: networks.missing.map((network) => network.name),
				replaced: existing ? { id: existing.id, name } : null,
				warnings,
				durationMs: Math.round(context.clock.monotonic() - started),
			};
		}
		const done = await make(at, plan, (warning) => warnings.push(warning));
		const durationMs = Math.round(context.clock.monotonic() - started);
		return { ...told, ...done, volumes: mounts.placed, warnings, durationMs };
	});
}

/** One archive of a container, and those of images that its run made. */
async function choose(
	context: OperationContext,
	where: MountsAt['where'],
	repository: RepositorySettings,
	{ selection, allowUnsigned, image }: RestoreContainerRequest,
): Promise<{ readonly archive: MountsAt['archive']; readonly archives: readonly string[] }> {
	const { entries, keyring } = await readCatalog(context, where, repository, filterOf(selection));
	const fits = (entry: CatalogEntry) => 'record' in entry && entry.record.kind === 'container';
	const fitting = selection.by === 'id' ? [] : entries.filter(fits);
	const entry = selectOne(fitting.length > 0 ? fitting : entries, selection, keyring);
	const { record, trust } = entry;
	if (record.kind !== 'container') {
		throw new BackupError(
			'archive_kind_mismatch',
			`${record.id} is a ${record.kind} archive, not one of a container`,
			{
				hint: 'Choose a backup of a container, or the restore that is meant for this kind.',
			},
		);
	}
	requireRestorable(entry, keyring, allowUnsigned);
	const ofJob =
		image === 'archive' && selection.by === 'id'
			? (await readCatalog(context, where, repository, { job: record.job, id: null })).entries
			: entries;
	const archive = { record, key: await keyring.keyOf(record), trust };
	return { archive, archives: imagesOfRun(ofJob, record.runId) };
}

async function readDocument(
	context: OperationContext,
	where: MountsAt['where'],
	repository: RepositorySettings,
	archive: MountsAt['archive'],
): Promise<ContainerDocument> {
	const { id, sources } = archive.record;
	const name = sources.find(({ type }) => type === 'container')?.name;
	if (name === undefined) throw new BackupError('record_malformed', `record ${id} names no container`);
	const content = await readArchiveEntry(context, where, repository, archive, documentPath(name));
	return parseDocument(content.toString());
}

interface RestorePlan {
	readonly name: string;
	readonly document: ContainerDocument;
	readonly existing: Container | undefined;
	readonly networks: NetworkPlan;
	readonly mounts: MountPlan;
	readonly creation: CreateRequest;
	readonly request: RestoreContainerRequest;
}

async function make(
	at: MountsAt,
	{ name, document, existing, networks, mounts, creation, request }: RestorePlan,
	onWarning: (warning: string) => void,
): Promise<Pick<RestoreContainerOutcome, 'container' | 'networksCreated' | 'replaced'>> {
	const { context, host } = at;
	const { signal } = context;
	const undo = new Undo();
	try {
		await fillVolumes(at, mounts, undo);
		signal.throwIfAborted();
		const networksCreated = await makeNetworks(host, networks, document, undo, onWarning);
		const aside = existing ? await setAside(host, existing, undo) : null;
		const id = await createContainer(host, name, creation.body);
		undo.add(() => removeContainer(host, id, { volumes: true }));
		for (const { name: network, endpoint } of creation.networks)
			await connectNetwork(host, network, id, endpoint);
		signal.throwIfAborted();
		if (request.start) await startRestored(context, host, { id, name, limitMs: request.startLimitMs });
		const isGone = existing !== undefined && request.start;
		if (isGone) {
			await removeReplaced(host, existing).catch((error: unknown) =>
				onWarning(`container "${aside}", which was replaced, could not be removed: ${String(error)}`),
			);
		}
		return {
			container: { id, name, started: request.start },
			networksCreated,
			replaced: existing ? { id: existing.id, name: isGone ? null : aside } : null,
		};
	} catch (error) {
		throw await undo.run(error);
	}
}

function portTaken(name: string, taken: readonly string[]): BackupError {
	return new BackupError('target_in_use', `container "${name}" can't be started: ${taken.join(', ')}`, {
		hint: 'Stop that container, let Docker choose free ports, or restore without starting.',
	});
}
