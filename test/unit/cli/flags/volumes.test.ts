import { directoriesOf, volumesOf } from '../../../../cli/flags/volumes';

const none = { label: [], project: [], all: false, except: [], directory: [] };

test.each([
	[['a', 'b'], {}, ['a', 'b']],
	[['a', 'b'], { except: ['b'] }, { by: 'name', names: ['a', 'b'], except: ['b'] }],
	[[], { label: ['x', 'y=1'] }, { by: 'label', labels: ['x', 'y=1'], except: [] }],
	[
		[],
		{ project: ['shop'], except: ['*_cache'] },
		{ by: 'project', projects: ['shop'], except: ['*_cache'] },
	],
	[[], { all: true }, { by: 'all', except: [] }],
	[[], { directory: ['/srv'] }, []],
])('%j with %j', (names, flags, expected) => {
	expect(volumesOf(names, { ...none, ...flags })).toEqual(expected);
});

test.each([
	[[], {}, /NAME of a volume is missing/],
	[[], { except: ['a'] }, /NAME of a volume is missing/],
	[['a'], { all: true }, /exclude each other/],
	[[], { label: ['a'], project: ['b'] }, /exclude each other/],
])('%j with %j is a mistake', (names, flags, message) => {
	expect(() => volumesOf(names, { ...none, ...flags })).toThrow(
		expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
	);
});

test('a relative directory starts from where the command is', () => {
	const flags = { ...none, directory: ['data', '/srv'] };
	expect(directoriesOf(flags, { directory: '/home/me' })).toEqual(['/home/me/data', '/srv']);
});
