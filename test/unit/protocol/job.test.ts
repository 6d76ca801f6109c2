import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommitFrame, parseGoFrame, parseJob, parseKeysFrame, type Job } from '../../../protocol/job';
import { parseRecord } from '../../../protocol/record';

const base = { version: 1, runId: 'r', location: { type: 'directory', path: '/repository' } } as const;
const backup: Job = {
	...base,
	verb: 'backup',
	job: 'nightly',
	host: 'docker1',
	archives: [
		{
			id: 'nightly-20260131T030000Z-1f2e',
			archiveId: 'f'.repeat(32),
			series: 'volumes',
			kind: 'volume',
			sources: [{ type: 'volume', name: 'a', path: '/sources/volumes/a' }],
		},
	],
	exclude: ['*.log'],
	compression: { algorithm: 'zstd', level: 1 },
	encrypt: true,
	lockWaitMs: 0,
};
const jobs: Job[] = [
	backup,
	{ ...base, verb: 'list', job: null, id: null },
	{ ...base, verb: 'verify', job: 'nightly', id: null },
	{ ...base, verb: 'restore', mode: 'volume', targets: [{ source: 'a', path: '/targets/volumes/a' }] },
	{ ...base, verb: 'probe', write: true },
];
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test.each(jobs.map((job) => [job.verb, job] as const))('a %s job survives its frame', (_verb, job) => {
	expect(parseJob(bytes(job))).toEqual(job);
});

test.each([
	['another version', { ...backup, version: 2 }, 'protocol_violation'],
	['a path as job name', { ...backup, job: '../x' }, 'invalid_job_name'],
	['an unknown verb', { ...backup, verb: 'format' }, 'protocol_violation'],
	['an unknown location', { ...backup, location: { type: 'floppy' } }, 'protocol_violation'],
	[
		'a short archive id',
		{ ...backup, archives: [{ ...backup.archives[0], archiveId: 'ff' }] },
		'protocol_violation',
	],
	['level 0', { ...backup, compression: { algorithm: 'zstd', level: 0 } }, 'protocol_violation'],
	['no object', [], 'protocol_violation'],
])('%s is refused', (_what, job, code) => {
	expect(() => parseJob(bytes(job))).toThrow(expect.objectContaining({ code }));
});

test('control frames come back', () => {
	const record = parseRecord(
		JSON.parse(readFileSync(join(__dirname, '../../vectors/record-v1.json'), 'utf8')),
	);
	const keys = { create: null, kdf: record.kdf, keyId: record.keyId, keys: [{ id: 'x', key: 'a2V5' }] };
	expect(parseKeysFrame(bytes(keys))).toEqual(keys);
	const go = {
		closeRuns: [{ id: 'x', recordText: 'text' }],
		archives: [{ record, key: null }],
		level: 'deep',
	};
	expect(parseGoFrame(bytes(go))).toEqual(go);
	expect(parseCommitFrame(bytes({ id: 'x', recordText: 'text' }))).toEqual({ id: 'x', recordText: 'text' });
	expect(() => parseCommitFrame(Buffer.from('{'))).toThrow(
		expect.objectContaining({ code: 'protocol_violation' }),
	);
});
