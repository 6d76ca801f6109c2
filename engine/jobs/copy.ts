/**
 * Copy: meets both repositories, shows what both hold, and is told job by job what to copy. Each job's
 * archives follow each other under the target's lease of that job, taken only when something is missing.
 * An archive that can't be copied is a result and the next goes on; what makes every further one fail
 * too (a storage out of reach, full, or not writable) is a failure of the whole.
 */
import { joinErrors, toBackupError, type ErrorCode } from '../../protocol/errors';
import { reportOf, type CopyResult } from '../../protocol/events';
import { parseGoFrame, type CopyJob } from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import type { Engine } from '../environment';
import { copyArchive, countingOf, isComplete, type Copying } from '../pipeline/copy-archive';
import { requireTwoPlaces, sizesAt } from '../pipeline/copy-target';
import { recordKeyOf } from '../repository/layout';
import { acquireLease, type Lease } from '../repository/lease';
import { openStorage } from '../repository/open-storage';
import { failureOf } from '../repository/outcomes';
import { leastPerPack, packRecords } from '../repository/record-packs';
import { staleRuns } from '../repository/runs';
import { meetRepository } from './meet';
import { tellRecords } from './list';

/** Whoever meets these will meet them again with the next archive. */
const endsAll: ReadonlySet<ErrorCode> = new Set([
	'storage_unreachable',
	'storage_denied',
	'repository_not_found',
	'repository_unwritable',
	'repository_full',
	'protocol_violation',
	'run_interrupted',
]);

export async function copy(job: CopyJob, engine: Engine): Promise<void> {
	const { conversation, clock, random } = engine;
	const { signal } = conversation;
	await meetRepository(engine);
	const target = await openStorage(job.target, { scratch: job.scratch, clock, random, signal });
	const there = { ...engine, storage: target };
	await meetRepository(there);
	await requireTwoPlaces(engine, target);
	await tellRecords(job, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	await tellRecords(job, there);
	let archives = 0;
	let bytes = 0;
	for (;;) {
		conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
		const go = parseGoFrame(await conversation.receive('go'));
		if (go.archives.length === 0) break;
		const records = go.archives.map(({ record }) => record);
		await copyAll({ engine, job, target }, records, new Set(go.recorded), (result) => {
			archives += 1;
			bytes += result.bytes;
			conversation.say({ event: 'copied', ...result });
		});
	}
	conversation.say({ event: 'done', entries: archives, bytes });
}

type Sides = Pick<Copying, 'engine' | 'job' | 'target'>;
type Tell = (result: CopyResult) => void;

/** Archives of one job. `recorded`: ids whose genuine record is at the target. */
async function copyAll(
	sides: Sides,
	records: readonly BackupRecord[],
	recorded: ReadonlySet<string>,
	tell: Tell,
): Promise<void> {
	const { engine, target } = sides;
	const sizes = await sizesAt(target, records, engine.conversation.signal);
	const incomplete: BackupRecord[] = [];
	for (const record of records) {
		const isThere = recorded.has(record.id) && sizes.has(recordKeyOf(record.job, record.id));
		const result = isThere
			? await attempt(sides, record, async (copying) =>
					(await isComplete(copying, sizes)) ? 'present' : null,
				)
			: null;
		if (result === null) incomplete.push(record);
		else tell(result);
	}
	const [first] = incomplete;
	if (first) await copyUnderLease(sides, first.job, incomplete, recorded, tell);
}

async function copyUnderLease(
	sides: Sides,
	job: string,
	records: readonly BackupRecord[],
	recorded: ReadonlySet<string>,
	tell: Tell,
): Promise<void> {
	const { engine, target } = sides;
	let lease: Lease | undefined;
	let refusal: unknown;
	let failure: unknown;
	try {
		lease = await leaseOf(sides, job, records);
		await staleRuns(target, job, lease, engine.conversation.signal);
	} catch (error) {
		refusal = error;
	}
	try {
		for (const record of records) {
			const result = await attempt(sides, record, async (copying) => {
				if (lease === undefined || refusal !== undefined) throw refusal;
				return await copyArchive(copying, recorded.has(record.id), lease);
			});
			if (result) tell(result);
		}
		// Nobody else packs what only copies come to. It never fails a copy: listings are slower without, no more.
		const worthIt = lease && refusal === undefined && records.length >= leastPerPack;
		if (worthIt) await failureOf(packRecords(target, job, engine.conversation.signal));
	} catch (error) {
		failure = error;
	}
	const later = lease && (await failureOf(lease.release()));
	if (failure !== undefined || later !== undefined) throw joinErrors(failure, later);
}

/** A job locked by another run is a matter of its own archives. */
async function leaseOf(
	{ engine, job, target }: Sides,
	of: string,
	records: readonly BackupRecord[],
): Promise<Lease> {
	const highest = records.reduce((most, { seq }) => Math.max(most, seq), 0);
	return await acquireLease(target, of, {
		runId: job.runId,
		host: job.host,
		waitMs: job.lockWaitMs,
		clock: engine.clock,
		signal: engine.conversation.signal,
		above: highest,
	});
}

/** One archive's result; throws only what ends all. Null: `work` found that there is something to do. */
async function attempt(
	sides: Sides,
	record: BackupRecord,
	work: (copying: Copying) => Promise<Exclude<CopyResult['outcome'], 'failed'> | null>,
): Promise<CopyResult | null> {
	const { clock, conversation } = sides.engine;
	const started = clock.monotonic();
	const { written, ...counting } = countingOf(sides.engine, record);
	const result = (outcome: CopyResult['outcome'], error: CopyResult['error']): CopyResult => ({
		id: record.id,
		outcome,
		bytes: written(),
		durationMs: Math.round(clock.monotonic() - started),
		error,
	});
	try {
		const outcome = await work({ ...sides, record, ...counting });
		return outcome && result(outcome, null);
	} catch (thrown) {
		conversation.signal.throwIfAborted();
		const error = toBackupError(thrown);
		if (endsAll.has(error.code)) throw error;
		return result('failed', reportOf(error));
	}
}
