/**
 * The deep check of an archive: every stored byte read, authenticated and decompressed. Of a tar each entry (with its
 * SHA-256) is compared with the index, where the record names one; of a content without entries its size and checksum
 * with the record, its description is read, and of images every layer is compared with it. Throws the first thing that is wrong.
 */
import { BackupError } from '../../protocol/errors';
import type { BackupRecord } from '../../protocol/record';
import { readIndex } from '../format/index-reader';
import { encodeIndexEntry, entryPath, type IndexEntry } from '../format/index-entry';
import { createTarScanner } from '../format/tar-scanner';
import type { Engine } from '../environment';
import { checkImages, parseImages } from './check-images';
import { readContent } from './read-stored';
import { fileOf, holdsEntries } from './record-files';
import { checkWholeContent, readDescription } from './whole-reading';

export interface ContentFigures {
	/** Null for a kind without entries. */
	readonly entries: number | null;
	readonly contentBytes: number;
}

export async function checkContent(
	engine: Engine,
	record: BackupRecord,
	archiveKey: Buffer | null,
	onRead: (bytes: number) => void,
): Promise<ContentFigures> {
	if (holdsEntries(record.kind)) return await checkTar(engine, record, archiveKey, onRead);
	const description = await readDescription(engine, record, archiveKey);
	const images = record.kind === 'image' ? checkImages('archive_truncated') : undefined;
	const watch = images && ((chunk: Buffer) => images.push(chunk));
	const { contentBytes } = await checkWholeContent(engine, record, archiveKey, onRead, watch);
	images?.end(parseImages(description));
	return { entries: null, contentBytes };
}

async function checkTar(
	{ storage, conversation }: Engine,
	record: BackupRecord,
	archiveKey: Buffer | null,
	onRead: (bytes: number) => void,
): Promise<ContentFigures> {
	const { signal } = conversation;
	const archive = readContent(storage, fileOf(record, 'archive'), {
		archiveKey,
		compressed: record.compression.algorithm === 'zstd',
		signal,
		onRead,
	});
	const indexFile = record.files.find(({ role }) => role === 'index');
	// The reader of an index undoes its compression itself.
	const expected =
		indexFile && readIndex(readContent(storage, indexFile, { archiveKey, compressed: false, signal }));
	const found: IndexEntry[] = [];
	const scanner = createTarScanner({
		baseOffset: 0,
		onEntry: (entry) => found.push(entry),
		cutCode: 'archive_truncated',
	});
	let contentBytes = 0;
	let entries = 0;
	const compareFound = async () => {
		for (const entry of found.splice(0)) {
			const wanted = await expected?.next();
			if (wanted && (wanted.done || !sameEntry(wanted.value, entry))) throw differs(record, entry);
			entries += 1;
		}
	};
	for await (const chunk of archive) {
		contentBytes += chunk.length;
		scanner.push(chunk);
		await compareFound();
	}
	scanner.end();
	await compareFound();
	const left = await expected?.next();
	if (left && !left.done) throw differs(record, left.value);
	if (entries !== record.entries || contentBytes !== record.contentBytes) {
		throw new BackupError(
			'index_mismatch',
			`${record.id} holds ${entries} entries in ${contentBytes} bytes, its record says otherwise`,
		);
	}
	return { entries, contentBytes };
}

function sameEntry(a: IndexEntry, b: IndexEntry): boolean {
	return encodeIndexEntry(a) === encodeIndexEntry(b);
}

function differs(record: BackupRecord, entry: IndexEntry): BackupError {
	const path = JSON.stringify(entryPath(entry).toString());
	return new BackupError('index_mismatch', `${record.id}: archive and index differ at ${path}`, {
		hint: 'One of the two files is not what the backup wrote: use another record or copy.',
	});
}
