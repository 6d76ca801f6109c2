/**
 * SQLite in a process of its own: its calls block, and a thread can't be ended in the middle of one. The engine itself
 * must never open a database file while that process reads it from the same process: closing it would give up the
 * locks of all (POSIX). Paths are absolute.
 */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import type { TableCount } from '../../protocol/description';

export type SqliteTask =
	/**
	 * `VACUUM INTO`: the database as one consistent file. `inPlace`: read-only, so that nothing is made or changed
	 * beside it; else a transaction that was cut off is rolled back, or its log read, first.
	 */
	| {
			readonly do: 'snapshot';
			readonly path: string;
			readonly into: string;
			readonly inPlace: boolean;
			readonly busyLimitMs: number;
	  }
	/** `integrity_check`, and what is in there; of a file that nobody else has. */
	| { readonly do: 'check'; readonly path: string }
	/** Whatever a log or a journal beside a database holds goes into it, as when its next user opens and closes it. */
	| { readonly do: 'fold'; readonly path: string };

export interface SnapshotFacts {
	readonly journalMode: 'wal' | 'rollback';
}

export interface FoldFacts {
	/** False: somebody else has it open. */
	readonly alone: boolean;
}

export interface DatabaseFacts {
	/** What `integrity_check` complains of, at most ten; none: it is sound. */
	readonly problems: readonly string[];
	readonly pageSize: number;
	readonly userVersion: number;
	readonly applicationId: number;
	readonly tables: readonly TableCount[];
}

/** SQLite's own words; `code` as sqlite.org/rescode.html numbers them, without what extends it. */
export class SqliteError extends Error {
	constructor(
		readonly code: number,
		message: string,
	) {
		super(message);
		this.name = 'SqliteError';
	}
}

/** Result codes that are told apart. */
export const sqliteCodes = {
	busy: 5,
	locked: 6,
	readOnly: 8,
	ioError: 10,
	corrupt: 11,
	full: 13,
	cantOpen: 14,
	protocol: 15,
	notADatabase: 26,
} as const;

/**
 * A table that can't be counted (a virtual one of an extension that is not here) is none of our business. The copy
 * needs no fsync: it goes when it was read.
 */
const program = `'use strict';
const { DatabaseSync } = require('node:sqlite');
const task = JSON.parse(process.argv[1]);
const quoted = (name) => '"' + name.replaceAll('"', '""') + '"';
function snapshot() {
	const db = new DatabaseSync(task.path, { readOnly: task.inPlace });
	try {
		db.exec('PRAGMA busy_timeout = ' + Math.max(1, task.busyLimitMs));
		db.exec('PRAGMA synchronous = OFF');
		db.prepare('VACUUM INTO ?').run(task.into);
		const { journal_mode } = db.prepare('PRAGMA journal_mode').get();
		return { journalMode: journal_mode === 'wal' ? 'wal' : 'rollback' };
	} finally {
		db.close();
	}
}
function rowsOf(db, name) {
	try {
		return db.prepare('SELECT count(*) AS n FROM ' + quoted(name)).get().n;
	} catch {
		return null;
	}
}
function check() {
	const db = new DatabaseSync(task.path, { readOnly: true });
	try {
		const pragma = (name) => Object.values(db.prepare('PRAGMA ' + name).get())[0];
		const said = db.prepare('PRAGMA integrity_check(10)').all().map((row) => String(row.integrity_check));
		const problems = said.length === 1 && said[0] === 'ok' ? [] : said;
		const names = db
			.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name")
			.all()
			.map((row) => row.name);
		const tables = names.map((name) => ({ schema: '', name, rows: rowsOf(db, name) }));
		return {
			problems,
			pageSize: pragma('page_size'),
			userVersion: pragma('user_version'),
			applicationId: pragma('application_id'),
			tables,
		};
	} finally {
		db.close();
	}
}
function fold() {
	const db = new DatabaseSync(task.path);
	try {
		db.exec('PRAGMA busy_timeout = 2000; BEGIN EXCLUSIVE; COMMIT');
		const { journal_mode } = db.prepare('PRAGMA journal_mode').get();
		if (journal_mode === 'wal') db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
	} finally {
		db.close();
	}
	// The last one to close a database takes these away.
	const { existsSync } = require('node:fs');
	return { alone: !existsSync(task.path + '-wal') && !existsSync(task.path + '-shm') };
}
let answer;
try {
	answer = { value: { snapshot, check, fold }[task.do]() };
} catch (error) {
	answer = { error: { code: Number(error.errcode ?? 0) & 255, message: String(error.message) } };
}
process.stdout.write(JSON.stringify(answer));
`;

const mostOutput = 64 << 20;

type Answer<T> =
	| { readonly value: T }
	| { readonly error: { readonly code: number; readonly message: string } };

/** Throws SqliteError, `source_failed` when the process itself fails, and the signal's reason. */
async function run<T>(task: SqliteTask, signal: AbortSignal): Promise<T> {
	signal.throwIfAborted();
	// Sorts and the like spill to a disk: the runner's /tmp is small, and is memory.
	const spill = dirname(task.do === 'snapshot' ? task.into : task.path);
	const output = await new Promise<string>((resolve, reject) => {
		execFile(
			process.execPath,
			['--no-warnings', '-e', program, JSON.stringify(task)],
			{ env: { SQLITE_TMPDIR: spill }, maxBuffer: mostOutput, signal, killSignal: 'SIGKILL' },
			(error, stdout, stderr) => {
				if (!error) resolve(stdout);
				else if (signal.aborted) reject(signal.reason as Error);
				else reject(died(error, stderr));
			},
		);
	});
	const answer = JSON.parse(output) as Answer<T>;
	if ('error' in answer) throw new SqliteError(answer.error.code, answer.error.message);
	return answer.value;
}

export const takeSnapshot = (
	task: Extract<SqliteTask, { do: 'snapshot' }>,
	signal: AbortSignal,
): Promise<SnapshotFacts> => run<SnapshotFacts>(task, signal);

export const checkDatabase = (path: string, signal: AbortSignal): Promise<DatabaseFacts> =>
	run<DatabaseFacts>({ do: 'check', path }, signal);

export const foldDatabase = (path: string, signal: AbortSignal): Promise<FoldFacts> =>
	run<FoldFacts>({ do: 'fold', path }, signal);

function died(error: Error & { signal?: NodeJS.Signals | null }, stderr: string): BackupError {
	const said = stderr.trim().split('\n').at(-1) ?? '';
	const how = error.signal ? `was ended by ${error.signal}` : `failed: ${said}`;
	return new BackupError('source_failed', `the process that reads the database ${how}`, {
		hint: 'It may have been short of memory: raise the memory limit of runners in the Docker Host credential.',
		cause: error,
	});
}
