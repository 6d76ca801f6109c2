/**
 * Later facts about an archive: small, signed, create-only texts beside its record (two lines, as a record),
 * `jobs/<job>/<id>.<name>.<ulid>.json`. Version 1. Throws `record_malformed`.
 *
 *   hold, release    the newest of both counts: while held, nothing deletes the archive
 *   deleted          a deletion has begun, and which objects it removes; gone when all of them are
 *   verified         evidence of a look at the archive
 *   acknowledged     an anomaly was looked at and accepted
 */
import { Reader, type Fields } from './parse';

export const factNames = ['hold', 'release', 'deleted', 'verified', 'acknowledged'] as const;
export type FactName = (typeof factNames)[number];

/** One thing that a drill looked at. */
export interface DrillCheckResult {
	/** What was looked at, in a few words or as the SQL statement. */
	readonly name: string;
	readonly pass: boolean;
	readonly expected: string;
	readonly actual: string;
}

/** `verified`: what the look found. */
export interface Evidence {
	readonly level: 'checksum' | 'deep' | 'drill';
	readonly pass: boolean;
	readonly durationMs: number;
	/** drill: at most 200, texts cut at 500 characters; the rest is counted in `checksOmitted`. */
	readonly checks: readonly DrillCheckResult[];
	readonly checksOmitted: number;
}

export interface Fact {
	readonly version: 1;
	readonly fact: FactName;
	readonly id: string;
	readonly job: string;
	/** 26 characters: orders the facts of an archive, and makes their keys unique. */
	readonly ulid: string;
	/** ISO 8601 UTC. */
	readonly at: string;
	/** In the words of whoever stated it; may be empty. */
	readonly reason: string;
	/** `deleted`: keys of the objects to remove, the record first. Else empty. */
	readonly objects: readonly string[];
	/** `verified`; else null. */
	readonly evidence: Evidence | null;
	readonly workflow: { readonly id: string; readonly name: string; readonly executionId: string } | null;
}

/** A fact as it is stored: nobody has looked at its signature yet. */
export interface StoredFact {
	readonly job: string;
	readonly id: string;
	readonly name: FactName;
	readonly ulid: string;
	readonly text: string;
}

const reader = new Reader('record_malformed', 'fact');
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ulidPattern = /^[0-9A-HJKMNP-TV-Z]{26}$/;

export function isUlid(text: string): boolean {
	return ulidPattern.test(text);
}

/** `at`: milliseconds since 1970; `random`: ten bytes. https://github.com/ulid/spec */
export function ulidOf(at: number, random: Buffer): string {
	const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
	let value = (BigInt(at) << 80n) | BigInt(`0x${random.subarray(0, 10).toString('hex')}`);
	let ulid = '';
	for (let digit = 0; digit < 26; digit += 1) {
		ulid = `${alphabet.charAt(Number(value & 31n))}${ulid}`;
		value >>= 5n;
	}
	return ulid;
}

export function parseFact(value: unknown): Fact {
	const f = reader.fields(value);
	if (f['version'] !== 1) reader.fail(`version ${String(f['version'])} is not 1`);
	return {
		version: 1,
		fact: reader.oneOf(f, 'fact', factNames),
		id: reader.string(f, 'id'),
		job: reader.string(f, 'job'),
		ulid: reader.string(f, 'ulid', ulidPattern),
		at: reader.string(f, 'at', time),
		reason: reader.string(f, 'reason'),
		objects: reader.strings(f, 'objects'),
		evidence: reader.nullable(f, 'evidence', parseEvidence),
		workflow: reader.nullable(f, 'workflow', (x, n) => {
			const w = reader.fields(x[n], n);
			return {
				id: reader.string(w, 'id'),
				name: reader.string(w, 'name'),
				executionId: reader.string(w, 'executionId'),
			};
		}),
	};
}

function parseEvidence(fields: Fields, name: string): Evidence {
	const f = reader.fields(fields[name], name);
	return {
		level: reader.oneOf(f, 'level', ['checksum', 'deep', 'drill']),
		pass: reader.boolean(f, 'pass'),
		durationMs: reader.integer(f, 'durationMs'),
		checks: reader.array(f, 'checks', (value) => {
			const check = reader.fields(value, 'checks');
			return {
				name: reader.string(check, 'name'),
				pass: reader.boolean(check, 'pass'),
				expected: reader.string(check, 'expected'),
				actual: reader.string(check, 'actual'),
			};
		}),
		checksOmitted: reader.integer(f, 'checksOmitted'),
	};
}

export function parseStoredFact(from: Reader, value: unknown): StoredFact {
	const f: Fields = from.fields(value, 'facts');
	return {
		job: from.string(f, 'job'),
		id: from.string(f, 'id'),
		name: from.oneOf(f, 'name', factNames),
		ulid: from.string(f, 'ulid', ulidPattern),
		text: from.string(f, 'text'),
	};
}
