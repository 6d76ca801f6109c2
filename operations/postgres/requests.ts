/** What the Postgres operations are asked, and what they answer. */
import type { DrillCheckResult } from '../../protocol/fact';
import type { BackupRecord, Trust } from '../../protocol/record';
import type { BackupOptions } from '../run-backup';
import type { Selection } from '../select';

/** A server that runs in a container, and how to log in there. */
export interface PostgresServer {
	/** Name or id of the container. */
	readonly container: string;
	/** Null: the container's `POSTGRES_USER`, else `postgres`. */
	readonly user: string | null;
	/** Goes into the environment of the tools in the container, and nowhere else. Null: none is needed. */
	readonly password: string | null;
	/** As the tools in the container reach the server. Null: its socket. */
	readonly host: string | null;
	/** Null: the container's `PGPORT`, else 5432. */
	readonly port: number | null;
}

export interface DumpPostgresRequest extends BackupOptions {
	readonly server: PostgresServer;
	/** `all`: every database that can be connected to, templates left out. */
	readonly databases: readonly string[] | 'all';
	/** Of `all`, these not. */
	readonly excludeDatabases: readonly string[];
	/** Whether roles, memberships and tablespaces become an archive of their own. */
	readonly globals: boolean;
	/** Whether that one holds the roles' password hashes. */
	readonly rolePasswords: boolean;
	/** Patterns as pg_dump takes them (`--schema`, `--exclude-schema`, `--table`, `--exclude-table`). */
	readonly schemas: readonly string[];
	readonly excludeSchemas: readonly string[];
	readonly tables: readonly string[];
	readonly excludeTables: readonly string[];
	readonly content: 'all' | 'schema' | 'data';
	/** Whether to count the rows of every table in the dumped snapshot, for drills to compare with. */
	readonly countRows: boolean;
	/** A dump that gives no byte for so long has stalled. */
	readonly stallLimitMs: number;
	/** Of each database; null: none. */
	readonly totalLimitMs: number | null;
}

export interface RestorePostgresRequest {
	readonly selection: Selection;
	readonly server: PostgresServer;
	/**
	 * `new`: into a database that does not exist yet. `swap`: into a new one beside, checked, then renamed to `database`;
	 * the old one is kept under another name or dropped. `in-place`: over `database` by `--clean --if-exists`.
	 */
	readonly way: 'new' | 'swap' | 'in-place';
	/** Null: the name that was dumped; with `new`: `<name>__restore_<id>`. */
	readonly database: string | null;
	/** For `swap` and `in-place`: what was typed; must equal the name of the database that is replaced. */
	readonly confirm: string;
	/** `swap`: what becomes of the old one. */
	readonly previous: 'keep' | 'drop';
	/** What to do when others are connected to the database that is replaced. */
	readonly connections: 'refuse' | 'end';
	/** Only these, as pg_restore takes them; empty: all. */
	readonly schemas: readonly string[];
	readonly tables: readonly string[];
	/** Whether missing roles that own something are created first from the run's globals; never with passwords of existing roles changed. */
	readonly globals: boolean;
	readonly allowUnsigned: boolean;
	readonly dryRun: boolean;
	readonly stallLimitMs: number;
}

export interface RestorePostgresOutcome {
	readonly record: BackupRecord;
	readonly trust: Trust;
	/** Where the content is now; '' for globals, which are the server's. */
	readonly database: string;
	/** The one that was there before and is kept; null: none. */
	readonly previousDatabase: string | null;
	readonly tables: number;
	readonly warnings: readonly string[];
	readonly dryRun: boolean;
	/** One sentence each: what was or would be done, in order. */
	readonly steps: readonly string[];
	readonly durationMs: number;
}

export interface DrillCheck {
	/** One statement that gives one value. */
	readonly statement: string;
	readonly comparison: '=' | '!=' | '<' | '<=' | '>' | '>=';
	/** Compared as a number where both are numbers, else as text. */
	readonly expected: string;
}

export interface DrillRequest {
	readonly selection: Selection;
	/** Null: the image that the dump came from, as its description has it. */
	readonly image: string | null;
	readonly checks: readonly DrillCheck[];
	/** From the container's start to its last check. */
	readonly totalLimitMs: number;
	readonly allowUnsigned: boolean;
	/** Whether the result becomes a fact of the repository. */
	readonly keepEvidence: boolean;
}

export interface DrillOutcome {
	readonly record: BackupRecord;
	readonly trust: Trust;
	readonly id: string;
	readonly pass: boolean;
	/** At most 200, those that failed before those that did not. */
	readonly checks: readonly DrillCheckResult[];
	/** Those that are not told. */
	readonly checksOmitted: number;
	/** Null: the archive was found broken before one was needed. */
	readonly image: string | null;
	readonly durationMs: number;
	readonly at: string;
	/** Null: it is in the repository; else why it is not. */
	readonly evidenceNotKept: string | null;
}
