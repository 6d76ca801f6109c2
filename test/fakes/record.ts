/** A record of a small sound backup, with whatever a test wants different. */
import type { BackupRecord } from '../../protocol/record';

export function sampleRecord(changes: Partial<BackupRecord> = {}): BackupRecord {
	const id = changes.id ?? 'nightly-20260131T030000Z-1f2e';
	const job = changes.job ?? 'nightly';
	const path = `jobs/${job}/${id}.tar.zst`;
	const sha256 = 'ab'.repeat(32);
	return {
		version: 1,
		id,
		runId: 'run-1',
		job,
		series: 'data',
		seq: 1,
		kind: 'volume',
		status: 'success',
		startedAt: '2026-01-31T03:00:00.000Z',
		finishedAt: '2026-01-31T03:00:01.000Z',
		durationMs: 1000,
		sizeBytes: 3,
		checksum: sha256,
		contentBytes: 10240,
		contentChecksum: null,
		entries: 1,
		filePath: path,
		files: [{ role: 'archive', path, size: 3, sha256 }],
		compression: { algorithm: 'zstd', level: 1 },
		encrypted: false,
		keyId: null,
		kdf: null,
		archiveId: '0f'.repeat(16),
		consistency: 'live',
		downtimeMs: 0,
		host: 'host-a',
		sources: [{ type: 'volume', name: 'data' }],
		tags: [],
		warnings: [],
		warningsOmitted: 0,
		anomaly: null,
		workflow: null,
		error: null,
		...changes,
	};
}

/** The record of a run that failed: it names no bytes. */
export function failedRecord(changes: Partial<BackupRecord> = {}): BackupRecord {
	return sampleRecord({
		status: 'failed',
		sizeBytes: 0,
		checksum: null,
		filePath: null,
		files: [],
		error: { code: 'run_interrupted', message: 'the run was interrupted', hint: null },
		...changes,
	});
}
