/**
 * What may be extracted: entries whose names stay inside the tree of a volume that the record names, whatever was
 * extracted before them. GNU tar has defences of its own; these say no before tar sees an entry at all.
 *
 * - No `..`, `.`, empty or absolute part of a name, nothing outside `volumes/<a volume of the record>`.
 * - A volume's root is a folder.
 * - Nothing below an entry that is no folder: so never through a symbolic link.
 * - Hard links lead to what came before, in the same volume, and not through a symbolic link either.
 * - Entries in the order of their paths, as the format has them: so none comes twice.
 * Throws `archive_malformed`.
 */
import { BackupError } from '../../protocol/errors';
import { entryLinkTarget, entryPath } from '../format/index-entry';
import type { EntryFacts } from '../format/tar-scanner';
import { comparePaths, isWithin } from '../format/path-order';

export interface EntryGuard {
	/** The next entry, in the archive's order. */
	check(entry: EntryFacts): void;
	/** One from another place of the archive, which comes before the entry that is next in order. */
	checkEarlier(entry: EntryFacts): void;
}

export function guardEntries(volumes: readonly string[]): EntryGuard {
	const roots = new Set(volumes);
	/** One character a byte. */
	const symlinks = new Set<string>();
	let previous: Buffer | undefined;
	/** The last entry that is no folder: whatever lies below it follows at once. */
	let leaf: Buffer | undefined;

	function checkInside(path: Buffer, what: string): void {
		const [tree, volume, ...rest] = path.toString('latin1').split('/');
		const inside = tree === 'volumes' && volume !== undefined && roots.has(volume);
		if (!inside || rest.some((name) => name === '' || name === '.' || name === '..')) {
			throw refused(`${what} ${shown(path)} leads out of the archive's volumes`);
		}
	}

	function checkWay(path: Buffer, what: string): void {
		const name = path.toString('latin1');
		if (symlinks.size === 0) return;
		for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
			if (symlinks.has(name.slice(0, end)))
				throw refused(`${what} ${shown(path)} leads through a symbolic link`);
		}
	}

	function checkLink(entry: EntryFacts, path: Buffer): void {
		const target = entryLinkTarget(entry) ?? Buffer.alloc(0);
		checkInside(target, 'the hard link to');
		checkWay(target, 'the hard link to');
		if (volumeOf(target) !== volumeOf(path) || comparePaths(target, path) >= 0) {
			throw refused(`the hard link ${shown(path)} leads to ${shown(target)}, which is not before it`);
		}
	}

	function checkEntry(entry: EntryFacts, path: Buffer): void {
		checkInside(path, 'the entry');
		if (entry.type !== 'directory' && path.indexOf(slash, volumeStart) === -1) {
			throw refused(`the volume ${shown(path)} is a ${entry.type} instead of a folder`);
		}
		checkWay(path, 'the entry');
		if (entry.type === 'hardlink') checkLink(entry, path);
		if (entry.type === 'symlink') symlinks.add(path.toString('latin1'));
	}

	return {
		check(entry) {
			const path = entryPath(entry);
			checkEntry(entry, path);
			if (previous !== undefined && comparePaths(previous, path) >= 0) {
				throw refused(`the entry ${shown(path)} comes after ${shown(previous)}, which is out of order`);
			}
			if (leaf !== undefined && isWithin(leaf, path)) {
				throw refused(`the entry ${shown(path)} lies below ${shown(leaf)}, which is no folder`);
			}
			previous = path;
			if (entry.type !== 'directory') leaf = path;
		},
		checkEarlier: (entry) => checkEntry(entry, entryPath(entry)),
	};
}

const slash = 0x2f;
const volumeStart = 'volumes/'.length;

/** Name of the volume that a path lies in, its bytes as characters. */
export function volumeOf(path: Buffer): string {
	const end = path.indexOf(slash, volumeStart);
	return path.toString('latin1', volumeStart, end === -1 ? path.length : end);
}

const shown = (path: Buffer): string => JSON.stringify(path.toString());

function refused(message: string): BackupError {
	return new BackupError('archive_malformed', message, {
		hint: 'The archive was not made by this program or was tampered with; nothing of it should be trusted.',
	});
}
