/** The content of one small file of an archive, whole and compared with its index. Throws `index_mismatch`. */
import { BackupError } from '../../protocol/errors';
import { entryPath, type IndexEntry } from '../format/index-entry';
import type { ArchiveContent } from './archive-content';
import { checkRun } from './checked-run';

const block = 512;

/** `entry`: a plain file, not sparse, of a few megabytes at most. */
export async function contentOfEntry(content: ArchiveContent, entry: IndexEntry): Promise<Buffer> {
	const { offset, length, size } = entry;
	const run = { offset, length, entries: [{ entry, role: 'chosen' }] } as const;
	const check = checkRun(run, () => undefined);
	const bytes = Buffer.concat(await content.read(offset, length));
	check.push(bytes);
	check.end();
	// Headers are of any length; the data is padded to whole blocks, and stands at the end.
	const start = bytes.length - Math.ceil(size / block) * block;
	if (start >= block) return bytes.subarray(start, start + size);
	throw new BackupError('index_mismatch', `${entryPath(entry).toString()} is longer than its place`);
}
