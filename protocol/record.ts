/**
 * The record of one archive, version 1 (frozen): what a run made, or why it failed.
 *
 * Stored as two lines: the JSON of `BackupRecord`, then `{"signature": …}` over the exact bytes of line
 * one (Ed25519, base64; null where the repository has no key). Create-only; later facts are files of
 * their own. Sizes in bytes, durations in milliseconds, times in ISO 8601 UTC. Throws `record_malformed`.
 */
import { isErrorCode, type ErrorCode } from './errors';
import { Reader, type Fields } from './parse';

export const recordVersion = 1;
export const kinds = ['volume', 'postgres', 'sqlite', 'container', 'image'] as const;
export type Kind = (typeof kinds)[number];
export const consistencies = ['live', 'paused', 'stopped', 'snapshot'] as const;
export type Consistency = (typeof consistencies)[number];

/** How the master key came to be; a copy stands in every archive's header. */
export interface KdfParameters {
	readonly id: 'raw' | 'scrypt';
	/** log2 of scrypt's N; 0 for a raw key. */
	readonly logN: number;
	/** 16 bytes as hex; zero for a raw key. */
	readonly salt: string;
}

export interface RecordFile {
	readonly role: 'archive' | 'index';
	/** Key below the repository's root. */
	readonly path: string;
	readonly size: number;
	readonly sha256: string;
}

export interface RecordWarning {
	readonly code: string;
	readonly message: string;
	readonly path: string | null;
}

export const sourceTypes = ['volume', 'directory', 'database', 'file', 'container', 'image'] as const;

export interface RecordSource {
	readonly type: (typeof sourceTypes)[number];
	readonly name: string;
	/** Of a volume that was not a plain local one: how to make it again. Absent from records of former versions. */
	readonly volume?: VolumeDefinition;
}

/** How a volume was made. Never a secret: what looks like one is left out, and a warning names it. */
export interface VolumeDefinition {
	readonly driver: string;
	readonly options: Readonly<Record<string, string>>;
	readonly labels: Readonly<Record<string, string>>;
}

export interface BackupRecord {
	readonly version: 1;
	readonly id: string;
	readonly runId: string;
	readonly job: string;
	readonly series: string;
	/** Generation of the job's lease: orders the runs of a job whatever the clocks say. */
	readonly seq: number;
	readonly kind: Kind;
	readonly status: 'success' | 'failed';
	readonly startedAt: string;
	readonly finishedAt: string;
	readonly durationMs: number;
	/** Size of the stored archive. */
	readonly sizeBytes: number;
	/** SHA-256 of the stored archive, hex; null for a failed run. */
	readonly checksum: string | null;
	/** Size of the content stream before compression. */
	readonly contentBytes: number;
	readonly contentChecksum: string | null;
	readonly entries: number | null;
	/** Key of the archive below the repository's root; null for a failed run. */
	readonly filePath: string | null;
	readonly files: readonly RecordFile[];
	readonly compression: { readonly algorithm: 'zstd' | 'none'; readonly level: number | null };
	readonly encrypted: boolean;
	readonly keyId: string | null;
	readonly kdf: KdfParameters | null;
	/** 16 random bytes as hex: the salt of the archive's own key; the index's key follows from it too. */
	readonly archiveId: string;
	readonly consistency: Consistency;
	readonly downtimeMs: number;
	readonly host: string;
	readonly sources: readonly RecordSource[];
	readonly tags: readonly string[];
	readonly warnings: readonly RecordWarning[];
	/** Warnings beyond those listed. */
	readonly warningsOmitted: number;
	readonly anomaly: { readonly reason: string } | null;
	readonly workflow: { readonly id: string; readonly name: string; readonly executionId: string } | null;
	readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null;
}

/** What a listing shows of a stored record's trustworthiness. */
export type Trust = 'signed' | 'unsigned' | 'forged' | 'unchecked';

const hex = (length: number) => new RegExp(`^[0-9a-f]{${length}}$`);
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function parseRecord(value: unknown): BackupRecord {
	const reader = new Reader('record_malformed', 'record');
	const f = reader.fields(value);
	if (f['version'] !== recordVersion) reader.fail(`version ${String(f['version'])} is not ${recordVersion}`);
	const text = (name: string) => (fields: Fields) => reader.string(fields, name);
	const record: BackupRecord = {
		version: recordVersion,
		id: reader.string(f, 'id'),
		runId: reader.string(f, 'runId'),
		job: reader.string(f, 'job'),
		series: reader.string(f, 'series'),
		seq: reader.integer(f, 'seq'),
		kind: reader.oneOf(f, 'kind', kinds),
		status: reader.oneOf(f, 'status', ['success', 'failed']),
		startedAt: reader.string(f, 'startedAt', time),
		finishedAt: reader.string(f, 'finishedAt', time),
		durationMs: reader.integer(f, 'durationMs'),
		sizeBytes: reader.integer(f, 'sizeBytes'),
		checksum: reader.nullable(f, 'checksum', (x, n) => reader.string(x, n, hex(64))),
		contentBytes: reader.integer(f, 'contentBytes'),
		contentChecksum: reader.nullable(f, 'contentChecksum', (x, n) => reader.string(x, n, hex(64))),
		entries: reader.nullable(f, 'entries', (x, n) => reader.integer(x, n)),
		filePath: reader.nullable(f, 'filePath', text('filePath')),
		files: reader.array(f, 'files', (item) => parseFile(reader, item)),
		compression: parseCompression(reader, reader.fields(f['compression'], 'compression')),
		encrypted: reader.boolean(f, 'encrypted'),
		keyId: reader.nullable(f, 'keyId', (x, n) => reader.string(x, n, hex(16))),
		kdf: reader.nullable(f, 'kdf', (x, n) => parseKdf(reader, x[n])),
		archiveId: reader.string(f, 'archiveId', hex(32)),
		consistency: reader.oneOf(f, 'consistency', consistencies),
		downtimeMs: reader.integer(f, 'downtimeMs'),
		host: reader.string(f, 'host'),
		sources: reader.array(f, 'sources', (item) => parseRecordSource(reader, item)),
		tags: reader.strings(f, 'tags'),
		warnings: reader.array(f, 'warnings', (item) => parseWarning(reader, item)),
		warningsOmitted: reader.integer(f, 'warningsOmitted'),
		anomaly: reader.nullable(f, 'anomaly', (x, n) => ({
			reason: reader.string(reader.fields(x[n], n), 'reason'),
		})),
		workflow: reader.nullable(f, 'workflow', (x, n) => {
			const w = reader.fields(x[n], n);
			return {
				id: reader.string(w, 'id'),
				name: reader.string(w, 'name'),
				executionId: reader.string(w, 'executionId'),
			};
		}),
		error: reader.nullable(f, 'error', (x, n) => {
			const e = reader.fields(x[n], n);
			const code = reader.string(e, 'code');
			return {
				code: isErrorCode(code) ? code : 'unexpected',
				message: reader.string(e, 'message'),
				hint: reader.nullable(e, 'hint', text('hint')),
			};
		}),
	};
	return checked(reader, record);
}

/** Rules that join fields: a success names its bytes, an encrypted archive its key. */
function checked(reader: Reader, record: BackupRecord): BackupRecord {
	if (record.status === 'success') {
		const archive = record.files.find((file) => file.role === 'archive');
		if (!archive || record.checksum !== archive.sha256 || record.filePath !== archive.path) {
			reader.fail('a success does not name its archive');
		}
		if (archive?.size !== record.sizeBytes) reader.fail('sizeBytes is not the size of the archive');
	} else if (record.error === null) {
		reader.fail('a failed run has no error');
	}
	if (record.encrypted !== (record.keyId !== null) || record.encrypted !== (record.kdf !== null)) {
		reader.fail('encrypted, keyId and kdf contradict each other');
	}
	return record;
}

function parseFile(reader: Reader, value: unknown): RecordFile {
	const f = reader.fields(value, 'files');
	return {
		role: reader.oneOf(f, 'role', ['archive', 'index']),
		path: reader.string(f, 'path'),
		size: reader.integer(f, 'size'),
		sha256: reader.string(f, 'sha256', hex(64)),
	};
}

export function parseRecordSource(reader: Reader, value: unknown): RecordSource {
	const f = reader.fields(value, 'sources');
	const volume = reader.nullable(f, 'volume', (x, n) => parseDefinition(reader, x[n]));
	return {
		type: reader.oneOf(f, 'type', sourceTypes),
		name: reader.string(f, 'name'),
		...(volume && { volume }),
	};
}

function parseDefinition(reader: Reader, value: unknown): VolumeDefinition {
	const f = reader.fields(value, 'volume');
	const texts = (name: string) => {
		const pairs = reader.fields(f[name], name);
		return Object.fromEntries(Object.keys(pairs).map((key) => [key, reader.string(pairs, key)]));
	};
	return { driver: reader.string(f, 'driver'), options: texts('options'), labels: texts('labels') };
}

export function parseWarning(reader: Reader, value: unknown): RecordWarning {
	const f = reader.fields(value, 'warnings');
	return {
		code: reader.string(f, 'code'),
		message: reader.string(f, 'message'),
		path: reader.nullable(f, 'path', (x, n) => reader.string(x, n)),
	};
}

function parseCompression(reader: Reader, f: Fields): BackupRecord['compression'] {
	const algorithm = reader.oneOf(f, 'algorithm', ['zstd', 'none']);
	return { algorithm, level: reader.nullable(f, 'level', (x, n) => reader.integer(x, n)) };
}

export function parseKdf(reader: Reader, value: unknown): KdfParameters {
	const f = reader.fields(value, 'kdf');
	return {
		id: reader.oneOf(f, 'id', ['raw', 'scrypt']),
		logN: reader.integer(f, 'logN'),
		salt: reader.string(f, 'salt', hex(32)),
	};
}
