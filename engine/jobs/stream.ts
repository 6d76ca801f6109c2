/**
 * Stream: the content of one archive without entries (a dump, a database file, an image), opened and decompressed, on
 * stdout. All of it is checked before its first byte goes out; then it is read, and compared with the record, once more.
 */
import type { Writable } from 'node:stream';
import { BackupError } from '../../protocol/errors';
import { parseGoFrame, type StreamJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { progressTeller } from '../pipeline/progress';
import { requireWholeContent } from '../pipeline/record-files';
import { checkWholeContent, readDescription, readWholeContent } from '../pipeline/whole-reading';
import { tellRecords } from './list';
import { meetRepository } from './meet';
import { writeOut } from './output';

export async function stream(
	job: StreamJob,
	engine: Engine,
	output: Writable = process.stdout,
): Promise<void> {
	const { conversation, clock } = engine;
	const { signal } = conversation;
	const { id } = job;
	await meetRepository(engine);
	await tellRecords({ job: null, id }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (archive?.record.id !== id) throw new BackupError('protocol_violation', 'no archive to stream came');
	const { record } = archive;
	requireWholeContent(record);
	const archiveKey = archive.key === null ? null : Buffer.from(archive.key, 'base64');
	const description = await readDescription(engine, record, archiveKey);
	conversation.say({ event: 'described', id, description });

	const tell = progressTeller(clock, (event) => conversation.say(event));
	let bytes = 0;
	const onRead = (bytesRead: number) =>
		tell(() => ({ id, bytesRead, bytesTotal: record.sizeBytes, bytesWritten: bytes, entries: 0 }));
	conversation.say({ event: 'phase', name: 'checking', id });
	await checkWholeContent(engine, record, archiveKey, onRead);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	await conversation.receive('go');
	conversation.say({ event: 'phase', name: 'sending', id });
	try {
		for await (const chunk of readWholeContent(engine, record, archiveKey, onRead)) {
			await writeOut(output, chunk, signal);
			bytes += chunk.length;
		}
	} finally {
		// In a worker thread nothing else ends it: the thread lives on until it is told to stop.
		output.end();
	}
	conversation.say({ event: 'done', entries: 0, bytes });
}
