/**
 * What the orchestrator asks of the engine: the `job` frame and the control frames that follow it.
 * Version 1. Keys come in the `keys` frame, and only those of this run's archives; the one secret in a job
 * frame is how to reach an S3 store (location.ts).
 *
 * Every conversation starts the same way: job → `repository` event → `keys` frame. Then, by verb:
 *   backup   `ready` → go → per archive: (`about-to-read` → go, where sources are quieted) → `source-read` → `sealed`
 *            → commit; or instead of any of these `failed` → commit; of a kind that is streamed before that `feed`
 *            → data… → dataEnd | dataError, also when it has failed meanwhile; `refuse` instead of such a go, or of the
 *            commit of what is sealed, fails that archive → … → `done`
 *   list     `records`… → `done`
 *   verify   `records`… → `ready` → go (archives) → `verified`… → `done`
 *   restore  `ready` → go (archive) → `plan` → (`lost`… → `extracted`)? → `done`
 *   browse   `records` → `ready` → go (archive) → `entries`… → `done`
 *   compare  `records`… → `ready` → go (archive, and the other one if it is named) → `differences`… → `compared`
 *            → `done`
 *   probe    `done`
 *   copy     `repository` → keys, again for the target → `records`… of the source → `ready` → `records`… of the
 *            target → `ready` → go (archives of one job) → per archive (`sealed` → commit)? → `copied` → …
 *            → `ready` → go (of the next job, or more of this) → … → `ready` → go (no archives) → `done`
 *   delete   `records`… (under the lease; with deletions begun before) → `ready` → go (facts, finish)
 *            → `deleted`… → `done`
 *   note     `records` → `ready` → go (facts) → `noted`… → `done`
 *   read     `records` → `ready` → go (archive) → the stored bytes on stdout → `done`
 *   stream   `records` → `ready` → go (archive) → `described`, the archive is checked whole → `ready` → go → its
 *            content on stdout → `done`
 *   entry    `records` → `ready` → go (archive) → `entry` → `done`
 *   link     `records` → `ready` → go (archive) → `link` → `done`
 *   doctor   `records`… → `finding`… → `done`
 *   adopt    `unlisted` → keys → `sealed` → commit → `stored` → `done`
 *   restore-file  `ready` → go (archive) → `file-plan` → (`ready` → go, where a file is replaced) → `file-restored`
 *            → `done`
 * But `find`, which knows no repository: job → `databases`… → `done`.
 * Throws `protocol_violation`.
 */
import { BackupError } from './errors';
import { parseErrorReport } from './events';
import { parseStoredFact, type StoredFact } from './fact';
import { parseLocation, type Location } from './location';
import { parseArchiveId, parseJobName } from './names';
import { Reader, type Fields } from './parse';
import {
	kinds,
	parseKdf,
	parseRecord,
	parseRecordSource,
	parseWarning,
	type BackupRecord,
	type KdfParameters,
	type Kind,
	type RecordSource,
	type RecordWarning,
} from './record';

export const protocolVersion = 1;

export interface Compression {
	readonly algorithm: 'zstd' | 'none';
	/** zstd level 1 to 19; null without compression. */
	readonly level: number | null;
}

/** `name`: in the record; of volumes and directories also in the archive (`volumes/<name>/…`). */
export interface SourceVolume extends RecordSource {
	/**
	 * Where the engine finds it; '' where it does not: the content is streamed to it. Of a file
	 * `<root of its place>/./<path below>`: links must not lead out of the root.
	 */
	readonly path: string;
}

export interface Document {
	/** In the archive, such as `containers/web/inspect.json`. */
	readonly path: string;
	readonly text: string;
}

export interface ArchivePlan {
	readonly id: string;
	readonly archiveId: string;
	readonly series: string;
	/**
	 * Also what the engine does: `volume`, `container`: a tar of the sources; `sqlite`: a snapshot of the one file;
	 * `postgres`, `image`: asks for the content by `feed`.
	 */
	readonly kind: Kind;
	readonly sources: readonly SourceVolume[];
	/** container: small files of ours that stand in the tar beside the volumes. */
	readonly documents?: readonly Document[];
	/** About how long streamed content will be, bytes; null: unknown. */
	readonly expectedBytes: number | null;
	/** For the record: what is known of the sources before they are read. */
	readonly warnings?: readonly RecordWarning[];
}

interface JobBase {
	readonly version: 1;
	readonly runId: string;
	readonly location: Location;
	/** An empty directory on a disk for what is too large for memory; null: there is none. */
	readonly scratch: string | null;
}

export interface BackupJob extends JobBase {
	readonly verb: 'backup';
	readonly job: string;
	readonly host: string;
	readonly archives: readonly ArchivePlan[];
	readonly exclude: readonly string[];
	readonly compression: Compression;
	readonly encrypt: boolean;
	/** How long to wait for another run of this job to end; 0 refuses at once. */
	readonly lockWaitMs: number;
	/** Whether each archive's sources are read only after a `go` of its own. */
	readonly quiesced: boolean;
	/** sqlite: how long a snapshot tries again while the database is locked. */
	readonly busyLimitMs: number;
}

export interface ListJob extends JobBase {
	readonly verb: 'list';
	/** Null: every job. */
	readonly job: string | null;
	/** Only this id; null: all. */
	readonly id: string | null;
	/** At most so many records, the newest by the times in their ids; null: all. */
	readonly limit: number | null;
}

export interface VerifyJob extends JobBase {
	readonly verb: 'verify';
	readonly job: string | null;
	readonly id: string | null;
}

export interface RestoreJob extends JobBase {
	readonly verb: 'restore';
	/** `volume`: straight into the empty mount points; `directory`: beside, then renamed into place. */
	readonly mode: 'volume' | 'directory';
	/** Where each volume of the archive goes; what is not named stays out. */
	readonly targets: readonly { readonly source: string; readonly path: string }[];
	/** Paths or globs (`*`, `?`, `**`) below every volume's root, each with all that is below; empty: everything. */
	readonly paths: readonly string[];
	/** A directory below each target, absent or empty before; '' is the target itself. */
	readonly into: string;
	/**
	 * What becomes of what a target holds: `empty`: there must be nothing; `swap`: replaced by renames when
	 * the new content is whole; `wipe`: removed first.
	 */
	readonly over: 'empty' | 'swap' | 'wipe';
	/** Whether to restore what a damaged archive still gives, and to tell what is lost. */
	readonly salvage: boolean;
	/** Whether to say only what would be done. */
	readonly dryRun: boolean;
}

/** Shows what an archive of volumes holds, from its index alone. */
export interface BrowseJob extends JobBase {
	readonly verb: 'browse';
	readonly id: string;
	/** Only these volumes; empty: all. */
	readonly volumes: readonly string[];
	/** A path below every volume's root: only it and what is below; '': everything. */
	readonly under: string;
	/** Only what one of these globs matches, from the volume's root; empty: everything. */
	readonly patterns: readonly string[];
	/** Entries to pass over, and to show at most. */
	readonly offset: number;
	readonly limit: number | null;
}

/** What differs between an archive and its volumes as they are now, or another archive of the repository. */
export interface CompareJob extends JobBase {
	readonly verb: 'compare';
	readonly id: string;
	/** Null: the sources are compared with. */
	readonly other: string | null;
	/** Under the names that they have in the archive; of its volumes only these are looked at. */
	readonly sources: readonly SourceVolume[];
	/** What the sources hold and a backup would leave out. */
	readonly exclude: readonly string[];
}

export interface ProbeJob extends JobBase {
	readonly verb: 'probe';
	/** Whether to write and delete a probe object as well as to list. */
	readonly write: boolean;
}

export interface CopyJob extends JobBase {
	readonly verb: 'copy';
	readonly job: string | null;
	readonly id: string | null;
	readonly target: Location;
	/** This side's host, for the target's leases. */
	readonly host: string;
	readonly lockWaitMs: number;
	/** Whether to read every copied byte back from the target before its record is written. */
	readonly readBack: boolean;
}

export interface DeleteJob extends JobBase {
	readonly verb: 'delete';
	readonly job: string;
	readonly ids: readonly string[];
	readonly host: string;
	readonly lockWaitMs: number;
}

/** Stores facts about one archive: hold, release and what follows. */
export interface NoteJob extends JobBase {
	readonly verb: 'note';
	readonly id: string;
}

export interface ReadJob extends JobBase {
	readonly verb: 'read';
	readonly id: string;
}

/** The content of an archive without entries, opened and decompressed, once all of it was checked. */
export interface StreamJob extends JobBase {
	readonly verb: 'stream';
	readonly id: string;
}

/** One small file of an archive of volumes or of a container. */
export interface EntryJob extends JobBase {
	readonly verb: 'entry';
	readonly id: string;
	/** Whole, as the index has it. */
	readonly path: string;
}

/** A link by which anybody can download the archive for a time; only where the storage can sign one. */
export interface LinkJob extends JobBase {
	readonly verb: 'link';
	readonly id: string;
	readonly expiresInSeconds: number;
}

export interface DoctorJob extends JobBase {
	readonly verb: 'doctor';
	readonly job: string | null;
}

/** Makes a record for an archive that has none. */
export interface AdoptJob extends JobBase {
	readonly verb: 'adopt';
	readonly job: string;
	readonly id: string;
	readonly host: string;
	readonly lockWaitMs: number;
}

/** Writes a database file of an archive into a place: beside the one that is there, or instead of it. */
export interface RestoreFileJob extends JobBase {
	readonly verb: 'restore-file';
	/** Where the place is mounted. */
	readonly root: string;
	/** Below it. */
	readonly path: string;
	/** Whether the file that is there gives way; it is kept under another name. */
	readonly swap: boolean;
	/** Whether to say only what would be done. */
	readonly dryRun: boolean;
}

/** Looks for database files in a place. Belongs to no repository. */
export interface FindJob {
	readonly version: 1;
	readonly runId: string;
	readonly verb: 'find';
	/** Where the place is mounted. */
	readonly root: string;
}

export type Job = RepositoryJob | FindJob;

export type RepositoryJob =
	| BackupJob
	| ListJob
	| VerifyJob
	| RestoreJob
	| ProbeJob
	| CopyJob
	| DeleteJob
	| NoteJob
	| ReadJob
	| StreamJob
	| EntryJob
	| LinkJob
	| DoctorJob
	| AdoptJob
	| BrowseJob
	| CompareJob
	| RestoreFileJob;

export type Verb = Job['verb'];

/** Key of one archive, base64 of 32 bytes. */
export interface ArchiveKey {
	readonly id: string;
	readonly key: string;
}

export interface KeysFrame {
	/** Text of a new `repository.json` to create; null when there is one. */
	readonly create: string | null;
	/** For encrypted backups: how the keys came to be, for the headers. */
	readonly kdf: KdfParameters | null;
	readonly keyId: string | null;
	readonly keys: readonly ArchiveKey[];
}

export interface GoFrame {
	/** backup: signed records that close the stale runs named by `ready`. */
	readonly closeRuns: readonly { readonly id: string; readonly recordText: string }[];
	/** verify, restore, read, browse, compare: which archives, with their keys; copy: without. */
	readonly archives: readonly { readonly record: BackupRecord; readonly key: string | null }[];
	/** verify: how deep. */
	readonly level: 'checksum' | 'deep';
	/** copy: ids of those whose record is at the target, and was found to be genuine and the same. */
	readonly recorded: readonly string[];
	/** note: what to store; delete: the `deleted` facts of this run. Signed where the repository has a key. */
	readonly facts: readonly StoredFact[];
	/** delete: deletions begun by earlier runs, found to be genuine, to be finished. */
	readonly finish: readonly { readonly id: string; readonly ulid: string }[];
	/** delete: deletions begun by earlier runs, of archives that are held: only what states them is removed. */
	readonly withdraw: readonly { readonly id: string; readonly ulid: string }[];
}

/** Nothing to do; what a verb needs is put in its place. */
export const emptyGo: GoFrame = {
	closeRuns: [],
	archives: [],
	level: 'checksum',
	recorded: [],
	facts: [],
	finish: [],
	withdraw: [],
};

/** What the producer of streamed content knows at its end. */
export interface DataEndFrame {
	/** Text of the archive's description (description.ts), at most 16 MiB with this frame. */
	readonly description: string;
	/** For the record: what the producer complained of, though it ended well. */
	readonly warnings: readonly RecordWarning[];
}

export interface CommitFrame {
	readonly id: string;
	readonly recordText: string;
}

const reader = new Reader('protocol_violation', 'job');
const verbs = [
	'backup',
	'list',
	'verify',
	'restore',
	'probe',
	'copy',
	'delete',
	'note',
	'read',
	'stream',
	'entry',
	'link',
	'doctor',
	'adopt',
	'browse',
	'compare',
	'restore-file',
	'find',
] as const satisfies readonly Verb[];

export function parseJob(bytes: Buffer): Job {
	const f = reader.fields(reader.json(bytes.toString()));
	if (f['version'] !== protocolVersion) {
		throw new BackupError('protocol_violation', `job of protocol version ${String(f['version'])}`, {
			hint: 'The node and the engine come from different releases; restart n8n.',
		});
	}
	const runId = reader.string(f, 'runId');
	const verb = reader.oneOf(f, 'verb', verbs);
	if (verb === 'find') return { version: protocolVersion, runId, verb, root: reader.string(f, 'root') };
	const base = {
		version: protocolVersion,
		runId,
		location: parseLocation(f['location']),
		scratch: nullableText(f, 'scratch'),
	} as const;
	switch (verb) {
		case 'backup':
			return {
				...base,
				verb,
				job: parseJobName(f['job']),
				host: reader.string(f, 'host'),
				archives: reader.array(f, 'archives', parseArchivePlan),
				exclude: reader.strings(f, 'exclude'),
				compression: parseCompression(f['compression']),
				encrypt: reader.boolean(f, 'encrypt'),
				lockWaitMs: reader.integer(f, 'lockWaitMs'),
				quiesced: reader.boolean(f, 'quiesced'),
				busyLimitMs: reader.integer(f, 'busyLimitMs'),
			};
		case 'list': {
			const limit = reader.nullable(f, 'limit', (x, n) => reader.integer(x, n, 1));
			return { ...base, verb, job: nullableText(f, 'job'), id: nullableText(f, 'id'), limit };
		}
		case 'verify':
			return { ...base, verb, job: nullableText(f, 'job'), id: nullableText(f, 'id') };
		case 'restore':
			return {
				...base,
				verb,
				mode: reader.oneOf(f, 'mode', ['volume', 'directory']),
				targets: reader.array(f, 'targets', (value) => {
					const target = reader.fields(value, 'targets');
					return { source: reader.string(target, 'source'), path: reader.string(target, 'path') };
				}),
				paths: reader.strings(f, 'paths'),
				into: reader.string(f, 'into'),
				over: reader.oneOf(f, 'over', ['empty', 'swap', 'wipe']),
				salvage: reader.boolean(f, 'salvage'),
				dryRun: reader.boolean(f, 'dryRun'),
			};
		case 'browse':
			return {
				...base,
				verb,
				id: parseArchiveId(f['id']),
				volumes: reader.strings(f, 'volumes'),
				under: reader.string(f, 'under'),
				patterns: reader.strings(f, 'patterns'),
				offset: reader.integer(f, 'offset'),
				limit: reader.nullable(f, 'limit', (x, n) => reader.integer(x, n)),
			};
		case 'compare':
			return {
				...base,
				verb,
				id: parseArchiveId(f['id']),
				other: reader.nullable(f, 'other', (x, n) => parseArchiveId(x[n])),
				sources: reader.array(f, 'sources', parseSource),
				exclude: reader.strings(f, 'exclude'),
			};
		case 'restore-file':
			return {
				...base,
				verb,
				root: reader.string(f, 'root'),
				path: reader.string(f, 'path'),
				swap: reader.boolean(f, 'swap'),
				dryRun: reader.boolean(f, 'dryRun'),
			};
		case 'probe':
			return { ...base, verb, write: reader.boolean(f, 'write') };
		case 'copy':
			return {
				...base,
				verb,
				job: nullableText(f, 'job'),
				id: nullableText(f, 'id'),
				target: parseLocation(f['target']),
				host: reader.string(f, 'host'),
				lockWaitMs: reader.integer(f, 'lockWaitMs'),
				readBack: reader.boolean(f, 'readBack'),
			};
		case 'delete':
			return {
				...base,
				verb,
				job: parseJobName(f['job']),
				ids: reader.strings(f, 'ids').map(parseArchiveId),
				host: reader.string(f, 'host'),
				lockWaitMs: reader.integer(f, 'lockWaitMs'),
			};
		case 'note':
		case 'read':
		case 'stream':
			return { ...base, verb, id: parseArchiveId(f['id']) };
		case 'entry':
			return { ...base, verb, id: parseArchiveId(f['id']), path: reader.string(f, 'path') };
		case 'link': {
			const expiresInSeconds = reader.integer(f, 'expiresInSeconds', 1);
			return { ...base, verb, id: parseArchiveId(f['id']), expiresInSeconds };
		}
		case 'doctor':
			return { ...base, verb, job: nullableText(f, 'job') };
		case 'adopt':
			return {
				...base,
				verb,
				job: parseJobName(f['job']),
				id: parseArchiveId(f['id']),
				host: reader.string(f, 'host'),
				lockWaitMs: reader.integer(f, 'lockWaitMs'),
			};
	}
}

function parseArchivePlan(value: unknown): ArchivePlan {
	const f = reader.fields(value, 'archives');
	const warnings = reader.nullable(f, 'warnings', (x, n) =>
		reader.array(x, n, (warning) => parseWarning(reader, warning)),
	);
	return {
		id: reader.string(f, 'id'),
		archiveId: reader.string(f, 'archiveId', /^[0-9a-f]{32}$/),
		series: reader.string(f, 'series'),
		kind: reader.oneOf(f, 'kind', kinds),
		sources: reader.array(f, 'sources', parseSource),
		...(f['documents'] !== undefined && { documents: reader.array(f, 'documents', parseDocument) }),
		expectedBytes: reader.nullable(f, 'expectedBytes', (x, n) => reader.integer(x, n)),
		...(warnings && { warnings }),
	};
}

function parseDocument(value: unknown): Document {
	const f = reader.fields(value, 'documents');
	return { path: reader.string(f, 'path'), text: reader.string(f, 'text') };
}

function parseSource(value: unknown): SourceVolume {
	return {
		...parseRecordSource(reader, value),
		path: reader.string(reader.fields(value, 'sources'), 'path'),
	};
}

function parseCompression(value: unknown): Compression {
	const f = reader.fields(value, 'compression');
	return {
		algorithm: reader.oneOf(f, 'algorithm', ['zstd', 'none']),
		level: reader.nullable(f, 'level', (x, n) => reader.integer(x, n, 1)),
	};
}

const nullableText = (f: Fields, name: string) => reader.nullable(f, name, (x, n) => reader.string(x, n));

export function parseKeysFrame(bytes: Buffer): KeysFrame {
	const f = reader.fields(reader.json(bytes.toString()));
	return {
		create: nullableText(f, 'create'),
		kdf: reader.nullable(f, 'kdf', (x, n) => parseKdf(reader, x[n])),
		keyId: nullableText(f, 'keyId'),
		keys: reader.array(f, 'keys', (value) => {
			const key = reader.fields(value, 'keys');
			return { id: reader.string(key, 'id'), key: reader.string(key, 'key') };
		}),
	};
}

export function parseGoFrame(bytes: Buffer): GoFrame {
	const f = reader.fields(reader.json(bytes.toString()));
	return {
		closeRuns: reader.array(f, 'closeRuns', (value) => parseRecordText(value)),
		archives: reader.array(f, 'archives', (value) => {
			const archive = reader.fields(value, 'archives');
			return { record: parseRecord(archive['record']), key: nullableText(archive, 'key') };
		}),
		level: reader.oneOf(f, 'level', ['checksum', 'deep']),
		recorded: reader.strings(f, 'recorded'),
		facts: reader.array(f, 'facts', (value) => parseStoredFact(reader, value)),
		finish: reader.array(f, 'finish', parseDeletion),
		withdraw: reader.array(f, 'withdraw', parseDeletion),
	};
}

function parseDeletion(value: unknown): GoFrame['finish'][number] {
	const f = reader.fields(value, 'deletion');
	return { id: parseArchiveId(f['id']), ulid: reader.string(f, 'ulid') };
}

export function parseDataEndFrame(bytes: Buffer): DataEndFrame {
	const f = reader.fields(reader.json(bytes.toString()));
	return {
		description: reader.string(f, 'description'),
		warnings: reader.array(f, 'warnings', (value) => parseWarning(reader, value)),
	};
}

/** Why the producer of streamed content failed. */
/** Of a `dataError` or `refuse`: what it tells, to be thrown. */
export function parseErrorFrame(bytes: Buffer): BackupError {
	const { code, message, hint } = parseErrorReport(reader, reader.json(bytes.toString()));
	return new BackupError(code, message, { hint: hint ?? undefined });
}

export function parseCommitFrame(bytes: Buffer): CommitFrame {
	return parseRecordText(reader.json(bytes.toString()));
}

function parseRecordText(value: unknown): CommitFrame {
	const f = reader.fields(value, 'record');
	return { id: reader.string(f, 'id'), recordText: reader.string(f, 'recordText') };
}
