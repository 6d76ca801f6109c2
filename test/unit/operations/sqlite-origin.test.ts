import { originOf } from '../../../operations/sqlite/origin';

const record = (place: string, path: string) => ({
	id: 'nightly-20260131T030000Z-1f2e',
	series: `${place}:${path}`,
	sources: [{ type: 'file' as const, name: `${place}/${path}` }],
});
const nothing = { place: null, path: null };

test.each([
	['data', 'app.db', 'volume'],
	['data', 'deep/er:/a:b.db', 'volume'],
	['/srv/app', 'x/app.db', 'directory'],
	['/srv/odd:name', 'x:y/app.db', 'directory'],
])('%s with %s: a file of a %s', (name, path, type) => {
	expect(originOf(record(name, path), nothing)).toEqual({ place: { type, name }, path });
});

test('what is asked for comes first', () => {
	const place = { type: 'volume', name: 'other' } as const;
	expect(originOf(record('data', 'a.db'), { place, path: null })).toEqual({ place, path: 'a.db' });
	expect(originOf(record('data', 'a.db'), { place: null, path: 'b.db' })).toEqual({
		place: { type: 'volume', name: 'data' },
		path: 'b.db',
	});
});

test('a record that does not say it is not guessed at', () => {
	const odd = { ...record('data', 'a.db'), series: 'something' };
	expect(() => originOf(odd, nothing)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
