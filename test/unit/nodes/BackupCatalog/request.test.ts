import { entryJson } from '../../../../nodes/BackupCatalog/entry-json';
import { catalogRequest } from '../../../../nodes/BackupCatalog/request';
import { fieldsIn } from '../../../../nodes/shared/fields';
import { exampleRecord } from '../example-record';

const request = (panel: object) => catalogRequest(fieldsIn(panel, 'panel'));

test.each([
	[
		{ operation: 'getAll', job: { __rl: true, mode: 'list', value: '' }, returnAll: false, limit: 50 },
		{ job: null, limit: 50 },
	],
	[
		{ operation: 'getAll', job: 'nightly', returnAll: true },
		{ job: 'nightly', limit: null },
	],
	[
		{ operation: 'getAll', returnAll: false, limit: 1 },
		{ job: null, limit: 1 },
	],
	[{ operation: 'get', record: { __rl: true, mode: 'id', value: 'x' } }, { id: 'x' }],
	[
		{ operation: 'download', record: 'x', sizeLimit: 1, binaryProperty: 'file' },
		{ selection: { by: 'id', id: 'x' }, sizeLimit: 1_000_000, allowUnsigned: false, field: 'file' },
	],
	[
		{ operation: 'link', record: 'x', expiresIn: 10_080, options: { allowUnsigned: true } },
		{ selection: { by: 'id', id: 'x' }, expiresInSeconds: 604_800, allowUnsigned: true },
	],
	[{ operation: 'link', record: 'x', expiresIn: 1 }, { expiresInSeconds: 60 }],
	[
		{ operation: 'delete', recordIds: 'x' },
		{ ids: ['x'], reason: '', lockWaitMs: 0 },
	],
	[
		{ operation: 'delete', recordIds: ' x, y\nx,', reason: 'why', options: { lockWait: 2 } },
		{ ids: ['x', 'y'], reason: 'why', lockWaitMs: 2000 },
	],
	[
		{ operation: 'hold', record: 'x', reason: ' why ' },
		{ id: 'x', reason: 'why' },
	],
	[
		{ operation: 'release', record: 'x' },
		{ id: 'x', reason: '' },
	],
	[{ operation: 'check', job: '' }, { job: null }],
	[{ operation: 'check', job: 'nightly' }, { job: 'nightly' }],
	[
		{ operation: 'adopt', jobName: 'nightly', archiveId: 'x', options: { lockWait: 1 } },
		{ job: 'nightly', id: 'x', lockWaitMs: 1000 },
	],
])('%j', (panel, expected) => {
	expect(request(panel)).toMatchObject(expected);
});

test.each([
	[{ operation: 'get', record: '' }],
	[{ operation: 'getAll', returnAll: false, limit: 0 }],
	[{ operation: 'delete' }],
	[{ operation: 'delete', recordIds: ' , ' }],
	[{ operation: 'delete', record: 'latest' }],
	[{ operation: 'deleteAll' }],
	[{ operation: 'download', record: '', sizeLimit: 1, binaryProperty: 'file' }],
	[{ operation: 'download', record: 'x', sizeLimit: 0, binaryProperty: 'file' }],
	[{ operation: 'download', record: 'x', sizeLimit: 1, binaryProperty: '' }],
	[{ operation: 'link', record: 'x', expiresIn: 0 }],
	[{ operation: 'link', record: 'x', expiresIn: 10_081 }],
	[{ operation: 'hold', record: '' }],
	[{ operation: 'adopt', jobName: 'nightly', archiveId: '' }],
	[{ operation: 'adopt', jobName: '', archiveId: 'x' }],
])('%j is refused', (panel) => {
	expect(() => request(panel)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test('entries as items', () => {
	const { id, job } = exampleRecord;
	const stated = { held: null, deleting: false, verifications: [] } as const;
	expect(
		entryJson({ status: 'success', id, job, trust: 'signed', record: exampleRecord, ...stated }),
	).toEqual({
		...exampleRecord,
		trust: 'signed',
		...stated,
	});
	expect(entryJson({ status: 'unreadable', id, job, ...stated, problem: 'record is not JSON' })).toEqual({
		id,
		job,
		status: 'unreadable',
		problem: 'record is not JSON',
		...stated,
	});
	const run = {
		id,
		runId: 'r',
		job,
		series: 'volumes',
		seq: 1,
		kind: 'volume',
		archiveId: 'cd'.repeat(16),
		startedAt: exampleRecord.startedAt,
		host: 'docker1',
	} as const;
	expect(entryJson({ status: 'running', id, job, run })).toEqual({ ...run, status: 'running' });
});
