/** A source with one archive, and copies of it into a target, with an orchestrator that signs nothing. */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { Conversation } from '../../../../engine/conversation';
import { copyArchive, isComplete } from '../../../../engine/pipeline/copy-archive';
import { sizesAt } from '../../../../engine/pipeline/copy-target';
import { archiveKeyOf, indexKeyOf, recordKeyOf } from '../../../../engine/repository/layout';
import { acquireLease } from '../../../../engine/repository/lease';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { formatRecord } from '../../../../engine/repository/records';
import { staleRuns } from '../../../../engine/repository/runs';
import type { Storage } from '../../../../engine/repository/storage';
import { BackupError } from '../../../../protocol/errors';
import { decodeEvent, type EngineEvent } from '../../../../protocol/events';
import { encodeFrame } from '../../../../protocol/frames';
import type { CopyJob } from '../../../../protocol/job';
import type { BackupRecord, RecordFile } from '../../../../protocol/record';
import { bytesOf } from '../../../conformance/storage';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import { fakeRandom } from '../../../fakes/random';
import { sampleRecord } from '../../../fakes/record';

export const job = 'nightly';
export const id = `${job}-20260131T030000Z-1f2e`;

export interface Source {
	readonly storage: Storage;
	readonly record: BackupRecord;
	readonly bytes: ReadonlyMap<string, Buffer>;
}

export async function newSource(storage: Storage = createMemoryStorage()): Promise<Source> {
	const file = (role: RecordFile['role'], path: string, body: Buffer): [RecordFile, Buffer] => [
		{ role, path, size: body.length, sha256: createHash('sha256').update(body).digest('hex') },
		body,
	];
	const [archive, archiveBody] = file('archive', archiveKeyOf(job, id, '.tar.zst'), bytesOf(3 << 20, 1));
	const [index, indexBody] = file('index', indexKeyOf(job, id, false), bytesOf(5000, 2));
	const record = sampleRecord({
		id,
		job,
		seq: 7,
		files: [archive, index],
		filePath: archive.path,
		sizeBytes: archive.size,
		checksum: archive.sha256,
	});
	await storage.put(archive.path, Buffer.from(archiveBody));
	await storage.put(index.path, Buffer.from(indexBody));
	await storage.put(recordKeyOf(job, id), Buffer.from(formatRecord(record, null)));
	return {
		storage,
		record,
		bytes: new Map([
			[archive.path, archiveBody],
			[index.path, indexBody],
		]),
	};
}

export interface CopyRun {
	readonly clock: FakeClock;
	/** Where the lease is: it has tests of its own, so it need not be where the archives go. */
	readonly locks: Storage;
	readonly readBack?: boolean;
	/** What stands between the copy and the target. */
	readonly through?: (target: Storage) => Storage;
	/** Whether a failure is the end of the process: nobody renews the lease then, or releases it. */
	readonly dies?: boolean;
	onEvent?(event: EngineEvent): void;
}

/** One copy as jobs/copy.ts does it; one that dies leaves its lease. */
export async function copyOnce(
	{ storage: source, record }: Source,
	target: Storage,
	{ clock, locks, readBack = false, through = (storage) => storage, dies = false, onEvent }: CopyRun,
): Promise<'copied' | 'completed' | 'present'> {
	const [input, output] = [new PassThrough(), new PassThrough()];
	const conversation = new Conversation(input, output, clock);
	createInterface({ input: output }).on('line', (line) => {
		const event = decodeEvent(line);
		if (!event) return;
		onEvent?.(event);
		if (event.event !== 'sealed') return;
		input.write(encodeFrame('commit', { id: event.record.id, recordText: formatRecord(event.record, null) }));
	});
	const copyJob: CopyJob = {
		version: 1,
		runId: 'run-of-copy',
		location: { type: 'directory', path: '/source' },
		scratch: null,
		verb: 'copy',
		job: null,
		id: null,
		target: { type: 'directory', path: '/target' },
		host: 'host-c',
		lockWaitMs: 0,
		readBack,
	};
	const engine = { conversation, storage: source, clock, random: fakeRandom() };
	const place = through(target);
	const copying = {
		engine,
		job: copyJob,
		target: place,
		record,
		onRead: () => undefined,
		onWritten: () => undefined,
	};
	let dead = false;
	const held: Storage = {
		...locks,
		put: async (...call) => {
			if (dead) throw new BackupError('storage_unreachable', 'the process is dead');
			return await locks.put(...call);
		},
	};
	const options = { runId: copyJob.runId, host: copyJob.host, waitMs: 0, clock, above: record.seq };
	const recordKey = recordKeyOf(record.job, record.id);
	try {
		const sizes = await sizesAt(target, [record], conversation.signal);
		const recorded = sizes.has(recordKey);
		if (recorded && (await isComplete(copying, sizes))) return 'present';
		const lease = await clock.advanceUntil(acquireLease(held, record.job, options));
		await staleRuns(target, record.job, lease);
		try {
			return await copyArchive(copying, recorded, lease);
		} catch (error) {
			dead = dies;
			throw error;
		} finally {
			if (!dead) await lease.release();
		}
	} finally {
		conversation.close();
	}
}

export { fakeClock };
