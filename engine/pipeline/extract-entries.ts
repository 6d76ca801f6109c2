/**
 * Chosen entries of an archive into a target's places: only their ranges are read, each is compared with the index
 * before and while tar gets it, and what tar needed but nobody asked for is gone afterwards.
 * Throws `index_mismatch`, `archive_malformed`, `target_failed`, `target_full`, and what reading throws.
 */
import { rmdir, unlink } from 'node:fs/promises';
import { entryLinkTarget, entryPath, type IndexEntry } from '../format/index-entry';
import type { TarFinding } from '../sources/tar-messages';
import { guardEntries, volumeOf } from '../targets/entry-guard';
import { isDevice, isPrivileged, removePrivileges } from '../targets/privileges';
import type { TargetStrategy } from '../targets/target';
import { extractedPath, openTrees } from '../targets/trees';
import type { ArchiveContent } from './archive-content';
import { checkRun, type RunCheck } from './checked-run';
import { readRuns, runsOf } from './entry-runs';
import type { Entries, SelectedEntry } from './select-entries';

export interface Extraction {
	readonly content: ArchiveContent;
	/** For the attributes of folders, when something was removed from them. */
	readonly index: Pick<Entries, 'find'>;
	readonly strategy: Pick<TargetStrategy, 'placeOf'>;
	/** All that the record names. */
	readonly volumes: readonly string[];
	readonly keepsPrivileges: boolean;
	readonly signal: AbortSignal;
	readonly onWarning: (finding: TarFinding) => void;
	readonly onProgress: (figures: { readonly entries: number; readonly bytes: number }) => void;
}

export interface ExtractedFigures {
	/** Of the chosen entries. */
	readonly entries: number;
	readonly bytes: number;
	/** Kept or left out. */
	readonly devices: number;
	readonly privileged: number;
}

export async function extractEntries(
	extraction: Extraction,
	entries: AsyncIterable<SelectedEntry>,
): Promise<ExtractedFigures> {
	const { content, strategy, volumes, keepsPrivileges, signal, onWarning, onProgress } = extraction;
	const guard = guardEntries(volumes);
	const trees = openTrees(strategy, signal, onWarning);
	const powers = watchPrivileges(keepsPrivileges);
	const unwanted: Buffer[] = [];
	let chosen = 0;
	let bytes = 0;
	const onStart = ({ entry, role }: SelectedEntry) => {
		if (role === 'target') {
			guard.checkEarlier(entry);
			unwanted.push(entryPath(entry));
		} else guard.check(entry);
		powers.see(entry);
		if (role !== 'chosen') return;
		chosen += 1;
		bytes += entry.length;
	};
	try {
		const runs = runsOf(powers.filter(entries), (a, b) => volumeOfEntry(a.entry) !== volumeOfEntry(b.entry));
		let check: RunCheck | undefined;
		for await (const { run, bytes: piece, isFirst, isLast } of readRuns(content, runs, signal)) {
			if (isFirst) check = checkRun(run, onStart);
			check?.push(piece);
			if (isLast) check?.end();
			const [first] = run.entries;
			if (first) await trees.write(volumeOfEntry(first.entry), piece);
			onProgress({ entries: chosen, bytes });
		}
		await trees.end();
	} catch (error) {
		await trees.kill();
		signal.throwIfAborted();
		throw error;
	}
	await removeUnwanted(extraction, unwanted);
	await removePowers(extraction, powers.paths);
	return { entries: chosen, bytes, devices: powers.devices, privileged: powers.privileged };
}

const volumeOfEntry = (entry: IndexEntry): string => volumeOf(entryPath(entry));

const extracted = ({ strategy }: Pick<Extraction, 'strategy'>, path: Buffer): Buffer =>
	extractedPath(strategy.placeOf(volumeOf(path)), path);

/** Counts devices and privileged files; where they are not kept, passes over the first and remembers the others. */
function watchPrivileges(keeps: boolean) {
	const paths: Buffer[] = [];
	const leftOut = new Set<string>();
	let devices = 0;
	let privileged = 0;
	return {
		paths,
		get devices() {
			return devices;
		},
		get privileged() {
			return privileged;
		},
		see(entry: SelectedEntry['entry']) {
			if (isDevice(entry)) devices += 1;
			if (!isPrivileged(entry)) return;
			privileged += 1;
			if (!keeps) paths.push(entryPath(entry));
		},
		async *filter(entries: AsyncIterable<SelectedEntry>): AsyncGenerator<SelectedEntry> {
			for await (const selected of entries) {
				const { entry } = selected;
				const linked =
					entry.type === 'hardlink' && leftOut.has(entryLinkTarget(entry)?.toString('latin1') ?? '');
				if (keeps || !(isDevice(entry) || linked)) {
					yield selected;
					continue;
				}
				leftOut.add(entryPath(entry).toString('latin1'));
				if (isDevice(entry)) devices += 1;
			}
		},
	};
}

async function removePowers(
	extraction: Pick<Extraction, 'strategy'>,
	paths: readonly Buffer[],
): Promise<void> {
	for (const path of paths) await removePrivileges(extracted(extraction, path));
}

/** Files that only hard links needed, and the folders that tar made for them. */
async function removeUnwanted(extraction: Extraction, paths: readonly Buffer[]): Promise<void> {
	const touched = new Map<string, Buffer>();
	for (const path of paths) {
		await unlink(extracted(extraction, path));
		let folder = parentOf(path);
		while (
			folder.length > `volumes/${volumeOf(path)}`.length &&
			(await removedEmpty(extracted(extraction, folder)))
		)
			folder = parentOf(folder);
		touched.set(folder.toString('latin1'), folder);
	}
	if (touched.size > 0) await setAttributesAgain(extraction, [...touched.values()]);
}

const parentOf = (path: Buffer): Buffer => path.subarray(0, path.lastIndexOf(0x2f));

async function removedEmpty(folder: Buffer): Promise<boolean> {
	try {
		await rmdir(folder);
		return true;
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code ?? '';
		if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) return code === 'ENOENT';
		throw error;
	}
}

/** Folders whose content was changed after tar had set their times. */
export async function setAttributesAgain(
	{
		content,
		index,
		strategy,
		signal,
		onWarning,
	}: Omit<Extraction, 'volumes' | 'keepsPrivileges' | 'onProgress'>,
	folders: readonly Buffer[],
): Promise<void> {
	const trees = openTrees(strategy, signal, onWarning);
	try {
		for (const path of folders) {
			const folder = await index.find(path);
			if (folder?.type !== 'directory') continue;
			const run = {
				offset: folder.offset,
				length: folder.length,
				entries: [{ entry: folder, role: 'folder' }],
			} as const;
			const check = checkRun(run, () => undefined);
			for (const bytes of await content.read(folder.offset, folder.length)) {
				check.push(bytes);
				await trees.write(volumeOf(path), bytes);
			}
			check.end();
		}
		await trees.end();
	} catch (error) {
		await trees.kill();
		throw error;
	}
}
