/** A sound record, to be changed by spreading over it. */
import { type BackupRecord } from '../../../operations/index';

const checksum = 'ab'.repeat(32);
const filePath = 'jobs/nightly/nightly-20260131T030000Z-1f2e.tar.zst.enc';

export const exampleRecord: BackupRecord = {
	version: 1,
	id: 'nightly-20260131T030000Z-1f2e',
	runId: '00112233aabbccdd',
	job: 'nightly',
	series: 'volumes',
	seq: 7,
	kind: 'volume',
	status: 'success',
	startedAt: '2026-01-31T03:00:00.000Z',
	finishedAt: '2026-01-31T03:00:02.500Z',
	durationMs: 2500,
	sizeBytes: 1234,
	checksum,
	contentBytes: 5678,
	contentChecksum: null,
	entries: 3,
	filePath,
	files: [{ role: 'archive', path: filePath, size: 1234, sha256: checksum }],
	compression: { algorithm: 'zstd', level: 1 },
	encrypted: true,
	keyId: '0123456789abcdef',
	kdf: { id: 'raw', logN: 0, salt: '0'.repeat(32) },
	archiveId: 'cd'.repeat(16),
	consistency: 'live',
	downtimeMs: 0,
	host: 'docker1',
	sources: [{ type: 'volume', name: 'app' }],
	tags: [],
	warnings: [],
	warningsOmitted: 0,
	anomaly: null,
	workflow: null,
	error: null,
};

export function failedRecord(id: string, message: string): BackupRecord {
	return {
		...exampleRecord,
		id,
		status: 'failed',
		sizeBytes: 0,
		checksum: null,
		filePath: null,
		files: [],
		error: { code: 'source_unreadable', message, hint: 'Look at the disk.' },
	};
}
