/** What the SQLite operations are asked, and what they answer. */
import type { BackupRecord, Trust } from '../../protocol/record';
import type { Overwrite } from '../restore-way';
import type { BackupOptions } from '../run-backup';
import type { Selection } from '../select';

/** A volume, or a directory of the Docker host. */
export interface FilePlace {
	readonly type: 'volume' | 'directory';
	/** Name of the volume, or absolute path. */
	readonly name: string;
}

export interface SnapshotSqliteRequest extends BackupOptions {
	readonly place: FilePlace;
	/** Below the place's root; empty: every SQLite database that is found there. One archive each. */
	readonly paths: readonly string[];
	/** How long a snapshot tries again while a database is locked. */
	readonly busyLimitMs: number;
}

/** A file that begins like a SQLite database. */
export interface SqliteFile {
	readonly path: string;
	readonly size: number;
	readonly journalMode: 'wal' | 'rollback';
}

export interface RestoreSqliteRequest {
	readonly selection: Selection;
	/** Null: where it was taken from. */
	readonly place: FilePlace | null;
	/** Below the place's root. Null: where it was. */
	readonly path: string | null;
	/** Null: beside, as `<path>.restore.<id>`; else it takes the place of the file, which is kept as `<path>.before.<id>`. */
	readonly swap: Pick<Overwrite, 'confirm' | 'stopContainers'> | null;
	readonly allowUnsigned: boolean;
	readonly dryRun: boolean;
}

export interface RestoreSqliteOutcome {
	readonly record: BackupRecord;
	readonly trust: Trust;
	readonly place: FilePlace;
	/** What was written. */
	readonly path: string;
	/** The old file, after a swap; null: there was none. */
	readonly previousPath: string | null;
	readonly tables: number;
	readonly bytes: number;
	/** Names of the containers that were stopped for it and run again. */
	readonly restarted: readonly string[];
	readonly dryRun: boolean;
	readonly durationMs: number;
}
