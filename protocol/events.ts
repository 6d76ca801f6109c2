/**
 * What the engine says: one JSON object a line on stderr, each with `v: 1` and its `event`. A line that
 * is no event is not an error: it goes to the log tail that error reports quote.
 */
import { BackupError, isErrorCode, type ErrorCode } from './errors';
import { parseStoredFact, type StoredFact } from './fact';
import { Reader, type Fields } from './parse';
import { kinds, parseRecord, type BackupRecord, type Kind, type RecordWarning } from './record';

/** A run whose marker is still there though its lease is not held any more. */
export interface StaleRun {
	readonly id: string;
	readonly runId: string;
	readonly job: string;
	readonly series: string;
	readonly seq: number;
	readonly kind: Kind;
	readonly archiveId: string;
	readonly startedAt: string;
	readonly host: string;
}

export interface VerifyResult {
	readonly id: string;
	readonly ok: boolean;
	readonly level: 'checksum' | 'deep';
	readonly checksum: string | null;
	readonly error: ErrorReport | null;
	readonly bytesRead: number;
	readonly entries: number | null;
	readonly durationMs: number;
}

export interface ErrorReport {
	readonly code: ErrorCode;
	readonly message: string;
	readonly hint: string | null;
}

/** An error as events tell it. */
export function reportOf({ code, message, hint }: BackupError): ErrorReport {
	return { code, message, hint: hint ?? null };
}

export interface CopyResult {
	readonly id: string;
	/**
	 * `copied`; `present`: it was there already, and is right; `completed`: its record was there but bytes
	 * were missing; `failed`: see `error`, and nothing new shows at the target.
	 */
	readonly outcome: 'copied' | 'present' | 'completed' | 'failed';
	/** Bytes written to the target. */
	readonly bytes: number;
	readonly durationMs: number;
	readonly error: ErrorReport | null;
}

/** What a restore is about to do. */
export interface RestorePlan {
	readonly targets: readonly PlannedTarget[];
	/** To be written: entries, and bytes of content with their headers. */
	readonly entries: number;
	readonly bytes: number;
	/** Device nodes, and files with set-id bits or capabilities, among them; null: known only afterwards. */
	readonly devices: number | null;
	readonly privileged: number | null;
	/** Whether those two are restored; else devices stay out, and the files come without these powers. */
	readonly keepsPrivileges: boolean;
	/** Whether the free space suffices, by all that can be known before. */
	readonly fits: boolean;
}

export interface PlannedTarget {
	readonly source: string;
	/** Of its file system. */
	readonly freeBytes: number;
	/** What it holds now, not counting what lies deeper. */
	readonly entriesNow: number;
	/** What its content takes on the disk, where that is to be replaced; else null. */
	readonly usedBytes: number | null;
}

/** What a restore did, beside the figures of `done`. */
export interface ExtractionFigures {
	readonly devices: number;
	readonly privileged: number;
	/** Entries that could not be saved from a damaged archive. */
	readonly lost: number;
}

/** An entry of an archive of volumes, as its index has it. */
export interface ArchiveEntry {
	/** '' for a document of ours beside the volumes of a container. */
	readonly volume: string;
	/** Below the volume's root, '' for the root itself; bytes that are not UTF-8 show as U+FFFD. */
	readonly path: string;
	/** The path's bytes, where they are not UTF-8. */
	readonly pathBase64: string | null;
	readonly type: (typeof entryTypes)[number];
	readonly size: number;
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Nanoseconds since the epoch, decimal. */
	readonly mtimeNs: string;
	readonly linkTarget: string | null;
	/** Of the content; null where there is none, and for very sparse files. */
	readonly sha256: string | null;
}

export const entryTypes = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'character', 'block'] as const;

export const differenceKinds = ['added', 'removed', 'changed'] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** What can differ of one path. Directories have no size, and of extended attributes only the names are known. */
export const differenceAspects = [
	'type',
	'size',
	'mode',
	'owner',
	'mtime',
	'link',
	'content',
	'device',
	'xattrs',
] as const;
export type DifferenceAspect = (typeof differenceAspects)[number];

/** A path that an archive and what it is compared with do not have alike. `added`: the archive lacks it. */
export interface Difference {
	readonly kind: DifferenceKind;
	/** As the archive names it. */
	readonly volume: string;
	/** Below the volume's root, '' for the root itself; bytes that are not UTF-8 show as U+FFFD. */
	readonly path: string;
	/** The path's bytes, where they are not UTF-8. */
	readonly pathBase64: string | null;
	/** Of changed ones. */
	readonly what: readonly DifferenceAspect[];
}

/** How many paths, and whether they hold the same: owners, modes, times and extended attributes aside. */
export interface ComparisonFigures {
	readonly same: number;
	readonly added: number;
	readonly removed: number;
	readonly changed: number;
	readonly contentSame: boolean;
}

export const findingTypes = [
	/** No record, marker or deletion names it. Never deleted by itself. */
	'unlisted_object',
	/** A record of success names it, and it is absent or of another size. */
	'missing_object',
	/** A run that is over and left its marker, and perhaps objects. */
	'stale_run',
	/** A deletion that began and left objects. */
	'unfinished_delete',
	/** A key that no version of this program would write. */
	'foreign_object',
] as const;

/** Something in the repository that is not as it should be. */
export interface Finding {
	readonly type: (typeof findingTypes)[number];
	readonly key: string;
	/** Null where the key does not say. */
	readonly job: string | null;
	readonly id: string | null;
	/** Of the object, bytes; null when it is absent. */
	readonly size: number | null;
	/** One sentence for people. */
	readonly message: string;
	/** Whether `adopt` can make a record for it. */
	readonly adoptable: boolean;
}

/** A file that begins like a SQLite database. */
export interface DatabaseFile {
	/** Below the place's root; one that is not UTF-8 is left out. */
	readonly path: string;
	readonly size: number;
	readonly journalMode: 'wal' | 'rollback';
}

/** What the restore of a database file is about to do. */
export interface FilePlan {
	/** What will be written, below the place's root. */
	readonly path: string;
	/** Whether a file is there that gives way. */
	readonly replaces: boolean;
	readonly bytes: number;
	readonly tables: number;
	readonly freeBytes: number;
	readonly fits: boolean;
}

export type EngineEvent =
	/** Text of `repository.json`, or null; whether the location holds nothing at all. */
	| { readonly event: 'repository'; readonly document: string | null; readonly empty: boolean }
	| { readonly event: 'ready'; readonly seq: number; readonly staleRuns: readonly StaleRun[] }
	/** Stored records as they are: the orchestrator checks signatures. At most a few hundred an event. */
	| {
			readonly event: 'records';
			readonly records: readonly StoredText[];
			readonly running: readonly StaleRun[];
			/** `deleted` facts: deletions that have begun and may not be over. */
			readonly deletions: readonly StoredFact[];
	  }
	| { readonly event: 'phase'; readonly name: string; readonly id: string | null }
	| {
			readonly event: 'progress';
			readonly id: string | null;
			readonly bytesRead: number;
			/** What `bytesRead` will be in the end, as far as it could be told before; never less than it. Null: unknown. */
			readonly bytesTotal: number | null;
			readonly bytesWritten: number;
			readonly entries: number;
	  }
	| ({ readonly event: 'warning' } & RecordWarning)
	/** The sources of this archive are read next, once a `go` says that what uses them is quiet. */
	| { readonly event: 'about-to-read'; readonly id: string }
	/** All of this archive's sources were read: what used them may go on. */
	| { readonly event: 'source-read'; readonly id: string }
	/**
	 * The content of this archive is wanted, in `data` frames closed by one `dataEnd` or `dataError`; at most `window`
	 * bytes more than `taken` has told may be under way.
	 */
	| { readonly event: 'feed'; readonly id: string; readonly window: number }
	/** How many bytes of the content that is being fed have been used up so far. */
	| { readonly event: 'taken'; readonly bytes: number }
	/** What an archive without entries holds (description.ts), as its index has it; null where it has no index. */
	| { readonly event: 'described'; readonly id: string; readonly description: string | null }
	/** Complete but unpublished: the record lacks only what the orchestrator knows. */
	| { readonly event: 'sealed'; readonly record: BackupRecord }
	/** This archive failed and its partial objects are gone; the record says why. */
	| { readonly event: 'failed'; readonly record: BackupRecord }
	/** This archive's record is in the repository: only now the run may speak of it. */
	| { readonly event: 'stored'; readonly id: string }
	| ({ readonly event: 'verified' } & VerifyResult)
	| ({ readonly event: 'copied' } & CopyResult)
	/** What became of one deletion: null: every object and the fact are gone. */
	| { readonly event: 'deleted'; readonly id: string; readonly error: ErrorReport | null }
	| { readonly event: 'noted'; readonly id: string; readonly ulid: string }
	/** A small file of an archive, whole and checked, in base64. */
	| { readonly event: 'entry'; readonly content: string }
	| { readonly event: 'link'; readonly url: string; readonly expiresAt: string }
	| ({ readonly event: 'finding' } & Finding)
	/** adopt: an archive without a record: base64 of its first 84 bytes when it is encrypted. */
	| {
			readonly event: 'unlisted';
			readonly key: string;
			readonly size: number;
			readonly header: string | null;
	  }
	| ({ readonly event: 'plan' } & RestorePlan)
	/** salvage: this could not be restored. */
	| { readonly event: 'lost'; readonly path: string; readonly reason: string }
	| ({ readonly event: 'extracted' } & ExtractionFigures)
	/** A few hundred of an archive's entries, in the order of their paths. */
	| { readonly event: 'entries'; readonly entries: readonly ArchiveEntry[] }
	/** A few hundred, in the order of their paths; the first 10,000 are told, all are counted. */
	| { readonly event: 'differences'; readonly differences: readonly Difference[] }
	| ({ readonly event: 'compared' } & ComparisonFigures)
	/** A few hundred of the database files that were found, in no order. */
	| { readonly event: 'databases'; readonly files: readonly DatabaseFile[] }
	| ({ readonly event: 'file-plan' } & FilePlan)
	/** The content is whole under `path`; what was there before is at `previousPath`, null: there was nothing. */
	| { readonly event: 'file-restored'; readonly path: string; readonly previousPath: string | null }
	| { readonly event: 'done'; readonly entries: number; readonly bytes: number }
	| {
			readonly event: 'failure';
			readonly code: ErrorCode;
			readonly message: string;
			readonly hint: string | null;
	  }
	| { readonly event: 'heartbeat' };

export interface StoredText {
	readonly id: string;
	/** The job in whose folder it was found. */
	readonly job: string;
	readonly text: string;
	/** What was stated about it later, oldest first; unchecked. */
	readonly facts: readonly StoredFact[];
}

export type EventName = EngineEvent['event'];

export function encodeEvent(event: EngineEvent): string {
	return `${JSON.stringify({ v: 1, ...event })}\n`;
}

/** The event on this line, or undefined when the line is no event; a malformed event throws. */
export function decodeEvent(line: string): EngineEvent | undefined {
	if (!line.startsWith('{"v":')) return undefined;
	const reader = new Reader('protocol_violation', 'event');
	const f = reader.fields(reader.json(line));
	if (f['v'] !== 1)
		throw new BackupError('protocol_violation', `event of protocol version ${String(f['v'])}`);
	const text = (name: string) => reader.nullable(f, name, (x, n) => reader.string(x, n));
	const event = reader.string(f, 'event') as EventName;
	switch (event) {
		case 'repository':
			return { event, document: text('document'), empty: reader.boolean(f, 'empty') };
		case 'ready':
			return { event, seq: reader.integer(f, 'seq'), staleRuns: reader.array(f, 'staleRuns', parseStaleRun) };
		case 'records':
			return {
				event,
				records: reader.array(f, 'records', (value) => {
					const stored = reader.fields(value, 'records');
					return {
						id: reader.string(stored, 'id'),
						job: reader.string(stored, 'job'),
						text: reader.string(stored, 'text'),
						facts: reader.array(stored, 'facts', (fact) => parseStoredFact(reader, fact)),
					};
				}),
				running: reader.array(f, 'running', parseStaleRun),
				deletions: reader.array(f, 'deletions', (fact) => parseStoredFact(reader, fact)),
			};
		case 'phase':
			return { event, name: reader.string(f, 'name'), id: text('id') };
		case 'progress':
			return {
				event,
				id: text('id'),
				bytesRead: reader.integer(f, 'bytesRead'),
				bytesTotal: reader.nullable(f, 'bytesTotal', (x, n) => reader.integer(x, n)),
				bytesWritten: reader.integer(f, 'bytesWritten'),
				entries: reader.integer(f, 'entries'),
			};
		case 'warning':
			return {
				event,
				code: reader.string(f, 'code'),
				message: reader.string(f, 'message'),
				path: text('path'),
			};
		case 'feed':
			return { event, id: reader.string(f, 'id'), window: reader.integer(f, 'window', 1) };
		case 'taken':
			return { event, bytes: reader.integer(f, 'bytes') };
		case 'described':
			return { event, id: reader.string(f, 'id'), description: text('description') };
		case 'about-to-read':
		case 'source-read':
			return { event, id: reader.string(f, 'id') };
		case 'heartbeat':
			return { event };
		case 'sealed':
		case 'failed':
			return { event, record: parseRecord(f['record']) };
		case 'stored':
			return { event, id: reader.string(f, 'id') };
		case 'verified':
			return { event, ...parseVerifyResult(reader, f) };
		case 'copied':
			return { event, ...parseCopyResult(reader, f) };
		case 'deleted':
			return { event, id: reader.string(f, 'id'), error: parseReport(reader, f) };
		case 'noted':
			return { event, id: reader.string(f, 'id'), ulid: reader.string(f, 'ulid') };
		case 'entry':
			return { event, content: reader.string(f, 'content') };
		case 'link':
			return { event, url: reader.string(f, 'url'), expiresAt: reader.string(f, 'expiresAt') };
		case 'finding':
			return { event, ...parseFinding(reader, f) };
		case 'unlisted':
			return {
				event,
				key: reader.string(f, 'key'),
				size: reader.integer(f, 'size'),
				header: text('header'),
			};
		case 'plan':
			return { event, ...parsePlan(reader, f) };
		case 'lost':
			return { event, path: reader.string(f, 'path'), reason: reader.string(f, 'reason') };
		case 'extracted':
			return {
				event,
				devices: reader.integer(f, 'devices'),
				privileged: reader.integer(f, 'privileged'),
				lost: reader.integer(f, 'lost'),
			};
		case 'entries':
			return { event, entries: reader.array(f, 'entries', (value) => parseEntry(reader, value)) };
		case 'differences':
			return {
				event,
				differences: reader.array(f, 'differences', (value) => parseDifference(reader, value)),
			};
		case 'compared':
			return {
				event,
				same: reader.integer(f, 'same'),
				added: reader.integer(f, 'added'),
				removed: reader.integer(f, 'removed'),
				changed: reader.integer(f, 'changed'),
				contentSame: reader.boolean(f, 'contentSame'),
			};
		case 'databases':
			return { event, files: reader.array(f, 'files', (value) => parseDatabaseFile(reader, value)) };
		case 'file-plan':
			return {
				event,
				path: reader.string(f, 'path'),
				replaces: reader.boolean(f, 'replaces'),
				bytes: reader.integer(f, 'bytes'),
				tables: reader.integer(f, 'tables'),
				freeBytes: reader.integer(f, 'freeBytes'),
				fits: reader.boolean(f, 'fits'),
			};
		case 'file-restored':
			return { event, path: reader.string(f, 'path'), previousPath: text('previousPath') };
		case 'done':
			return { event, entries: reader.integer(f, 'entries'), bytes: reader.integer(f, 'bytes') };
		case 'failure':
			return { event, ...parseErrorReport(reader, f) };
		default:
			return reader.fail(`unknown event ${String(event satisfies never)}`);
	}
}

export function parseErrorReport(reader: Reader, value: unknown): ErrorReport {
	const f = reader.fields(value, 'failure');
	const code = reader.string(f, 'code');
	return {
		code: isErrorCode(code) ? code : 'unexpected',
		message: reader.string(f, 'message'),
		hint: reader.nullable(f, 'hint', (x, n) => reader.string(x, n)),
	};
}

function parseVerifyResult(reader: Reader, f: Fields): VerifyResult {
	return {
		id: reader.string(f, 'id'),
		ok: reader.boolean(f, 'ok'),
		level: reader.oneOf(f, 'level', ['checksum', 'deep']),
		checksum: reader.nullable(f, 'checksum', (x, n) => reader.string(x, n)),
		error: parseReport(reader, f),
		bytesRead: reader.integer(f, 'bytesRead'),
		entries: reader.nullable(f, 'entries', (x, n) => reader.integer(x, n)),
		durationMs: reader.integer(f, 'durationMs'),
	};
}

function parseCopyResult(reader: Reader, f: Fields): CopyResult {
	return {
		id: reader.string(f, 'id'),
		outcome: reader.oneOf(f, 'outcome', ['copied', 'present', 'completed', 'failed']),
		bytes: reader.integer(f, 'bytes'),
		durationMs: reader.integer(f, 'durationMs'),
		error: parseReport(reader, f),
	};
}

function parseFinding(reader: Reader, f: Fields): Finding {
	return {
		type: reader.oneOf(f, 'type', findingTypes),
		key: reader.string(f, 'key'),
		job: reader.nullable(f, 'job', (x, n) => reader.string(x, n)),
		id: reader.nullable(f, 'id', (x, n) => reader.string(x, n)),
		size: reader.nullable(f, 'size', (x, n) => reader.integer(x, n)),
		message: reader.string(f, 'message'),
		adoptable: reader.boolean(f, 'adoptable'),
	};
}

function parsePlan(reader: Reader, f: Fields): RestorePlan {
	return {
		targets: reader.array(f, 'targets', (value) => {
			const target = reader.fields(value, 'targets');
			return {
				source: reader.string(target, 'source'),
				freeBytes: reader.integer(target, 'freeBytes'),
				entriesNow: reader.integer(target, 'entriesNow'),
				usedBytes: reader.nullable(target, 'usedBytes', (x, n) => reader.integer(x, n)),
			};
		}),
		entries: reader.integer(f, 'entries'),
		bytes: reader.integer(f, 'bytes'),
		devices: reader.nullable(f, 'devices', (x, n) => reader.integer(x, n)),
		privileged: reader.nullable(f, 'privileged', (x, n) => reader.integer(x, n)),
		keepsPrivileges: reader.boolean(f, 'keepsPrivileges'),
		fits: reader.boolean(f, 'fits'),
	};
}

function parseEntry(reader: Reader, value: unknown): ArchiveEntry {
	const f = reader.fields(value, 'entries');
	const text = (name: string) => reader.nullable(f, name, (x, n) => reader.string(x, n));
	return {
		volume: reader.string(f, 'volume'),
		path: reader.string(f, 'path'),
		pathBase64: text('pathBase64'),
		type: reader.oneOf(f, 'type', entryTypes),
		size: reader.integer(f, 'size'),
		mode: reader.integer(f, 'mode'),
		uid: reader.integer(f, 'uid'),
		gid: reader.integer(f, 'gid'),
		mtimeNs: reader.string(f, 'mtimeNs', /^-?\d+$/),
		linkTarget: text('linkTarget'),
		sha256: text('sha256'),
	};
}

function parseDifference(reader: Reader, value: unknown): Difference {
	const f = reader.fields(value, 'differences');
	return {
		kind: reader.oneOf(f, 'kind', differenceKinds),
		volume: reader.string(f, 'volume'),
		path: reader.string(f, 'path'),
		pathBase64: reader.nullable(f, 'pathBase64', (x, n) => reader.string(x, n)),
		what: reader.array(f, 'what', (aspect) => reader.oneOf({ what: aspect }, 'what', differenceAspects)),
	};
}

function parseDatabaseFile(reader: Reader, value: unknown): DatabaseFile {
	const f = reader.fields(value, 'files');
	return {
		path: reader.string(f, 'path'),
		size: reader.integer(f, 'size'),
		journalMode: reader.oneOf(f, 'journalMode', ['wal', 'rollback']),
	};
}

function parseReport(reader: Reader, f: Fields): ErrorReport | null {
	return reader.nullable(f, 'error', (x, n) => parseErrorReport(reader, x[n]));
}

export function parseStaleRun(value: unknown): StaleRun {
	const reader = new Reader('protocol_violation', 'run marker');
	const f = reader.fields(value);
	return {
		id: reader.string(f, 'id'),
		runId: reader.string(f, 'runId'),
		job: reader.string(f, 'job'),
		series: reader.string(f, 'series'),
		seq: reader.integer(f, 'seq'),
		kind: reader.oneOf(f, 'kind', kinds),
		archiveId: reader.string(f, 'archiveId'),
		startedAt: reader.string(f, 'startedAt'),
		host: reader.string(f, 'host'),
	};
}
