import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
	parseCommitFrame,
	parseGoFrame,
	parseJob,
	parseKeysFrame,
	type BackupJob,
	type Job,
} from '../../../protocol/job';
import type { S3Location } from '../../../protocol/location';
import { parseRecord } from '../../../protocol/record';

const base = {
	version: 1,
	runId: 'r',
	location: { type: 'directory', path: '/repository' },
	scratch: null,
} as const;
const s3: S3Location = {
	type: 's3',
	endpoint: 'https://s3.example',
	region: 'us-east-1',
	bucket: 'backups',
	prefix: 'a/b',
	pathStyle: true,
	ca: null,
	accessKeyId: 'k',
	secretAccessKey: 's',
	sessionToken: null,
	storageClass: 'STANDARD_IA',
	serverSideEncryption: { algorithm: 'aws:kms', keyId: null },
	objectLock: { mode: 'GOVERNANCE', days: 30 },
	versions: false,
};
const id = 'nightly-20260131T030000Z-1f2e';
const backup: BackupJob = {
	...base,
	verb: 'backup',
	job: 'nightly',
	host: 'docker1',
	archives: [
		{
			id,
			archiveId: 'f'.repeat(32),
			series: 'volumes',
			kind: 'volume',
			sources: [{ type: 'volume', name: 'a', path: '/sources/volumes/a' }],
			expectedBytes: null,
		},
	],
	exclude: ['*.log'],
	compression: { algorithm: 'zstd', level: 1 },
	encrypt: true,
	lockWaitMs: 0,
	quiesced: false,
	busyLimitMs: 0,
};
const [plan] = backup.archives;
const labelled: BackupJob = {
	...backup,
	archives: [
		{
			...plan!,
			sources: [
				{
					type: 'volume',
					name: 'a',
					path: '/sources/volumes/a',
					volume: { driver: 'local', options: { type: 'tmpfs' }, labels: { project: 'shop' } },
				},
			],
			warnings: [{ code: 'volume_option_masked', message: 'o=password is left out', path: null }],
		},
	],
};
const jobs: Job[] = [
	backup,
	{ ...base, verb: 'list', job: null, id: null, limit: 50 },
	{ ...base, verb: 'verify', job: 'nightly', id: null },
	{
		...base,
		verb: 'restore',
		mode: 'volume',
		targets: [{ source: 'a', path: '/targets/volumes/a' }],
		paths: ['etc/*.conf'],
		into: 'old',
		over: 'empty',
		salvage: false,
		dryRun: true,
	},
	{ ...base, verb: 'browse', id, volumes: ['a'], under: 'etc', patterns: ['**'], offset: 5, limit: null },
	{
		...base,
		verb: 'compare',
		id,
		other: null,
		sources: [{ type: 'directory', name: 'a', path: '/sources/volumes/a' }],
		exclude: ['*.log'],
	},
	{ ...base, verb: 'compare', id, other: 'nightly-20260201T030000Z-9a0b', sources: [], exclude: [] },
	{ ...base, verb: 'probe', write: true },
	{
		...base,
		scratch: '/scratch',
		verb: 'copy',
		job: null,
		id,
		target: s3,
		host: 'h',
		lockWaitMs: 5,
		readBack: true,
	},
	{ ...base, location: s3, verb: 'delete', job: 'nightly', ids: [id], host: 'h', lockWaitMs: 0 },
	{ ...base, verb: 'note', id },
	{ ...base, verb: 'read', id },
	{ ...base, verb: 'stream', id },
	{ ...base, verb: 'link', id, expiresInSeconds: 60 },
	{ ...base, verb: 'doctor', job: 'nightly' },
	{ ...base, verb: 'adopt', job: 'nightly', id, host: 'h', lockWaitMs: 0 },
	labelled,
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
	[
		'a lock of no days',
		{ ...backup, location: { ...s3, objectLock: { mode: 'COMPLIANCE', days: 0 } } },
		'protocol_violation',
	],
	['an unknown way to overwrite', { ...jobs[3], over: 'merge' }, 'protocol_violation'],
	['an id that leads elsewhere', { ...base, verb: 'read', id: '../x' }, 'record_not_found'],
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
		recorded: [id],
		facts: [{ job: 'nightly', id, name: 'hold', ulid: '01KAJ0Z9M0ABCDEFGHJKMNPQRS', text: 'x' }],
		finish: [{ id, ulid: '01KAJ0Z9M0ABCDEFGHJKMNPQRS' }],
		withdraw: [{ id, ulid: '01KAJ0Z9M0ABCDEFGHJKMNPQRT' }],
	};
	expect(parseGoFrame(bytes(go))).toEqual(go);
	expect(parseCommitFrame(bytes({ id: 'x', recordText: 'text' }))).toEqual({ id: 'x', recordText: 'text' });
	expect(() => parseCommitFrame(Buffer.from('{'))).toThrow(
		expect.objectContaining({ code: 'protocol_violation' }),
	);
});
