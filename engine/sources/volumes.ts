/**
 * Volumes and directories as one tar stream: documents of ours first, then the tree `volumes/<name>/…` of each source,
 * one tar after the other in name order (so that hard links never cross volumes), closed once. Every entry goes to
 * `onEntry` in stream order, with the SHA-256 of its content. Throws `source_unreadable`,
 * `source_missing`, `repository_in_source`.
 */
import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import type { ArchivePlan, SourceVolume } from '../../protocol/job';
import type { RecordWarning } from '../../protocol/record';
import type { IndexEntry } from '../format/index-entry';
import { createTarScanner, endOfArchive } from '../format/tar-scanner';
import { readDocuments } from './documents';
import { readTree } from './gnu-tar';

export interface VolumesOptions {
	readonly exclude: readonly string[];
	/** Key of this run's marker: met in the stream, it means that the repository is being read. Null: there is none. */
	readonly markerKey: string | null;
	readonly signal: AbortSignal;
	onEntry(entry: IndexEntry): void;
	onWarning(warning: RecordWarning): void;
}

/** What there is to read: a container itself is only named. */
export const placed = (sources: readonly SourceVolume[]): SourceVolume[] =>
	sources.filter(({ path }) => path !== '');

/** Each source must be at `<directory>/volumes/<name>`, as the runner mounts it. */
export async function requireSources(sources: readonly SourceVolume[]): Promise<void> {
	for (const source of placed(sources)) {
		try {
			await lstat(source.path);
		} catch (cause) {
			throw new BackupError('source_missing', `${source.type} "${source.name}" is not there`, { cause });
		}
	}
}

export async function* readVolumes(
	{ sources, documents = [] }: Pick<ArchivePlan, 'sources' | 'documents'>,
	options: VolumesOptions,
): AsyncGenerator<Buffer> {
	const { exclude, signal, onWarning } = options;
	let offset = 0;
	if (documents.length > 0) {
		yield* scanned(readDocuments(documents, signal, onWarning), options.onEntry.bind(options));
	}
	for (const source of inNameOrder(placed(sources))) {
		const root = `volumes/${source.name}`;
		const directory = dirname(dirname(source.path));
		yield* scanned(readTree(directory, root, exclude, signal, onWarning), (entry) =>
			options.onEntry(outsideRepository(entry)),
		);
	}
	yield endOfArchive;

	/** One tar without its end. */
	async function* scanned(
		tar: AsyncIterable<Buffer>,
		onEntry: VolumesOptions['onEntry'],
	): AsyncGenerator<Buffer> {
		const scanner = createTarScanner({ baseOffset: offset, onEntry });
		for await (const chunk of tar) {
			const content = scanner.push(chunk);
			offset += content.length;
			if (content.length > 0) yield content;
		}
		scanner.end();
	}

	function outsideRepository(entry: IndexEntry): IndexEntry {
		if (options.markerKey === null || !entry.path?.endsWith(`/${options.markerKey}`)) return entry;
		throw new BackupError(
			'repository_in_source',
			`the source holds the repository itself (found ${entry.path})`,
			{
				hint: 'Keep the repository outside of what is backed up, or exclude its directory.',
			},
		);
	}
}

function inNameOrder(sources: readonly SourceVolume[]): SourceVolume[] {
	return [...sources].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}
