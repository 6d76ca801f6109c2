/**
 * Reads an archive that has no record, from its first byte to its last, to learn everything that a record says of
 * it: every segment authenticated, every frame decompressed, the tar walked. In one loop:
 *
 *   storage → SHA-256 and size → open → decompress → scan → entries, compared with the index that is there,
 *                                                    └───→ or written to a new one where there is none
 *
 * Throws `archive_truncated`, `archive_tampered`, `archive_malformed` and what else is wrong with the archive.
 * An index that is there and says otherwise is left out, and left alone.
 */
import { createHash, type Hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { BackupError, errorCodes } from '../../protocol/errors';
import type { RecordFile } from '../../protocol/record';
import { decompressFrames, threadsFor } from '../format/frames';
import { encodeIndexEntry, entryPath, type IndexEntry } from '../format/index-entry';
import { createIndexWriter } from '../format/index-file';
import { readIndex } from '../format/index-reader';
import { openStream } from '../format/opening';
import { createTarScanner } from '../format/tar-scanner';
import type { ListedObject, Storage } from '../repository/storage';
import { createStoredFile, type Seal } from './stored-file';

export interface UnlistedArchive {
	readonly archive: ListedObject;
	readonly compressed: boolean;
	/** The index that is there; undefined: none. */
	readonly index: ListedObject | undefined;
	/** Where a new index goes. */
	readonly indexKey: string;
	/** How a new index is sealed, with the archive's own key; null: not encrypted. */
	readonly seal: Seal | null;
}

export interface Learnt {
	readonly archive: RecordFile;
	/** Null: the one that is there is not this archive's. */
	readonly index: RecordFile | null;
	readonly contentBytes: number;
	readonly entries: number;
	/** Names of the volumes in it. */
	readonly volumes: readonly string[];
	/** Gives a new index its name; nothing where there was one. */
	publish(): Promise<void>;
	abort(): Promise<void>;
}

interface ReadUnlistedOptions {
	readonly signal: AbortSignal;
	/** Told of stored bytes. */
	readonly onRead: (bytes: number) => void;
}

/** What becomes of the entries: compared or written. */
interface IndexSide {
	add(entry: IndexEntry): Promise<void>;
	end(): Promise<RecordFile | null>;
	publish(): Promise<void>;
	abort(): Promise<void>;
}

export async function readUnlisted(
	storage: Storage,
	unlisted: UnlistedArchive,
	{ signal, onRead }: ReadUnlistedOptions,
): Promise<Learnt> {
	const { archive, compressed, seal } = unlisted;
	const index = unlisted.index
		? compareIndex(storage, unlisted.index, seal, signal)
		: await writeIndex(storage, unlisted.indexKey, seal, signal);
	try {
		const volumes = new Set<string>();
		const found: IndexEntry[] = [];
		let contentBytes = 0;
		let entries = 0;
		const addFound = async () => {
			for (const entry of found.splice(0)) {
				volumes.add(volumeOf(archive.key, entry));
				entries += 1;
				await index.add(entry);
			}
		};
		const scanner = createTarScanner({
			baseOffset: 0,
			onEntry: (entry) => found.push(entry),
			cutCode: 'archive_truncated',
		});
		const stored = hashed(storage, archive, signal, onRead);
		const opened = seal
			? openStream(stored.bytes, { archiveKey: seal.archiveKey, name: archive.key, storedSize: archive.size })
			: stored.bytes;
		const threads = threadsFor(1, availableParallelism());
		for await (const chunk of compressed ? decompressFrames(opened, { threads, signal }) : opened) {
			contentBytes += chunk.length;
			scanner.push(chunk);
			await addFound();
		}
		scanner.end();
		await addFound();
		if (entries === 0) throw new BackupError('archive_malformed', `${archive.key} holds nothing`);
		const archiveFile = {
			role: 'archive',
			path: archive.key,
			size: archive.size,
			sha256: stored.sha256(),
		} as const;
		return {
			archive: archiveFile,
			index: await index.end(),
			contentBytes,
			entries,
			volumes: [...volumes],
			publish: () => index.publish(),
			abort: () => index.abort(),
		};
	} catch (error) {
		await index.abort();
		throw error;
	}
}

function volumeOf(key: string, entry: IndexEntry): string {
	const path = entryPath(entry).toString();
	const [, name] = /^volumes\/([A-Za-z0-9][A-Za-z0-9_.-]*)(?:\/|$)/.exec(path) ?? [];
	if (name !== undefined) return name;
	throw new BackupError('archive_malformed', `${key} holds ${JSON.stringify(path)}, which is of no volume`, {
		hint: 'Only archives of volumes can be adopted.',
	});
}

async function writeIndex(
	storage: Storage,
	key: string,
	seal: Seal | null,
	signal: AbortSignal,
): Promise<IndexSide> {
	const indexSeal = seal && { ...seal, header: { ...seal.header, kind: 'index' as const } };
	const file = await createStoredFile(storage, key, 'index', indexSeal, signal);
	const writer = createIndexWriter(file.write.bind(file), { threads: 1 });
	return {
		async add(entry) {
			await writer.add(entry);
		},
		async end() {
			await writer.end();
			return await file.finish();
		},
		publish: () => file.publish(),
		abort: () => file.abort(),
	};
}

function compareIndex(
	storage: Storage,
	object: ListedObject,
	seal: Seal | null,
	signal: AbortSignal,
): IndexSide {
	const stored = hashed(storage, object, signal, () => undefined);
	const opened = seal
		? openStream(stored.bytes, { archiveKey: seal.archiveKey, name: object.key, storedSize: object.size })
		: stored.bytes;
	const expected = readIndex(opened);
	let differs = false;
	const next = async (): Promise<IndexEntry | undefined> => {
		try {
			const wanted = await expected.next();
			return wanted.done === true ? undefined : wanted.value;
		} catch (error) {
			// Damaged, or of another key: what can't be read can't be this archive's.
			if (!(error instanceof BackupError)) throw error;
			if (errorCodes[error.code] !== 'integrity' && errorCodes[error.code] !== 'key') throw error;
			differs = true;
			return undefined;
		}
	};
	return {
		async add(entry) {
			if (differs) return;
			const wanted = await next();
			differs ||= wanted === undefined || encodeIndexEntry(wanted) !== encodeIndexEntry(entry);
		},
		async end() {
			if (!differs && (await next()) !== undefined) differs = true;
			await expected.return(undefined);
			return differs ? null : { role: 'index', path: object.key, size: object.size, sha256: stored.sha256() };
		},
		publish: () => Promise.resolve(),
		abort: async () => void (await expected.return(undefined)),
	};
}

interface Hashed {
	readonly bytes: AsyncIterable<Buffer>;
	/** Once the bytes were read to their end. */
	sha256(): string;
}

function hashed(
	storage: Storage,
	{ key }: ListedObject,
	signal: AbortSignal,
	onRead: (bytes: number) => void,
): Hashed {
	const hash: Hash = createHash('sha256');
	const read = async function* () {
		let bytes = 0;
		for await (const chunk of storage.get(key, undefined, signal)) {
			hash.update(chunk);
			onRead((bytes += chunk.length));
			yield chunk;
		}
	};
	return { bytes: read(), sha256: () => hash.digest('hex') };
}
