/**
 * What the orchestrator asks of the engine: the `job` frame and the control frames that follow it.
 * Version 1; the job holds no secret: keys come in the `keys` frame, and only those of this run's archives.
 *
 * Every conversation starts the same way: job → `repository` event → `keys` frame. Then, by verb:
 *   backup   `ready` → go → `source-read`, and per archive `sealed` | `failed` → commit → … → `done`
 *   list     `records`… → `done`
 *   verify   `records`… → `ready` → go (archives) → `verified`… → `done`
 *   restore  `ready` → go (archive) → `done`
 *   probe    `done`
 * Throws `protocol_violation`.
 */
import { BackupError } from './errors';
import { parseJobName } from './names';
import { Reader, type Fields } from './parse';
import { kinds, parseKdf, parseRecord, type BackupRecord, type KdfParameters, type Kind } from './record';

export const protocolVersion = 1;

/** Where the repository is, as the engine sees it. */
export type Location = { readonly type: 'directory'; readonly path: string };

export interface Compression {
	readonly algorithm: 'zstd' | 'none';
	/** zstd level 1 to 19; null without compression. */
	readonly level: number | null;
}

export interface SourceVolume {
	readonly type: 'volume' | 'directory';
	/** Name in the archive (`volumes/<name>/…`) and in the record. */
	readonly name: string;
	/** Where the engine finds it. */
	readonly path: string;
}

export interface ArchivePlan {
	readonly id: string;
	readonly archiveId: string;
	readonly series: string;
	readonly kind: Kind;
	readonly sources: readonly SourceVolume[];
}

interface JobBase {
	readonly version: 1;
	readonly runId: string;
	readonly location: Location;
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
}

export interface ListJob extends JobBase {
	readonly verb: 'list';
	/** Null: every job. */
	readonly job: string | null;
	/** Only this id; null: all. */
	readonly id: string | null;
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
}

export interface ProbeJob extends JobBase {
	readonly verb: 'probe';
	/** Whether to write and delete a probe object as well as to list. */
	readonly write: boolean;
}

export type Job = BackupJob | ListJob | VerifyJob | RestoreJob | ProbeJob;

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
	/** verify and restore: which archives, with their keys. */
	readonly archives: readonly { readonly record: BackupRecord; readonly key: string | null }[];
	/** verify: how deep. */
	readonly level: 'checksum' | 'deep';
}

export interface CommitFrame {
	readonly id: string;
	readonly recordText: string;
}

const reader = new Reader('protocol_violation', 'job');

export function parseJob(bytes: Buffer): Job {
	const f = reader.fields(reader.json(bytes.toString()));
	if (f['version'] !== protocolVersion) {
		throw new BackupError('protocol_violation', `job of protocol version ${String(f['version'])}`, {
			hint: 'The node and the engine come from different releases; restart n8n.',
		});
	}
	const base = {
		version: protocolVersion,
		runId: reader.string(f, 'runId'),
		location: parseLocation(f['location']),
	} as const;
	const verb = reader.oneOf(f, 'verb', ['backup', 'list', 'verify', 'restore', 'probe']);
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
			};
		case 'list':
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
			};
		case 'probe':
			return { ...base, verb, write: reader.boolean(f, 'write') };
	}
}

function parseLocation(value: unknown): Location {
	const f = reader.fields(value, 'location');
	return { type: reader.oneOf(f, 'type', ['directory']), path: reader.string(f, 'path') };
}

function parseArchivePlan(value: unknown): ArchivePlan {
	const f = reader.fields(value, 'archives');
	return {
		id: reader.string(f, 'id'),
		archiveId: reader.string(f, 'archiveId', /^[0-9a-f]{32}$/),
		series: reader.string(f, 'series'),
		kind: reader.oneOf(f, 'kind', kinds),
		sources: reader.array(f, 'sources', (item) => {
			const source = reader.fields(item, 'sources');
			return {
				type: reader.oneOf(source, 'type', ['volume', 'directory']),
				name: reader.string(source, 'name'),
				path: reader.string(source, 'path'),
			};
		}),
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
	};
}

export function parseCommitFrame(bytes: Buffer): CommitFrame {
	return parseRecordText(reader.json(bytes.toString()));
}

function parseRecordText(value: unknown): CommitFrame {
	const f = reader.fields(value, 'record');
	return { id: reader.string(f, 'id'), recordText: reader.string(f, 'recordText') };
}
