/**
 * The tar bytes of chosen entries, read ahead a little: entries that lie side by side come as one run, runs of a few
 * megabytes at most unless a single entry is larger. Memory: the runs being read and their entries.
 */
import { mapInOrder } from '../format/in-order';
import { readBytes, type ArchiveContent } from './archive-content';
import type { SelectedEntry } from './select-entries';

export interface Run {
	/** In the archive's content. */
	readonly offset: number;
	readonly length: number;
	/** In the order of their bytes, without gaps. */
	readonly entries: readonly SelectedEntry[];
}

export interface RunPiece {
	readonly run: Run;
	readonly bytes: Buffer;
	readonly isFirst: boolean;
	readonly isLast: boolean;
}

/** Entries of one run, at most: they are held together. */
const mostEntries = 4096;
const readsAhead = 2;

/** `apart`: whether two entries may not share a run. */
export async function* runsOf(
	entries: AsyncIterable<SelectedEntry>,
	apart: (a: SelectedEntry, b: SelectedEntry) => boolean,
): AsyncGenerator<Run> {
	let gathered: SelectedEntry[] = [];
	let offset = 0;
	let end = 0;
	for await (const selected of entries) {
		const { entry } = selected;
		const last = gathered.at(-1);
		const full = end + entry.length - offset > readBytes || gathered.length === mostEntries;
		if (last !== undefined && (full || entry.offset !== end || apart(last, selected))) {
			yield { offset, length: end - offset, entries: gathered };
			gathered = [];
		}
		if (gathered.length === 0) offset = entry.offset;
		gathered.push(selected);
		end = entry.offset + entry.length;
	}
	if (gathered.length > 0) yield { offset, length: end - offset, entries: gathered };
}

export async function* readRuns(
	content: ArchiveContent,
	runs: AsyncIterable<Run>,
	signal: AbortSignal,
): AsyncGenerator<RunPiece> {
	const reads = mapInOrder(
		readsOf(runs),
		async ({ run, offset, length }) => ({ run, offset, pieces: await content.read(offset, length) }),
		{ concurrency: readsAhead, signal },
	);
	for await (const { run, offset, pieces } of reads) {
		let at = offset;
		for (const bytes of pieces) {
			const end = at + bytes.length;
			yield { run, bytes, isFirst: at === run.offset, isLast: end === run.offset + run.length };
			at = end;
		}
	}
}

async function* readsOf(runs: AsyncIterable<Run>) {
	for await (const run of runs) {
		const end = run.offset + run.length;
		// Aligned as the frames are, so that a large entry takes each of them once.
		for (let offset = run.offset; offset < end; ) {
			const next = Math.min(end, (Math.floor(offset / readBytes) + 1) * readBytes);
			yield { run, offset, length: next - offset };
			offset = next;
		}
	}
}
