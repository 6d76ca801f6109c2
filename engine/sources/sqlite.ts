/** A SQLite database as one consistent file, read while the application goes on writing. */
import { BackupError } from '../../protocol/errors';
import type { SourceVolume } from '../../protocol/job';

export interface SnapshotOptions {
	/** An empty directory on a disk. */
	readonly scratch: string;
	/** How long to try again while the database is locked. */
	readonly busyLimitMs: number;
	readonly signal: AbortSignal;
}

export interface Snapshot {
	readonly content: AsyncIterable<Buffer>;
	/** After the content's end. */
	description(): Promise<string> | string;
	readonly expectedBytes: number;
	close(): Promise<void>;
}

export async function snapshot(source: SourceVolume, _options: SnapshotOptions): Promise<Snapshot> {
	throw new BackupError('usage', `snapshots of SQLite databases (${source.name}) are not there yet`);
}
