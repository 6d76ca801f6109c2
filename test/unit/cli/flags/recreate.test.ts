import { recreateOf } from '../../../../cli/flags/recreate';

test.each([
	[{ recreate: false, 'no-recreate': false }, 'original'],
	[{ recreate: true, 'no-recreate': false }, 'always'],
	[{ recreate: false, 'no-recreate': true }, 'never'],
])('%j', (flags, expected) => {
	expect(recreateOf(flags)).toBe(expected);
});

test('both are a mistake', () => {
	expect(() => recreateOf({ recreate: true, 'no-recreate': true })).toThrow(/exclude each other/);
});
