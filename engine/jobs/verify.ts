/**
 * Verify: shows the records, is told which archives to check and how deep, checks them one after the
 * other. A wrong archive is a result, not a failure of the job.
 */
import { errorCodes, toBackupError, type BackupError } from '../../protocol/errors';
import { reportOf, type VerifyResult } from '../../protocol/events';
import { parseGoFrame, type GoFrame, type VerifyJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { checkContent } from '../pipeline/check-content';
import { progressTeller } from '../pipeline/progress';
import { readStoredBytes } from '../pipeline/read-stored';
import { fileOf } from '../pipeline/record-files';
import { meetRepository } from './meet';
import { tellRecords } from './list';

export async function verify(job: VerifyJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	await meetRepository(engine);
	await tellRecords(job, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const go = parseGoFrame(await conversation.receive('go'));
	let bytes = 0;
	let entries = 0;
	for (const archive of go.archives) {
		const result = await verifyOne(engine, archive, go.level);
		bytes += result.bytesRead;
		entries += result.entries ?? 0;
		conversation.say({ event: 'verified', ...result });
	}
	conversation.say({ event: 'done', entries, bytes });
}

async function verifyOne(
	engine: Engine,
	{ record, key }: GoFrame['archives'][number],
	level: GoFrame['level'],
): Promise<VerifyResult> {
	const { conversation, storage, clock } = engine;
	const started = clock.monotonic();
	let bytesRead = 0;
	const tell = progressTeller(clock, (event) => conversation.say(event));
	const onRead = (bytes: number) => {
		bytesRead = bytes;
		tell(() => ({ id: record.id, bytesRead, bytesWritten: 0, entries: 0 }));
	};
	const result = (entries: number | null, error: BackupError | null): VerifyResult => ({
		id: record.id,
		ok: error === null,
		level,
		checksum: error ? null : record.checksum,
		error: error && reportOf(error),
		bytesRead,
		entries,
		durationMs: Math.round(clock.monotonic() - started),
	});
	try {
		if (level === 'deep') {
			const { entries } = await checkContent(
				engine,
				record,
				key === null ? null : Buffer.from(key, 'base64'),
				onRead,
			);
			return result(entries, null);
		}
		// An archive that was adopted may have no index.
		for (const file of record.files
			.filter(({ role }) => role === 'index')
			.concat(fileOf(record, 'archive'))) {
			for await (const _chunk of readStoredBytes(storage, file, conversation.signal, onRead));
		}
		return result(null, null);
	} catch (thrown) {
		conversation.signal.throwIfAborted();
		const error = toBackupError(thrown);
		// What the storage or this program could not do says nothing about the archive.
		if (errorCodes[error.code] !== 'integrity' && errorCodes[error.code] !== 'key') throw error;
		return result(null, error);
	}
}
