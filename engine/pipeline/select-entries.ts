/**
 * Which entries of an archive a restore means, in the order of their paths, read from the index as they come.
 *
 * A chosen entry brings the folders above it (for their owners and modes), and a chosen hard link the file that it
 * links to, when that was not chosen itself: tar needs its content. Memory: one branch of the tree, and the files
 * that chosen links needed.
 * Throws `invalid_parameter` for a path that names nothing, `archive_malformed` for a link to nothing.
 */
import { BackupError } from '../../protocol/errors';
import { entryLinkTarget, entryPath, type IndexEntry } from '../format/index-entry';
import type { Index } from '../format/index-reader';
import { comparePaths, isWithin } from '../format/path-order';
import type { Glob } from './globs';
import { nearestNames } from './nearest-names';

export interface SelectedEntry {
	readonly entry: IndexEntry;
	/** `chosen`; `folder`: above a chosen one; `target`: what a chosen hard link needs, and is not wanted itself. */
	readonly role: 'chosen' | 'folder' | 'target';
}

export interface EntrySelection {
	/** Names of the archive's volumes. */
	readonly volumes: readonly string[];
	/** Empty: everything. */
	readonly globs: readonly Glob[];
}

/** A part of an archive's index: `Index` has both. */
export type Entries = Pick<Index, 'find' | 'entriesUnder'>;

export async function* selectEntries(
	index: Entries,
	{ volumes, globs }: EntrySelection,
	signal: AbortSignal,
): AsyncGenerator<SelectedEntry> {
	const unmatched = new Set(globs);
	const targets = new Set<string>();
	const chosen = (path: Buffer): boolean => {
		if (globs.length === 0) return true;
		const relative = belowVolume(path);
		const matching = globs.filter((glob) => glob.covers(relative));
		for (const glob of matching) unmatched.delete(glob);
		return matching.length > 0;
	};
	for (const volume of volumes.toSorted((a, b) => comparePaths(Buffer.from(a), Buffer.from(b)))) {
		const root = Buffer.from(`volumes/${volume}`);
		/** Folders above the current entry, outermost first; those before `given` were given. */
		let branch: IndexEntry[] = [];
		let given = 0;
		const climb = (path: Buffer) => {
			branch = branch.filter((folder) => isWithin(entryPath(folder), path));
			given = Math.min(given, branch.length);
		};
		for (const start of startsOf(root, globs)) {
			climb(start);
			for (const folder of await foldersAbove(index, root, start)) {
				if (!branch.some((known) => entryPath(known).equals(entryPath(folder)))) branch.push(folder);
			}
			for await (const entry of index.entriesUnder(start, signal)) {
				const path = entryPath(entry);
				climb(path);
				if (!chosen(path)) {
					if (entry.type === 'directory') branch.push(entry);
					continue;
				}
				for (const folder of branch.slice(given)) yield { entry: folder, role: 'folder' };
				given = branch.length;
				if (entry.type === 'hardlink') {
					const target = await neededTarget(index, entry, chosen, targets);
					if (target) yield { entry: target, role: 'target' };
				}
				yield { entry, role: 'chosen' };
			}
		}
	}
	const [first] = unmatched;
	if (first) throw await nothingMatches(index, volumes, first, signal);
}

/** Bytes of a path below the root of its volume; empty for the root itself. */
export function belowVolume(path: Buffer): Buffer {
	const volumeEnd = path.indexOf(slash, path.indexOf(slash) + 1);
	return volumeEnd === -1 ? Buffer.alloc(0) : path.subarray(volumeEnd + 1);
}

const slash = 0x2f;

/** The folders in which matches can lie, in order, none within another. */
function startsOf(root: Buffer, globs: readonly Glob[]): Buffer[] {
	if (globs.length === 0) return [root];
	const starts = globs.map(({ folder }) => join(root, folder)).sort(comparePaths);
	return starts.filter((start, position) => {
		// Whatever holds a start comes before it, and the nearest of those is the last that is kept.
		return !starts.slice(0, position).some((earlier) => isWithin(earlier, start));
	});
}

function join(folder: Buffer, name: Buffer): Buffer {
	return name.length === 0 ? folder : Buffer.concat([folder, Buffer.from('/'), name]);
}

async function foldersAbove(index: Entries, root: Buffer, path: Buffer): Promise<IndexEntry[]> {
	const folders: IndexEntry[] = [];
	for (let end = root.length; end !== -1 && end < path.length; end = path.indexOf(slash, end + 1)) {
		const folder = await index.find(path.subarray(0, end));
		if (folder?.type === 'directory') folders.push(folder);
	}
	return folders;
}

async function neededTarget(
	index: Entries,
	link: IndexEntry,
	chosen: (path: Buffer) => boolean,
	given: Set<string>,
): Promise<IndexEntry | undefined> {
	const path = entryLinkTarget(link) ?? Buffer.alloc(0);
	const name = path.toString('latin1');
	if (given.has(name) || chosen(path)) return undefined;
	const target = await index.find(path);
	if (target === undefined || target.type === 'directory' || target.type === 'hardlink') {
		const [from, to] = [entryPath(link), path].map((bytes) => JSON.stringify(bytes.toString()));
		throw new BackupError('archive_malformed', `the hard link ${from} leads to ${to}, which is no file`);
	}
	given.add(name);
	return target;
}

/** The error for a path or glob that matches nothing, naming what may have been meant. */
export async function nothingMatches(
	index: Entries,
	volumes: readonly string[],
	glob: Glob,
	signal: AbortSignal,
): Promise<BackupError> {
	const names: string[] = [];
	for (const volume of volumes) names.push(...(await nearestNames(index, volume, glob, signal)));
	return new BackupError('invalid_parameter', `nothing in the archive matches ${JSON.stringify(glob.text)}`, {
		hint:
			names.length === 0
				? 'Browse the archive to see what it holds.'
				: `Nearest: ${names
						.slice(0, 5)
						.map((name) => JSON.stringify(name))
						.join(', ')}. Browse the archive to see all that it holds.`,
	});
}
