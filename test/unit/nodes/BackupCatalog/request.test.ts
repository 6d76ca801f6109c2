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
])('%j', (panel, expected) => {
	expect(request(panel)).toMatchObject(expected);
});

test.each([
	[{ operation: 'get', record: '' }],
	[{ operation: 'getAll', returnAll: false, limit: 0 }],
	[{ operation: 'delete' }],
])('%j is refused', (panel) => {
	expect(() => request(panel)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test('entries as items', () => {
	const { id, job } = exampleRecord;
	expect(entryJson({ status: 'success', id, job, trust: 'signed', record: exampleRecord })).toEqual({
		...exampleRecord,
		trust: 'signed',
	});
	expect(entryJson({ status: 'unreadable', id, problem: 'record is not JSON' })).toEqual({
		id,
		status: 'unreadable',
		problem: 'record is not JSON',
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
