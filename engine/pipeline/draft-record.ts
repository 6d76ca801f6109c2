/** What the engine knows of an archive, or of why there is none, as a record that still lacks its signature. */
import type { BackupError } from '../../protocol/errors';
import { reportOf } from '../../protocol/events';
import type { ArchivePlan, BackupJob, KeysFrame } from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import type { SealedArchive } from './archive';
import { holdsEntries } from './record-files';
import type { WarningList } from './warnings';

export interface DraftFacts {
	readonly job: BackupJob;
	readonly plan: ArchivePlan;
	readonly keys: KeysFrame;
	readonly seq: number;
	readonly startedAt: number;
	readonly durationMs: number;
	readonly archive: SealedArchive | null;
	readonly error: BackupError | null;
	readonly warnings: WarningList;
}

/** The record but for what only the orchestrator knows: workflow, tags, downtime, and the consistency of volumes. */
export function draftRecord({
	job,
	plan,
	keys,
	seq,
	startedAt,
	durationMs,
	archive,
	error,
	warnings,
}: DraftFacts): BackupRecord {
	const stored = archive?.files.find((file) => file.role === 'archive');
	return {
		version: 1,
		id: plan.id,
		runId: job.runId,
		job: job.job,
		series: plan.series,
		seq,
		kind: plan.kind,
		status: archive ? 'success' : 'failed',
		startedAt: new Date(startedAt).toISOString(),
		finishedAt: new Date(startedAt + durationMs).toISOString(),
		durationMs: Math.round(durationMs),
		sizeBytes: stored?.size ?? 0,
		checksum: stored?.sha256 ?? null,
		contentBytes: archive?.contentBytes ?? 0,
		contentChecksum: archive?.contentChecksum ?? null,
		entries: archive?.entries ?? null,
		filePath: stored?.path ?? null,
		files: archive?.files ?? [],
		compression: job.compression,
		encrypted: job.encrypt,
		keyId: job.encrypt ? keys.keyId : null,
		kdf: job.encrypt ? keys.kdf : null,
		archiveId: plan.archiveId,
		consistency: holdsEntries(plan.kind) ? 'live' : 'snapshot',
		downtimeMs: 0,
		host: job.host,
		sources: plan.sources.map(({ path: _, ...source }) => source),
		tags: [],
		warnings: warnings.kept,
		warningsOmitted: warnings.omitted,
		anomaly: null,
		workflow: null,
		error: error && reportOf(error),
	};
}
