/**
 * Volumes as they are now, as the entries that an archive of them would have: read by tar as for a backup, every file
 * hashed, nothing stored. Memory: the entries of one chunk. Throws as `readVolumes`.
 */
import type { SourceVolume } from '../../protocol/job';
import type { RecordWarning } from '../../protocol/record';
import type { IndexEntry } from '../format/index-entry';
import { readVolumes } from '../sources/volumes';

export interface LiveOptions {
	readonly exclude: readonly string[];
	readonly signal: AbortSignal;
	/** Told all bytes so far. */
	onRead(bytes: number): void;
	onWarning(warning: RecordWarning): void;
}

/** In the order of paths. */
export async function* liveEntries(
	sources: readonly SourceVolume[],
	{ onRead, ...options }: LiveOptions,
): AsyncGenerator<IndexEntry> {
	const waiting: IndexEntry[] = [];
	let bytes = 0;
	const onEntry = (entry: IndexEntry) => waiting.push(entry);
	for await (const chunk of readVolumes({ sources }, { ...options, markerKey: null, onEntry })) {
		bytes += chunk.length;
		onRead(bytes);
		yield* waiting.splice(0);
	}
}
