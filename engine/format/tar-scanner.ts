/**
 * Reads a GNU tar stream as it passes by (docs/FORMAT.md, "Tar stream"): for every entry its facts, its place and
 * the SHA-256 of its content, in one pass and without copying data. Serves backup, where tar is trusted and the
 * result becomes the index, and verification, where the stream may come from anyone.
 *
 * Memory is bounded by one extended header (16 MiB at most) and one sparse map, whatever the stream claims; time
 * by the stream's length, plus 1 GiB of zeros to hash per sparse file. Malformed streams are `archive_malformed`;
 * after any throw the scanner is of no more use. Paths are given as they are: whether one may be extracted is for
 * the extractor to judge.
 */
import { hash } from 'node:crypto';
import { BackupError } from '../../protocol/errors';
import { createContentHash, createSparseContentHash, type ContentHash } from './content-hash';
import type { IndexEntry } from './index-entry';
import { parsePax } from './pax';

import { joinHeaders, type Extensions, type TarEntry } from './tar-entry';
import { parseTarHeader, tarBlockSize, type TarHeader } from './tar-header';

export interface TarScannerOptions {
	/** Position of the first byte in the plaintext stream; a multiple of 512. */
	readonly baseOffset: number;
	/** Called in the tar's order, when an entry's last content byte was pushed. What it throws, `push` throws. */
	readonly onEntry: (entry: IndexEntry) => void;
	/**
	 * Called when an entry's headers were pushed and nothing of its content: for whoever must refuse it before anybody
	 * acts on it. What it throws, `push` throws.
	 */
	readonly onStart?: (facts: EntryFacts) => void;
	/** The code for a stream that ends too early: default `source_failed`. */
	readonly cutCode?: 'source_failed' | 'archive_truncated';
}

/** An entry before its content is known. */
export type EntryFacts = Omit<IndexEntry, 'sha256' | 'sha256Stored'>;

export interface TarScanner {
	/**
	 * Observes the next bytes and returns those of them that lie before the end-of-archive blocks: tars can be
	 * concatenated so and be closed once, with `endOfArchive`. The chunk is not kept.
	 */
	push(chunk: Buffer): Buffer;
	/** Throws the cut code unless the stream was whole, its two end-of-archive blocks included. */
	end(): void;
}

/** The two zero blocks that close a tar. */
export const endOfArchive: Buffer = Buffer.alloc(2 * tarBlockSize);

/** An extended header of all the attributes Linux allows on common file systems fits many times. */
export const extendedHeaderBytesMax = 16 * 1024 * 1024;

const emptySha256 = hash('sha256', '', 'hex');
const zeros = Buffer.alloc(64 * 1024);

const paddingOf = (size: number) => (tarBlockSize - (size % tarBlockSize)) % tarBlockSize;
const malformed = (what: string) => new BackupError('archive_malformed', `tar: ${what}`);

/** What the stream holds next; `left` counts the bytes of it that are still to come. */
type State = 'header' | 'extension' | 'content' | 'padding' | 'end';

export function createTarScanner({
	baseOffset,
	onEntry,
	onStart,
	cutCode = 'source_failed',
}: TarScannerOptions): TarScanner {
	let state: State = 'header';
	let left = tarBlockSize;
	/** Bytes pushed before the current chunk. */
	let position = baseOffset;
	/** A header or extension that came in several chunks, or none. */
	let gathered: Buffer | undefined;
	let filled = 0;
	let extensionType = '';
	let padding = 0;
	let extensions: Extensions = {};
	/** Where the current entry began; undefined between entries. */
	let entryStart: number | undefined;
	/** Where its data begins. */
	let headersEnd = 0;
	let entry: TarEntry | undefined;
	let content: ContentHash | undefined;
	let zerosSeen = 0;

	function enter(following: State, length: number): void {
		state = following;
		left = length;
	}

	/** The next `left` bytes as one buffer, once they are all there; they may be gathered from several chunks. */
	function take(available: Buffer): { taken: number; bytes: Buffer | undefined } {
		if (gathered === undefined && available.length >= left) {
			return { taken: left, bytes: available.subarray(0, left) };
		}
		gathered ??= Buffer.allocUnsafeSlow(left);
		const taken = available.copy(gathered, filled, 0, left - filled);
		filled += taken;
		if (filled < left) return { taken, bytes: undefined };
		const bytes = gathered;
		gathered = undefined;
		filled = 0;
		return { taken, bytes };
	}

	function onHeader(block: Buffer, end: number): void {
		const header = parseTarHeader(block);
		headersEnd = end;
		entryStart ??= end - tarBlockSize;
		if (header.type === 'x' || header.type === 'L' || header.type === 'K') beginExtension(header);
		else beginEntry(header);
	}

	function beginExtension(header: TarHeader): void {
		if (header.size > extendedHeaderBytesMax) throw malformed(`an extended header of ${header.size} bytes`);
		extensionType = header.type;
		padding = paddingOf(header.size);
		if (header.size === 0) onExtension(Buffer.alloc(0));
		else enter('extension', header.size);
	}

	function onExtension(bytes: Buffer): void {
		const value = { x: extensions.pax, L: extensions.longName, K: extensions.longLink }[extensionType];
		if (value !== undefined) throw malformed('an entry has two extended headers of a kind');
		if (extensionType === 'x') extensions.pax = parsePax(bytes);
		else if (extensionType === 'L') extensions.longName = withoutNul(bytes);
		else extensions.longLink = withoutNul(bytes);
		enter('padding', padding);
	}

	function beginEntry(header: TarHeader): void {
		entry = joinHeaders(header, extensions);
		const { facts, storedSize } = entry;
		padding = paddingOf(storedSize);
		if (!Number.isSafeInteger(headersEnd + storedSize + padding)) throw malformed('an entry is too large');
		onStart?.({ ...facts, ...placeOf(storedSize) });
		if (facts.sparse) content = createSparseContentHash(storedSize, facts.size);
		if (storedSize > 0) enter('content', storedSize);
		else finishEntry(facts.type === 'file' && !facts.sparse ? { sha256: emptySha256 } : undefined);
	}

	function placeOf(storedSize: number): { offset: number; length: number } {
		if (entryStart === undefined) throw new Error('no entry has begun');
		return { offset: entryStart, length: headersEnd - entryStart + storedSize + padding };
	}

	/** Hashes content bytes; `bytes` are the rest of the chunk. */
	function onContent(bytes: Buffer): number {
		if (content === undefined && bytes.length >= left) {
			const length = left;
			finishEntry({ sha256: hash('sha256', bytes.subarray(0, length), 'hex') });
			return length;
		}
		content ??= createContentHash();
		const taken = Math.min(left, bytes.length);
		content.update(bytes.subarray(0, taken));
		left -= taken;
		if (left === 0) finishEntry(undefined);
		return taken;
	}

	function finishEntry(known: Pick<IndexEntry, 'sha256' | 'sha256Stored'> | undefined): void {
		if (entry === undefined) throw new Error('no entry to finish');
		const { facts, storedSize } = entry;
		const hashes = known ?? content?.digest();
		const finished = { ...facts, ...hashes, ...placeOf(storedSize) };
		entry = undefined;
		entryStart = undefined;
		content = undefined;
		extensions = {};
		enter('padding', padding);
		onEntry(finished);
	}

	function onEnd(bytes: Buffer): void {
		for (let at = 0; at < bytes.length; at += zeros.length) {
			const piece = bytes.subarray(at, at + zeros.length);
			if (piece.compare(zeros, 0, piece.length) !== 0) throw malformed('something follows its end');
		}
		zerosSeen += bytes.length;
	}

	/** Works on the bytes from `start`; gives how many of them it used. */
	function step(chunk: Buffer, start: number): number {
		if (state === 'content') return onContent(start === 0 ? chunk : chunk.subarray(start));
		if (state === 'padding') {
			const passed = Math.min(left, chunk.length - start);
			left -= passed;
			return passed;
		}
		const { taken, bytes } = take(chunk.subarray(start));
		if (bytes === undefined) return taken;
		if (state === 'header') onHeader(bytes, position + start + taken);
		else onExtension(bytes);
		return taken;
	}

	return {
		push(chunk) {
			let at = 0;
			let useful = chunk.length;
			while (at < chunk.length) {
				if (state === 'padding' && left === 0) enter('header', tarBlockSize);
				// No header of ours begins with a NUL: it would have no name.
				if (state === 'header' && gathered === undefined && chunk[at] === 0) {
					if (entryStart !== undefined) throw malformed('it ends after an extended header');
					enter('end', 0);
				}
				if (state === 'end') {
					useful = at;
					onEnd(chunk.subarray(at));
					break;
				}
				at += step(chunk, at);
			}
			position += chunk.length;
			return chunk.subarray(0, useful);
		},
		end() {
			if (zerosSeen < endOfArchive.length) throw new BackupError(cutCode, 'the tar stream ends too early');
		},
	};
}

/** GNU long names end with a NUL. */
function withoutNul(bytes: Buffer): Buffer {
	return Buffer.from(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes);
}
