import { sqliteRequest } from '../../../../nodes/Restore/request-sqlite';
import { fieldsIn } from '../../../../nodes/shared/fields';

const id = 'sqlite-20260131T030000Z-1f2e';
const panel = { select: 'id', record: id, placeType: 'original', path: '', fileWay: 'beside', options: {} };
const request = (changes: object = {}) => sqliteRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		selection: { by: 'id', id },
		place: null,
		path: null,
		swap: null,
		allowUnsigned: false,
		dryRun: false,
	});
});

test.each([
	[{ placeType: 'volume', volume: 'app' }, { place: { type: 'volume', name: 'app' } }],
	[{ placeType: 'directory', directory: '/srv' }, { place: { type: 'directory', name: '/srv' } }],
	[{ volume: 'left over' }, { place: null }],
	[{ path: '/data/app.db' }, { path: 'data/app.db' }],
	[
		{ fileWay: 'swap', confirmFile: ' app.db', stopFileUsers: true },
		{ swap: { confirm: ' app.db', stopContainers: true } },
	],
	[{ fileWay: 'swap' }, { swap: { confirm: '', stopContainers: false } }],
	[{ confirmFile: 'app.db' }, { swap: null }],
	[
		{ dryRun: true, options: { allowUnsigned: true } },
		{ dryRun: true, allowUnsigned: true },
	],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	[{ record: '' }],
	[{ placeType: 'elsewhere' }],
	[{ placeType: 'volume', volume: '' }],
	[{ placeType: 'directory', directory: 'srv' }],
	[{ fileWay: 'over' }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
