/**
 * What brings the users of an archive's sources to rest while these are read, and lets them go on: the contract between
 * a backup (run-backup.ts) and quiescing.
 */
import type { BackupError } from '../../protocol/errors';
import type { Consistency, RecordWarning } from '../../protocol/record';

export interface Quieting {
	/** Everything that uses the sources of this archive rests when it resolves. When it throws, all runs again. */
	begin(id: string): Promise<void>;
	/** Lets everything go on that `begin` brought to rest; after one that threw: how that went. Never rejects. */
	end(id: string): Promise<Rested>;
}

/** How it went, for the record. */
export interface Rested {
	/** What the archive can claim: `live` when something ran meanwhile after all. */
	readonly consistency: Extract<Consistency, 'live' | 'paused' | 'stopped'>;
	/** From the first that was stopped to the last that ran again. */
	readonly downtimeMs: number;
	readonly warnings: readonly RecordWarning[];
	/** Why this archive must not count though it could be read; null: it counts. */
	readonly refusal: BackupError | null;
	/** What did not go on as before: told loudly once the archive is stored. */
	readonly problems: readonly BackupError[];
}
