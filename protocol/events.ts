/**
 * What the engine says: one JSON object a line on stderr, each with `v: 1` and its `event`. A line that
 * is no event is not an error: it goes to the log tail that error reports quote.
 */
import { BackupError, isErrorCode, type ErrorCode } from './errors';
import { Reader } from './parse';
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
	readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null;
	readonly bytesRead: number;
	readonly entries: number | null;
	readonly durationMs: number;
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
	  }
	| { readonly event: 'phase'; readonly name: string; readonly id: string | null }
	| {
			readonly event: 'progress';
			readonly id: string | null;
			readonly bytesRead: number;
			readonly bytesWritten: number;
			readonly entries: number;
	  }
	| ({ readonly event: 'warning' } & RecordWarning)
	| { readonly event: 'source-read' }
	/** Complete but unpublished: the record lacks only what the orchestrator knows. */
	| { readonly event: 'sealed'; readonly record: BackupRecord }
	/** This archive failed and its partial objects are gone; the record says why. */
	| { readonly event: 'failed'; readonly record: BackupRecord }
	/** This archive's record is in the repository: only now the run may speak of it. */
	| { readonly event: 'stored'; readonly id: string }
	| ({ readonly event: 'verified' } & VerifyResult)
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
					};
				}),
				running: reader.array(f, 'running', parseStaleRun),
			};
		case 'phase':
			return { event, name: reader.string(f, 'name'), id: text('id') };
		case 'progress':
			return {
				event,
				id: text('id'),
				bytesRead: reader.integer(f, 'bytesRead'),
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
		case 'source-read':
		case 'heartbeat':
			return { event };
		case 'sealed':
		case 'failed':
			return { event, record: parseRecord(f['record']) };
		case 'stored':
			return { event, id: reader.string(f, 'id') };
		case 'verified':
			return { event, ...parseVerifyResult(reader, f) };
		case 'done':
			return { event, entries: reader.integer(f, 'entries'), bytes: reader.integer(f, 'bytes') };
		case 'failure':
			return { event, ...parseFailure(reader, f) };
		default:
			return reader.fail(`unknown event ${String(event satisfies never)}`);
	}
}

function parseFailure(
	reader: Reader,
	value: unknown,
): { code: ErrorCode; message: string; hint: string | null } {
	const f = reader.fields(value, 'failure');
	const code = reader.string(f, 'code');
	return {
		code: isErrorCode(code) ? code : 'unexpected',
		message: reader.string(f, 'message'),
		hint: reader.nullable(f, 'hint', (x, n) => reader.string(x, n)),
	};
}

function parseVerifyResult(reader: Reader, value: unknown): VerifyResult {
	const f = reader.fields(value, 'verified');
	return {
		id: reader.string(f, 'id'),
		ok: reader.boolean(f, 'ok'),
		level: reader.oneOf(f, 'level', ['checksum', 'deep']),
		checksum: reader.nullable(f, 'checksum', (x, n) => reader.string(x, n)),
		error: reader.nullable(f, 'error', (x, n) => parseFailure(reader, x[n])),
		bytesRead: reader.integer(f, 'bytesRead'),
		entries: reader.nullable(f, 'entries', (x, n) => reader.integer(x, n)),
		durationMs: reader.integer(f, 'durationMs'),
	};
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
