import { fieldsIn } from '../../../../nodes/shared/fields';

const of = (value: unknown) => fieldsIn({ it: value }, 'all');

test.each([
	['  x ', 'x'],
	[undefined, ''],
	[null, ''],
	[7, '7'],
	[{ __rl: true, mode: 'list', value: 'nightly' }, 'nightly'],
	[{ __rl: true, mode: 'list', value: '' }, ''],
])('text of %j', (value, text) => {
	expect(of(value).text('it', 'It')).toBe(text);
});

test('exact text keeps its spaces', () => {
	expect(of(' a b ').text('it', 'It', { exact: true })).toBe(' a b ');
});

test.each([[['a']], [true], [{ value: 'x' }]])('%j is no text', (value) => {
	expect(() => of(value).text('it', 'It')).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test('what is required is not blank', () => {
	expect(of(' x ').required('it', 'It')).toBe('x');
	expect(() => of('  ').required('it', 'Job Name', 'Name it.')).toThrow(
		expect.objectContaining({ code: 'invalid_parameter', message: '"Job Name" is empty', hint: 'Name it.' }),
	);
});

test.each([
	['app, db', ['app', 'db']],
	['app\ndb,, ', ['app', 'db']],
	[
		['app', ' db ', ''],
		['app', 'db'],
	],
	['', []],
	[undefined, []],
	[null, []],
])('names of %j', (value, names) => {
	expect(of(value).names('it', 'It')).toEqual(names);
});

test.each([
	['app, db', ['app', 'db']],
	[
		[' a, b ', '', 'db'],
		[' a, b ', 'db'],
	],
	[[], []],
	[undefined, []],
])('exact names of %j', (value, names) => {
	expect(of(value).exactNames('it', 'It')).toEqual(names);
});

test('what is absent reads as the default that is given', () => {
	for (const absent of [undefined, null]) {
		expect(of(absent).flag('it', 'It')).toBe(false);
		expect(of(absent).flag('it', 'It', true)).toBe(true);
		expect(of(absent).oneOf('it', 'It', ['a', 'b'], 'b')).toBe('b');
		expect(() => of(absent).oneOf('it', 'It', ['a', 'b'])).toThrow('not one of a, b');
	}
	expect(of(false).flag('it', 'It', true)).toBe(false);
	expect(of('a').oneOf('it', 'It', ['a', 'b'], 'b')).toBe('a');
});

test('lines keep their commas', () => {
	expect(of('*.{a,b}\n*/cache/*\n').lines('it', 'It')).toEqual(['*.{a,b}', '*/cache/*']);
	expect(of(['*.{a,b}']).lines('it', 'It')).toEqual(['*.{a,b}']);
});

test('a list of other things than texts is refused', () => {
	expect(() => of([{ name: 'app' }]).names('it', 'Volumes')).toThrow(
		'"Volumes" is of type object, not a text',
	);
});

test.each([
	[3, 3],
	['3', 3],
	[0, 0],
	[undefined, 9],
	[null, 9],
])('whole number of %j', (value, number) => {
	expect(of(value).whole('it', 'It', 0, 9)).toBe(number);
});

test.each([[-1], [1.5], [NaN], ['x'], ['-1'], [''], [2 ** 53], [true]])(
	'%j is no whole number of at least 0',
	(value) => {
		expect(() => of(value).whole('it', 'It', 0, 9)).toThrow(
			expect.objectContaining({ code: 'invalid_parameter' }),
		);
	},
);

test('the least whole number is allowed, the one below is not', () => {
	expect(of(32).whole('it', 'It', 32, 64)).toBe(32);
	expect(() => of(31).whole('it', 'It', 32, 64)).toThrow('"It" is 31, not a whole number of at least 32');
});

test('flags are booleans only', () => {
	expect(of(true).flag('it', 'It')).toBe(true);
	expect(of(undefined).flag('it', 'It')).toBe(false);
	expect(() => of('true').flag('it', 'It')).toThrow('"It" is of type string, not true or false');
});

test('one of several', () => {
	expect(of('b').oneOf('it', 'It', ['a', 'b'])).toBe('b');
	expect(() => of('c').oneOf('it', 'It', ['a', 'b'])).toThrow('"It" is of type string, not one of a, b');
	expect(() => of(undefined).oneOf('it', 'It', ['a', 'b'])).toThrow(
		expect.objectContaining({ code: 'invalid_parameter' }),
	);
});

test('groups of a collection with several entries', () => {
	const groups = of({ keys: [{ value: 'a' }, { value: 'b' }] }).groups('it', 'keys', 'It');
	expect(groups.map((group) => group.text('value', 'Value'))).toEqual(['a', 'b']);
	expect(of({}).groups('it', 'keys', 'It')).toEqual([]);
	expect(of(undefined).groups('it', 'keys', 'It')).toEqual([]);
	expect(() => of({ keys: 'x' }).groups('it', 'keys', 'It')).toThrow('"It" is not a list');
});

test('a text in the wrong field is never quoted: it may be a secret', () => {
	expect(() => of('hunter2').flag('it', 'It')).toThrow(expect.not.stringContaining('hunter2'));
	expect(() => of('hunter2').whole('it', 'It', 0, 0)).toThrow(expect.not.stringContaining('hunter2'));
	expect(() => of('hunter2').group('it', 'It')).toThrow(expect.not.stringContaining('hunter2'));
});
