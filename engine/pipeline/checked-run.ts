/**
 * Compares the tar bytes of a run with the index: every header before its content is let through, every content's
 * SHA-256 at its end. So what the index says of an entry is what tar will do. Throws `index_mismatch`.
 */
import { BackupError } from '../../protocol/errors';
import { encodeIndexEntry, entryPath, type IndexEntry } from '../format/index-entry';
import { createTarScanner } from '../format/tar-scanner';
import type { Run } from './entry-runs';
import type { SelectedEntry } from './select-entries';

export interface RunCheck {
	/** To be called with each piece before anything is done with it. */
	push(bytes: Buffer): void;
	/** Throws unless the run held just its entries. */
	end(): void;
}

/** `onStart` is told of each entry before its content. */
export function checkRun(run: Run, onStart: (selected: SelectedEntry) => void): RunCheck {
	let begun = 0;
	let ended = 0;
	const scanner = createTarScanner({
		baseOffset: run.offset,
		cutCode: 'archive_truncated',
		onStart(facts) {
			const selected = run.entries[begun++];
			if (
				selected === undefined ||
				encodeIndexEntry(facts) !== encodeIndexEntry(withoutHash(selected.entry))
			) {
				throw differs(facts);
			}
			onStart(selected);
		},
		onEntry(entry) {
			const expected = run.entries[ended++]?.entry;
			if (expected?.sha256 !== entry.sha256 || expected?.sha256Stored !== entry.sha256Stored) {
				throw differs(entry);
			}
		},
	});
	return {
		push: (bytes) => void scanner.push(bytes),
		end() {
			const missing = run.entries[ended]?.entry;
			if (missing !== undefined) throw differs(missing);
		},
	};
}

function withoutHash(entry: IndexEntry): IndexEntry {
	return { ...entry, sha256: undefined, sha256Stored: undefined };
}

function differs(entry: Pick<IndexEntry, 'path' | 'pathBase64'>): BackupError {
	const path = JSON.stringify(entryPath(entry).toString());
	return new BackupError('index_mismatch', `archive and index differ at ${path}`, {
		hint: 'One of the two files is not what the backup wrote: use another record or copy.',
	});
}
