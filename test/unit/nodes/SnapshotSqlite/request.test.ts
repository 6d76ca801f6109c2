import { snapshotRequest } from '../../../../nodes/SnapshotSqlite/request';
import { fieldsIn } from '../../../../nodes/shared/fields';

const panel = {
	placeType: 'volume',
	volume: { __rl: true, mode: 'list', value: 'app_data' },
	job: 'sqlite',
	databasesBy: 'all',
	options: {},
};
const request = (changes: object = {}) => snapshotRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		job: 'sqlite',
		compression: { algorithm: 'zstd', level: 1 },
		encrypt: true,
		tags: [],
		lockWaitMs: 0,
		place: { type: 'volume', name: 'app_data' },
		paths: [],
		busyLimitMs: 60_000,
	});
});

test.each([
	[{ volume: 'by_expression' }, { place: { type: 'volume', name: 'by_expression' } }],
	[{ placeType: 'directory', directory: '/srv/app' }, { place: { type: 'directory', name: '/srv/app' } }],
	[{ databasesBy: 'list', files: ['a.db', ' b.db'] }, { paths: ['a.db', ' b.db'] }],
	[{ databasesBy: 'path', paths: 'data/a.db\n /b, c.db' }, { paths: ['data/a.db', 'b, c.db'] }],
	[{ files: ['left over'], paths: 'left over' }, { paths: [] }],
	[{ options: { busyLimit: 0 } }, { busyLimitMs: 0 }],
	[{ options: { busyLimit: 5, encrypt: false } }, { busyLimitMs: 5000, encrypt: false }],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	[{ job: '' }],
	[{ volume: { __rl: true, mode: 'list', value: '' } }],
	[{ placeType: 'elsewhere' }],
	[{ placeType: 'directory', directory: 'srv/app' }],
	[{ placeType: 'directory', directory: '' }],
	[{ databasesBy: 'list', files: [] }],
	[{ databasesBy: 'path', paths: '\n' }],
	[{ options: { busyLimit: -1 } }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
