/**
 * Names of entries about to be extracted: each must stay inside the tree of a volume that the record
 * names. GNU tar refuses `..` and absolute names too; this says so before tar sees the bytes' effect.
 * Throws `archive_malformed`.
 */
import { BackupError } from '../../protocol/errors';
import { entryLinkTarget, entryPath, type IndexEntry } from '../format/index-entry';

export function nameChecker(volumes: readonly string[]): (entry: IndexEntry) => void {
	const roots = new Set(volumes);
	const check = (bytes: Buffer, what: string) => {
		// One character a byte, so that a separator can't hide in an odd encoding.
		const name = bytes.toString('latin1');
		const [tree, volume, ...rest] = name.split('/');
		const inside = tree === 'volumes' && volume !== undefined && roots.has(volume);
		if (inside && !rest.includes('..')) return;
		throw new BackupError(
			'archive_malformed',
			`${what} ${JSON.stringify(name)} leads out of the archive's volumes`,
			{
				hint: 'The archive was not made by this program or was tampered with; nothing of it should be trusted.',
			},
		);
	};
	return (entry) => {
		check(entryPath(entry), 'the entry');
		if (entry.type === 'hardlink') check(entryLinkTarget(entry) ?? Buffer.alloc(0), 'the hard link to');
	};
}
