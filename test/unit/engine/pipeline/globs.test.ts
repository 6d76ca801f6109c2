import { parseGlob } from '../../../../engine/pipeline/globs';

const path = (text: string) => Buffer.from(text);

test.each<[glob: string, matching: string[], others: string[]]>([
	['conf/app.ini', ['conf/app.ini'], ['conf', 'conf/app.ini/x', 'conf/app.inix', 'xconf/app.ini', '']],
	['/conf/', ['conf'], ['conf/x']],
	['/', [''], ['a']],
	['*', ['a', '.hidden', 'a b', 'ü'], ['', 'a/b']],
	['*.conf', ['a.conf', '.conf'], ['a.conf2', 'd/a.conf']],
	['a*b*c', ['abc', 'aXbYc', 'abbcc'], ['ab', 'acb']],
	['?', ['a', 'ü', '€', '😀'], ['ab', '']],
	['a?c', ['abc', 'aüc'], ['ac', 'a/c']],
	['**', ['', 'a', 'a/b/c'], []],
	['**/x', ['x', 'a/x', 'a/b/x'], ['a/xx', 'x/a']],
	['a/**/x', ['a/x', 'a/b/x', 'a/b/c/x'], ['x', 'b/a/x']],
	['a/**', ['a', 'a/b', 'a/b/c'], ['b', 'ab']],
	['**/*.log', ['a.log', 'b/c/d.log'], ['a.log/x']],
	['**/**/x', ['x', 'a/x'], ['y']],
	['\\*', ['*'], ['a']],
	['a\\?*', ['a?', 'a?b'], ['ab']],
	['[ab].(c)+$', ['[ab].(c)+$'], ['a.c']],
	['a\\', ['a\\'], ['a']],
])('%j', (glob, matching, others) => {
	const { matches } = parseGlob(glob);
	expect(matching.filter((text) => !matches(path(text)))).toEqual([]);
	expect(others.filter((text) => matches(path(text)))).toEqual([]);
});

test('a path covers what is below it', () => {
	const { covers } = parseGlob('a/*');
	expect(['a/b', 'a/b/c', 'a/b/c/d'].every((text) => covers(path(text)))).toBe(true);
	expect(['', 'a', 'b/c'].some((text) => covers(path(text)))).toBe(false);
	expect(parseGlob('/').covers(path('anything/at/all'))).toBe(true);
});

test('bytes that are no UTF-8', () => {
	const odd = Buffer.from([0x61, 0xff, 0x62]);
	expect(parseGlob('a?b').matches(odd)).toBe(true);
	expect(parseGlob('a*').matches(odd)).toBe(true);
	expect(parseGlob('ab').matches(odd)).toBe(false);
});

test.each([
	['a/b/*.c', 'a/b', false],
	['a/b', 'a/b', true],
	['**/a', '', false],
	['a\\*/b?', 'a*', false],
])('%s can only match in %j', (glob, folder, literal) => {
	expect(parseGlob(glob)).toMatchObject({ literal });
	expect(parseGlob(glob).folder.toString()).toBe(folder);
});

test.each(['', '..', 'a/../b', './a', 'a\0b', 'x'.repeat(5000)])('%j is refused', (glob) => {
	expect(() => parseGlob(glob)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test('many wildcards take no longer than the path is long', () => {
	const { matches } = parseGlob(`${'**/'.repeat(50)}x`);
	expect(matches(path('a/'.repeat(500)))).toBe(false);
	expect(parseGlob('*a'.repeat(15)).matches(path('b'.repeat(200)))).toBe(false);
});
