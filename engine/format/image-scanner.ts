/**
 * What a tar of `docker save` holds, in one pass as it goes by: every file with its SHA-256, every link, and the text
 * of the JSON documents among them. Memory is bounded: at most 64 MiB of documents and a million names.
 * Throws as `createTarScanner`, and `archive_malformed` for what no `docker save` writes.
 */
import { posix } from 'node:path';
import { BackupError } from '../../protocol/errors';
import { entryLinkTarget, entryPath, type IndexEntry } from './index-entry';
import { createTarScanner, type EntryFacts } from './tar-scanner';
import { tarBlockSize } from './tar-header';

export interface ImageFile {
	readonly size: number;
	/** Hex. */
	readonly sha256: string;
	/** Of what can be a JSON document by its name, its size and its first byte. */
	readonly text: string | null;
}

/** By their paths. */
export interface ImageFiles {
	readonly files: ReadonlyMap<string, ImageFile>;
	/** Of links: the path that they lead to. */
	readonly links: ReadonlyMap<string, string>;
}

export interface ImageScanner {
	/** The chunk is not kept. */
	push(chunk: Buffer): void;
	/** Throws unless the tar was whole, its end included. */
	end(): ImageFiles;
}

/** Configurations with long histories have some 100 KiB. */
const documentBytesMax = 4 << 20;
const documentsBytesMax = 64 << 20;
const namesMax = 1_000_000;
const openingBrackets: readonly number[] = [0x7b, 0x5b];

interface Document {
	readonly path: string;
	/** Places in the tar. */
	readonly start: number;
	readonly end: number;
	readonly pieces: Buffer[];
}

export function createImageScanner(cutCode: 'source_failed' | 'archive_truncated'): ImageScanner {
	const files = new Map<string, ImageFile>();
	const links = new Map<string, string>();
	/** Those of the current chunk, in their order. */
	let documents: Document[] = [];
	let kept = 0;
	let position = 0;
	const scanner = createTarScanner({
		baseOffset: 0,
		cutCode,
		onStart: (facts) => {
			const path = pathOf(facts);
			if (!isDocument(path, facts)) return;
			const padding = (tarBlockSize - (facts.size % tarBlockSize)) % tarBlockSize;
			const end = facts.offset + facts.length - padding;
			documents.push({ path, start: end - facts.size, end, pieces: [] });
		},
		onEntry: (entry) => {
			const path = pathOf(entry);
			if (files.has(path) || links.has(path)) throw malformed(`${path} is in it twice`);
			if (files.size + links.size >= namesMax) throw malformed('it holds too many files');
			if (entry.type === 'file') {
				files.set(path, { size: entry.size, sha256: entry.sha256 ?? '', text: null });
				return;
			}
			const target = entryLinkTarget(entry)?.toString();
			if (target !== undefined) links.set(path, targetOf(entry, path, target));
		},
	});

	function gather(chunk: Buffer): void {
		const after = position + chunk.length;
		for (const { start, end, pieces } of documents) {
			const from = Math.max(start, position);
			const piece = chunk.subarray(from - position, Math.max(from, Math.min(end, after)) - position);
			if (piece.length === 0) continue;
			kept += piece.length;
			// The chunk is not ours.
			pieces.push(Buffer.from(piece));
		}
		for (const { path, end, pieces } of documents) if (end <= after) finish(path, pieces);
		documents = documents.filter(({ end }) => end > after);
		position = after;
	}

	function finish(path: string, pieces: readonly Buffer[]): void {
		const text = Buffer.concat(pieces);
		const file = files.get(path);
		if (!file || !openingBrackets.includes(text[0] ?? 0)) {
			kept -= text.length;
			return;
		}
		if (kept > documentsBytesMax) throw malformed('its documents are too large');
		files.set(path, { ...file, text: text.toString() });
	}

	return {
		push(chunk) {
			scanner.push(chunk);
			gather(chunk);
		},
		end() {
			scanner.end();
			return { files, links };
		},
	};
}

const pathOf = (facts: EntryFacts): string => posix.normalize(entryPath(facts).toString());

/** Of a symlink: from its own folder on; of a hard link: from the root on. */
function targetOf({ type }: IndexEntry, path: string, target: string): string {
	return type === 'symlink' ? posix.join(posix.dirname(path), target) : posix.normalize(target);
}

/** Layers lie among the blobs too; the small ones are let go when their first byte is seen. */
function isDocument(path: string, { type, size }: EntryFacts): boolean {
	if (type !== 'file' || size === 0 || size > documentBytesMax) return false;
	return path.endsWith('.json') || path.startsWith('blobs/');
}

const malformed = (what: string) => new BackupError('archive_malformed', `images: ${what}`);
