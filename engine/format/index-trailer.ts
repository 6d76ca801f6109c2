/**
 * The trailer that closes an index: one JSON line for each frame of entries (its first path, its place, how many
 * entries), then one that sums up. With it a path is found by reading one frame instead of all.
 * Lines have one spelling only, so that they can be compared as text. Version 1 is frozen.
 */
import { BackupError } from '../../protocol/errors';
import { entryPath, parseEntryPath, pathFields } from './index-entry';

export const indexVersion = 1;

/** Bytes of JSON lines in one frame, at most; only a single longer line makes a longer frame. */
export const indexFrameBytes = 1024 * 1024;

/** Bytes of all trailer lines together, at most: enough for some hundred million entries. */
export const trailerBytesMax = 16 * 1024 * 1024;

/** A frame of entries. */
export interface IndexFrame {
	/** Raw bytes of its first entry's path. */
	readonly first: Buffer;
	/** Where its zstd frame begins in the index file (before encryption). */
	readonly offset: number;
	/** Entries in it, at least one. */
	readonly count: number;
}

export interface IndexSummary {
	readonly entries: number;
	/** Frames of entries. */
	readonly frames: number;
	/** Frames of the trailer itself. */
	readonly trailerFrames: number;
}

export function encodeIndexFrame({ first, offset, count }: IndexFrame): string {
	const { path, pathBase64 } = pathFields(first);
	return JSON.stringify(
		path === undefined ? { firstBase64: pathBase64, offset, count } : { first: path, offset, count },
	);
}

export function encodeIndexSummary({ entries, frames, trailerFrames }: IndexSummary): string {
	return JSON.stringify({ version: indexVersion, entries, frames, trailerFrames });
}

/** A line of a frame's description; `archive_malformed` when it is spelled in any other way. */
export function parseIndexFrame(line: string): IndexFrame {
	const fields = parseObject(line);
	const frame = {
		first: entryPath(parseEntryPath(fields.first, fields.firstBase64)),
		offset: natural(fields.offset),
		count: natural(fields.count),
	};
	if (frame.count === 0 || encodeIndexFrame(frame) !== line) throw malformed('a line is not as it must be');
	return frame;
}

/** The last line; another version is `archive_version_unsupported`. */
export function parseIndexSummary(line: string): IndexSummary {
	const fields = parseObject(line);
	if (typeof fields.version === 'number' && fields.version !== indexVersion) {
		throw new BackupError('archive_version_unsupported', `the index is of version ${fields.version}`, {
			hint: 'Use a newer release of this package.',
		});
	}
	const summary = {
		entries: natural(fields.entries),
		frames: natural(fields.frames),
		trailerFrames: natural(fields.trailerFrames),
	};
	if (encodeIndexSummary(summary) !== line) throw malformed('its last line is not as it must be');
	return summary;
}

/** Any JSON line of an index as an object; `archive_malformed` when it is none. */
export function parseObject(line: string): Record<string, unknown> {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch (cause) {
		throw new BackupError('archive_malformed', 'index: a line is no JSON', { cause });
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw malformed('a line is no object');
	return { ...value };
}

function natural(value: unknown): number {
	if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
		throw malformed('a number is wrong');
	return value;
}

function malformed(what: string): BackupError {
	return new BackupError('archive_malformed', `index trailer: ${what}`);
}
