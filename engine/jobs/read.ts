/**
 * Read: the stored bytes of one archive on stdout, as they are, with back-pressure. Size and SHA-256 are
 * compared on the way; that they are wrong is known, and told, only after the last byte.
 */
import type { Writable } from 'node:stream';
import { BackupError } from '../../protocol/errors';
import { parseGoFrame, type ReadJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { fileOf } from '../pipeline/record-files';
import { progressTeller } from '../pipeline/progress';
import { readStoredBytes } from '../pipeline/read-stored';
import { openArchive } from '../repository/open-archive';
import { tellRecords } from './list';
import { meetRepository } from './meet';
import { writeOut } from './output';

export async function read(job: ReadJob, engine: Engine, output: Writable = process.stdout): Promise<void> {
	const { conversation, storage, clock } = engine;
	const { signal } = conversation;
	await meetRepository(engine);
	await tellRecords({ job: null, id: job.id }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (archive?.record.id !== job.id) throw new BackupError('protocol_violation', 'no archive to read came');
	const file = fileOf(archive.record, 'archive');
	// What is missing or of another size is told before the first byte.
	await openArchive(storage, file, signal);
	const tell = progressTeller(clock, (event) => conversation.say(event));
	let bytes = 0;
	try {
		for await (const chunk of readStoredBytes(storage, file, signal)) {
			await writeOut(output, chunk, signal);
			bytes += chunk.length;
			tell(() => ({ id: job.id, bytesRead: bytes, bytesWritten: bytes, entries: 0 }));
		}
	} finally {
		// In a worker thread nothing else ends it: the thread lives on until it is told to stop.
		output.end();
	}
	conversation.say({ event: 'done', entries: 0, bytes });
}
