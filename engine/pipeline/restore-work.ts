/**
 * What a restore is to write, known before anything is written, and the way to write it: all in one pass over the
 * archive, or only what was chosen, by the index.
 */
import { BackupError } from '../../protocol/errors';
import type { RestoreJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { entryPath } from '../format/index-entry';
import { volumeOf } from '../targets/entry-guard';
import { isDevice, isPrivileged } from '../targets/privileges';
import type { Needs } from '../targets/space';
import type { TargetStrategy } from '../targets/target';
import { archiveParts, type Archive, type ArchiveParts } from './archive-parts';
import {
	extractEntries,
	setAttributesAgain,
	type ExtractedFigures,
	type Extraction,
} from './extract-entries';
import { extractWhole } from './extract-whole';
import { parseGlob } from './globs';
import { progressTeller } from './progress';
import { volumeNames } from './record-files';
import { examineDamage, type Lost } from './salvage';
import { selectEntries, type EntrySelection, type SelectedEntry } from './select-entries';

export interface RestoreWork {
	readonly needs: Needs;
	/** Null: known only afterwards. */
	readonly devices: number | null;
	readonly privileged: number | null;
	/** Entries that a damaged archive does not give: how many, and the first of them. */
	readonly lostEntries: number;
	readonly lost: readonly Lost[];
	extract(strategy: TargetStrategy): Promise<ExtractedFigures>;
}

/** Volumes come back as they were; what is unpacked into a directory gets no powers. */
export const keepsPrivileges = ({ mode }: RestoreJob): boolean => mode === 'volume';

export async function planRestore(
	job: RestoreJob,
	archive: Archive,
	engine: Engine,
	onePlace: boolean,
): Promise<RestoreWork> {
	const { record } = archive;
	if (record.entries === 0) {
		throw new BackupError('invalid_parameter', `${record.id} holds nothing, so there is nothing to restore`, {
			hint: 'All was excluded when it was made: choose another record.',
		});
	}
	if (job.salvage) return await planSalvage(job, archive, engine);
	const parts = archiveParts(archive, engine);
	// An archive of a container holds more than volumes.
	const all = record.sources.every(
		({ type, name }) => type !== 'container' && job.targets.some(({ source }) => source === name),
	);
	if (all && onePlace && job.paths.length === 0) return await planWhole(job, archive, engine, parts);
	const selection = { volumes: job.targets.map(({ source }) => source), globs: job.paths.map(parseGlob) };
	const { signal } = engine.conversation;
	const select = async () => selectEntries(await parts.index(), selection, signal);
	const sums = await sumUp(await select());
	requireSomething(record.id, selection, sums);
	return {
		...sums,
		...noLoss,
		async extract(strategy) {
			const extraction = { ...base(job, archive, engine, strategy), ...(await opened(parts)) };
			return await extractEntries(extraction, await select());
		},
	};
}

async function planWhole(
	job: RestoreJob,
	archive: Archive,
	engine: Engine,
	parts: ArchiveParts,
): Promise<RestoreWork> {
	const { record } = archive;
	const volumes = volumeNames(record);
	const { signal } = engine.conversation;
	const known = {
		needs: { entries: record.entries ?? 0, bytes: record.contentBytes },
		devices: null,
		privileged: null,
	};
	// Reading the index takes time that only those who ask for a plan should spend.
	const plan = job.dryRun
		? await sumUp(selectEntries(await parts.index(), { volumes, globs: [] }, signal))
		: known;
	return {
		...plan,
		...noLoss,
		async extract(strategy) {
			const folders = new Map<string, Buffer>();
			const extraction = base(job, archive, engine, strategy);
			const figures = await extractWhole({
				...extraction,
				storage: engine.storage,
				record,
				archiveKey: parts.archiveKey,
				onFolderChanged: (path) => folders.set(path.toString('latin1'), path),
			});
			if (folders.size > 0) {
				await setAttributesAgain({ ...extraction, ...(await opened(parts)) }, [...folders.values()]);
			}
			return figures;
		},
	};
}

const noLoss = { lostEntries: 0, lost: [] } as const;

async function planSalvage(job: RestoreJob, archive: Archive, engine: Engine): Promise<RestoreWork> {
	if (job.over !== 'empty') {
		throw new BackupError('invalid_parameter', 'a damaged archive is salvaged into a new target only', {
			hint: 'Restore it into a new volume or directory, and look at what is there.',
		});
	}
	const { index, content, entries, lostEntries, lost } = await examineDamage(job, archive, engine);
	return {
		...(await sumUp(entries())),
		lostEntries,
		lost,
		extract: async (strategy) =>
			await extractEntries({ ...base(job, archive, engine, strategy), index, content }, entries()),
	};
}

async function opened(parts: ArchiveParts) {
	return { index: await parts.index(), content: await parts.content() };
}

function base(
	job: RestoreJob,
	{ record }: Archive,
	{ conversation, clock }: Engine,
	strategy: TargetStrategy,
): Omit<Extraction, 'index' | 'content'> {
	const tell = progressTeller(clock, (event) => conversation.say(event));
	return {
		strategy,
		volumes: volumeNames(record),
		keepsPrivileges: keepsPrivileges(job),
		signal: conversation.signal,
		onWarning: ({ code, message, path }) => conversation.say({ event: 'warning', code, message, path }),
		onProgress: ({ entries, bytes }) =>
			tell(() => ({ id: record.id, bytesRead: bytes, bytesWritten: bytes, entries })),
	};
}

type Sums = Pick<RestoreWork, 'needs'> & Pick<ExtractedFigures, 'devices' | 'privileged'>;

export async function sumUp(entries: AsyncIterable<SelectedEntry>): Promise<Sums> {
	const bytesOf = new Map<string, number>();
	const sums = { entries: 0, bytes: 0, devices: 0, privileged: 0 };
	for await (const { entry, role } of entries) {
		const volume = volumeOf(entryPath(entry));
		bytesOf.set(volume, (bytesOf.get(volume) ?? 0) + entry.length);
		sums.bytes += entry.length;
		if (role !== 'chosen') continue;
		sums.entries += 1;
		sums.devices += Number(isDevice(entry));
		sums.privileged += Number(isPrivileged(entry));
	}
	const { devices, privileged, ...needs } = sums;
	return { needs: { ...needs, bytesOf }, devices, privileged };
}

function requireSomething(id: string, { volumes }: EntrySelection, { needs }: Sums): void {
	const missing = volumes.find((volume) => !needs.bytesOf?.has(volume));
	if (needs.entries > 0 && (volumes.length > 1 || missing === undefined)) return;
	const named = volumes.map((name) => JSON.stringify(name)).join(', ');
	throw new BackupError(
		'invalid_parameter',
		`${id} holds nothing of ${named}, so there is nothing to restore`,
		{
			hint: 'Browse the archive to see what it holds.',
		},
	);
}
