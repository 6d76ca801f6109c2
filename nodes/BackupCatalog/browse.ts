/** Browse: from the panel's values to the request, and what the node says of a page: one item per entry. */
import { BackupError, type ArchiveEntry, type Browsed, type BrowseRequest } from '../../operations';
import type { Fields } from '../shared/fields';
import { formatBytes } from '../shared/progress';
import type { ItemOutcomes } from '../shared/run-items';
import { selectionOf } from '../shared/selection';

/** n8n keeps every item of an execution. */
export const mostEntries = 10_000;

export interface PageRequest extends BrowseRequest {
	readonly operation: 'browse';
	readonly limit: number;
}

export function browseRequest(parameters: Fields, options: Fields): PageRequest {
	const selection = selectionOf(parameters);
	if (selection.by === 'all') {
		throw new BackupError(
			'invalid_parameter',
			'one backup is browsed at a time, and all of a job are chosen',
			{ hint: 'Choose one by its ID, or the latest of the job.' },
		);
	}
	return {
		operation: 'browse',
		selection,
		volumes: options.names('volumes', 'Volumes'),
		under: parameters.text('under', 'Below Path'),
		patterns: parameters.lines('patterns', 'Patterns'),
		offset: parameters.whole('offset', 'Offset', 0, 0),
		limit: limitOf(parameters),
		allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
	};
}

function limitOf(parameters: Fields): number {
	const limit = parameters.whole('limit', 'Limit', 1, 50);
	if (limit <= mostEntries) return limit;
	throw new BackupError('invalid_parameter', `"Limit" is ${limit}, more than ${mostEntries}`, {
		hint: 'Go through a large backup page by page with Offset, or narrow it with a path or patterns.',
	});
}

export function pageOutcome(
	{ record: { id, job }, entries, total, totalBytes }: Browsed,
	{ offset, limit }: Pick<PageRequest, 'offset' | 'limit'>,
): ItemOutcomes {
	return {
		outcomes: entries.map((entry) => ({ data: { id, job, ...pageItem(entry) } })),
		hints: hintsOf({ shown: entries.length, total, totalBytes, offset, limit }),
	};
}

function pageItem({ mode, uid, gid, mtimeNs, ...entry }: ArchiveEntry): object {
	const { volume, path, pathBase64, type, size, sha256, linkTarget } = entry;
	return {
		volume,
		path,
		type,
		size,
		mode: mode.toString(8).padStart(4, '0'),
		owner: `${uid}:${gid}`,
		uid,
		gid,
		mtime: isoTime(mtimeNs),
		sha256,
		linkTarget,
		pathBase64,
	};
}

/** Null for a time that no calendar has. */
function isoTime(ns: string): string | null {
	const milliseconds = Number(BigInt(ns) / 1_000_000n);
	return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : null;
}

interface Page {
	readonly shown: number;
	readonly total: number;
	readonly totalBytes: number;
	readonly offset: number;
	readonly limit: number;
}

function hintsOf({ shown, total, totalBytes, offset, limit }: Page): string[] {
	if (total === 0) return ['Nothing in the backup matches.'];
	if (shown === 0) return [`There are ${total} entries, and Offset passes over all of them.`];
	if (offset + shown >= total) return [];
	return [
		`Entries ${offset + 1} to ${offset + shown} of ${total} (${formatBytes(totalBytes)}): set Offset to ${offset + limit} for the next page.`,
	];
}
