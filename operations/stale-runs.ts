/** The failed record of a run that ended without one: its engine was killed or its machine went down. */
import type { StaleRun } from '../protocol/events';
import type { BackupRecord } from '../protocol/record';

/** `now` in milliseconds; when the run really ended nobody knows, so that is when it was found. */
export function closingRecord(run: StaleRun, now: number): BackupRecord {
	return {
		version: 1,
		id: run.id,
		runId: run.runId,
		job: run.job,
		series: run.series,
		seq: run.seq,
		kind: run.kind,
		status: 'failed',
		startedAt: run.startedAt,
		finishedAt: new Date(now).toISOString(),
		durationMs: Math.max(0, now - Date.parse(run.startedAt)),
		sizeBytes: 0,
		checksum: null,
		contentBytes: 0,
		contentChecksum: null,
		entries: null,
		filePath: null,
		files: [],
		compression: { algorithm: 'none', level: null },
		encrypted: false,
		keyId: null,
		kdf: null,
		archiveId: run.archiveId,
		consistency: 'live',
		downtimeMs: 0,
		host: run.host,
		sources: [],
		tags: [],
		warnings: [],
		warningsOmitted: 0,
		anomaly: null,
		workflow: null,
		error: {
			code: 'run_interrupted',
			message: `the run ${run.runId} ended without a word`,
			hint: 'n8n, the runner or the host was stopped in the middle of it; what it had written was removed.',
		},
	};
}
