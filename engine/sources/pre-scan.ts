/**
 * What reading an archive's sources will come to, measured before it begins: storages that take an object in
 * parts must choose their size first, and progress gets an end. Walks every inode (a million in 4 seconds when
 * the kernel knows them) and reads no content. Sources change meanwhile and attributes are not counted, so the
 * real figure may be a little higher. Null when it can't be told.
 */
import { dirname } from 'node:path/posix';
import type { ArchivePlan } from '../../protocol/job';
import { endOfArchive } from '../format/tar-scanner';
import { documentsLength } from './documents';
import { measureTree } from './gnu-tar';
import { placed } from './volumes';

/** Bytes of the tar stream that `readVolumes` will give, excludes applied. Rejects only when aborted. */
export async function preScan(
	{ sources, documents = [] }: Pick<ArchivePlan, 'sources' | 'documents'>,
	exclude: readonly string[],
	signal: AbortSignal,
): Promise<number | null> {
	let total = endOfArchive.length + documentsLength(documents);
	for (const { name, path } of placed(sources)) {
		const bytes = await measureTree(dirname(dirname(path)), `volumes/${name}`, exclude, signal);
		if (bytes === null) return null;
		total += bytes;
	}
	return total;
}
