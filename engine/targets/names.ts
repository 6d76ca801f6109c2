/**
 * Names of entries about to be extracted: each must stay inside the tree of a volume that the record
 * names. GNU tar refuses `..` and absolute names too; this says so before tar sees the bytes' effect.
 * Throws `archive_malformed`.
 */
import { BackupError } from '../../protocol/errors';
import type { IndexEntry } from '../format/tar-scanner';

export function nameChecker(volumes: readonly string[]): (entry: IndexEntry) => void {
	const roots = new Set(volumes);
	const check = (name: string, what: string) => {
		const [tree, volume, ...rest] = name.split('/');
		const inside = tree === 'volumes' && volume !== undefined && roots.has(volume);
		if (inside && !rest.includes('..')) return;
		throw new BackupError('archive_malformed', `${what} ${JSON.stringify(name)} leads out of the archive's volumes`, {
			hint: 'The archive was not made by this program or was tampered with; nothing of it should be trusted.',
		});
	};
	return (entry) => {
		check(latin(entry.path, entry.pathBase64), 'the entry');
		if (entry.type === 'hardlink') check(latin(entry.linkTarget, entry.linkTargetBase64), 'the hard link to');
	};
}

/** Bytes one to one, so that a separator can't hide in an odd encoding. */
function latin(text: string | undefined, base64: string | undefined): string {
	return text ?? Buffer.from(base64 ?? '', 'base64').toString('latin1');
}
