/**
 * Archives without entries, read back: the description (their index), and the check of everything that was stored.
 * Throws as `readContent`, `archive_malformed`, `record_malformed`, and `index_mismatch` where the content is not
 * what the record says.
 */
import { parseDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import { maxControlLength } from '../../protocol/frames';
import type { BackupRecord } from '../../protocol/record';
import type { Engine } from '../environment';
import { createContentChecksum } from '../format/content-checksum';
import { reclaim } from '../format/reclaim';
import { readContent } from './read-stored';
import { fileOf } from './record-files';

/** The description's text, found to be one. */
export async function readDescription(
	{ storage, conversation }: Engine,
	record: BackupRecord,
	archiveKey: Buffer | null,
): Promise<string> {
	const content = readContent(storage, fileOf(record, 'index'), {
		archiveKey,
		compressed: true,
		signal: conversation.signal,
	});
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of content) {
		size += chunk.length;
		if (size > maxControlLength)
			throw new BackupError('archive_malformed', `the description of ${record.id} is too long`);
		chunks.push(chunk);
	}
	const text = Buffer.concat(chunks).toString();
	parseDescription(text);
	return text;
}

/** The content, which is to be believed only when its last byte was given out. */
export function readWholeContent(
	{ storage, conversation }: Engine,
	record: BackupRecord,
	archiveKey: Buffer | null,
	onRead: (bytes: number) => void,
): AsyncIterable<Buffer> {
	return readContent(storage, fileOf(record, 'archive'), {
		archiveKey,
		compressed: record.compression.algorithm === 'zstd',
		signal: conversation.signal,
		onRead,
	});
}

/** Every stored byte read, authenticated and decompressed, and the content compared with the record. `watch` sees it pass. */
export async function checkWholeContent(
	engine: Engine,
	record: BackupRecord,
	archiveKey: Buffer | null,
	onRead: (bytes: number) => void,
	watch: (chunk: Buffer) => void = () => undefined,
): Promise<{ readonly contentBytes: number }> {
	if (record.contentChecksum === null)
		throw new BackupError('record_malformed', `record ${record.id} has no checksum of its content`);
	const checksum = createContentChecksum(archiveKey);
	let contentBytes = 0;
	for await (const chunk of readWholeContent(engine, record, archiveKey, onRead)) {
		checksum.update(chunk);
		contentBytes += chunk.length;
		watch(chunk);
		// What was decompressed is ours alone.
		if (record.compression.algorithm === 'zstd') reclaim(chunk);
	}
	if (contentBytes === record.contentBytes && checksum.digest('hex') === record.contentChecksum) {
		return { contentBytes };
	}
	throw new BackupError('index_mismatch', `the content of ${record.id} is not what its record says`, {
		hint: 'Use another record or copy.',
	});
}
