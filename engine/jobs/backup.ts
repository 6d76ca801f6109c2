/**
 * Backup: take the lease, say what was left behind, read the sources, seal, publish after the
 * orchestrator's signature. Archives of one run follow each other; one that fails leaves a failed
 * record and the next goes on. An orchestrator that is gone leaves the run marker, for the next run.
 */
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';
import {
	parseCommitFrame,
	parseGoFrame,
	type ArchivePlan,
	type BackupJob,
	type GoFrame,
	type KeysFrame,
} from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import type { Engine } from '../environment';
import { objectKeys, type SealedArchive } from '../pipeline/archive';
import { draftRecord } from '../pipeline/draft-record';
import { holdsEntries } from '../pipeline/record-files';
import { collectWarnings } from '../pipeline/warnings';
import { writePlan } from '../pipeline/write-plan';
import { recordKeyOf } from '../repository/layout';
import { acquireLease, type Lease } from '../repository/lease';
import { packInPassing } from '../repository/record-packs';
import { cleanUpRun, removeRunMarker, staleRuns, writeRunMarker, type RunMarker } from '../repository/runs';
import { requireGnuTar } from '../sources/gnu-tar';
import { preScan } from '../sources/pre-scan';
import { requireSources } from '../sources/volumes';
import { meetRepository } from './meet';

export async function backUp(job: BackupJob, engine: Engine): Promise<void> {
	const { conversation, storage, clock } = engine;
	const tars = job.archives.filter(({ kind }) => holdsEntries(kind));
	if (tars.length > 0) await requireGnuTar();
	const keys = await meetRepository(engine);
	requireKeys(job, keys);
	const lease = await acquireLease(storage, job.job, {
		runId: job.runId,
		host: job.host,
		waitMs: job.lockWaitMs,
		clock,
		signal: conversation.signal,
	});
	let failure: unknown;
	let bytes = 0;
	let entries = 0;
	try {
		const stale = await staleRuns(storage, job.job, lease, conversation.signal);
		for (const plan of tars) await requireSources(plan.sources);
		const totals = await totalsOf(job, engine);
		conversation.say({ event: 'ready', seq: lease.generation, staleRuns: stale });
		const go = parseGoFrame(await conversation.receive('go'));
		await closeRuns(engine, stale, go, lease);
		for (const plan of job.archives) {
			const record = await backUpOne(engine, job, plan, keys, lease, totals.get(plan.id) ?? null);
			bytes += record.contentBytes;
			entries += record.entries ?? 0;
		}
		await packInPassing(storage, job.job, lease.generation, conversation.signal);
	} catch (error) {
		failure = error;
	}
	try {
		await lease.release();
	} catch (error) {
		failure = joinErrors(failure, error);
	}
	if (failure !== undefined) throw failure;
	conversation.say({ event: 'done', entries, bytes });
}

/**
 * How much each archive will hold, where the storage must know before: S3 takes an object in equal parts. It is
 * found out before `ready`, so before anybody stops a container for the reading.
 */
async function totalsOf(job: BackupJob, { conversation }: Engine): Promise<Map<string, number | null>> {
	const totals = new Map<string, number | null>();
	if (job.location.type !== 's3') return totals;
	for (const plan of job.archives) {
		const { id, kind } = plan;
		if (!holdsEntries(kind)) continue;
		conversation.say({ event: 'phase', name: 'measuring', id });
		totals.set(id, await preScan(plan, job.exclude, conversation.signal));
	}
	return totals;
}

/** Marker → write → sealed → signature → publish → record → marker gone. Returns the record that was stored. */
async function backUpOne(
	engine: Engine,
	job: BackupJob,
	plan: ArchivePlan,
	keys: KeysFrame,
	lease: Lease,
	bytesTotal: number | null,
): Promise<BackupRecord> {
	const { conversation, storage, clock } = engine;
	const warnings = collectWarnings((warning) => conversation.say({ event: 'warning', ...warning }));
	for (const warning of plan.warnings ?? []) warnings.add(warning);
	const startedAt = clock.now();
	const started = clock.monotonic();
	const marker = markerOf(job, plan, lease, startedAt);
	await writeRunMarker(storage, marker);
	const describe = (archive: SealedArchive | null, error: BackupError | null): BackupRecord =>
		draftRecord({
			job,
			plan,
			keys,
			seq: lease.generation,
			startedAt,
			durationMs: clock.monotonic() - started,
			archive,
			error,
			warnings,
		});

	const onSourceRead = () => conversation.say({ event: 'source-read', id: plan.id });
	let archive: SealedArchive | undefined;
	try {
		if (job.quiesced) {
			conversation.say({ event: 'about-to-read', id: plan.id });
			await conversation.receive('go');
		}
		conversation.say({ event: 'phase', name: 'reading', id: plan.id });
		archive = await writePlan(engine, job, plan, keys, { warnings, bytesTotal, onSourceRead });
		const draft = describe(archive, null);
		conversation.say({ event: 'sealed', record: draft });
		const commit = parseCommitFrame(await conversation.receive('commit'));
		conversation.signal.throwIfAborted();
		await lease.check();
		await archive.publish();
		await storeRecord(engine, draft, commit.recordText);
		await forgetRun(engine, marker);
		return draft;
	} catch (thrown) {
		const error = conversation.signal.aborted
			? toBackupError(conversation.signal.reason)
			: toBackupError(thrown);
		await archive?.abort();
		if (conversation.gone) throw error;
		const draft = describe(null, error);
		conversation.say({ event: 'failed', record: draft });
		const commit = parseCommitFrame(await conversation.receive('commit'));
		await storeRecord(engine, draft, commit.recordText);
		await cleanUpRun(storage, marker);
		if (conversation.signal.aborted || error.code === 'lease_lost') throw error;
		return draft;
	}
}

/** A record that is there already was put by the run that took this job over. */
async function storeRecord(
	{ conversation, storage }: Engine,
	{ job, id }: BackupRecord,
	text: string,
): Promise<void> {
	const stored = await storage.put(recordKeyOf(job, id), Buffer.from(text));
	if (stored === 'exists')
		throw new BackupError('lease_lost', `another run closed ${id} while it was being written`);
	conversation.say({ event: 'stored', id });
}

/** The record is stored and the run a success: a marker that stays is the next run's to remove. */
async function forgetRun({ conversation, storage }: Engine, marker: RunMarker): Promise<void> {
	try {
		await removeRunMarker(storage, marker);
	} catch (error) {
		const { message } = toBackupError(error);
		conversation.say({ event: 'warning', code: 'run_marker_left', message, path: null });
	}
}

/** Stores the records that say how the stale runs ended, and removes what they left. */
async function closeRuns(
	{ storage }: Engine,
	stale: readonly RunMarker[],
	go: GoFrame,
	lease: Lease,
): Promise<void> {
	for (const marker of stale) {
		await lease.check();
		const closing = go.closeRuns.find((candidate) => candidate.id === marker.id);
		await cleanUpRun(storage, marker, { recordText: closing?.recordText });
	}
}

function requireKeys(job: BackupJob, keys: KeysFrame): void {
	if (!job.encrypt) return;
	const missing = job.archives.find((plan) => !keys.keys.some((key) => key.id === plan.id));
	if (missing || keys.kdf === null || keys.keyId === null) {
		throw new BackupError('key_missing', `no key came for archive ${missing?.id ?? ''}`);
	}
}

function markerOf(job: BackupJob, plan: ArchivePlan, lease: Lease, startedAt: number): RunMarker {
	const { archive, index } = objectKeys(job, plan);
	return {
		id: plan.id,
		runId: job.runId,
		job: job.job,
		series: plan.series,
		seq: lease.generation,
		kind: plan.kind,
		archiveId: plan.archiveId,
		startedAt: new Date(startedAt).toISOString(),
		host: job.host,
		writer: 'backup',
		objects: [archive, index],
	};
}
