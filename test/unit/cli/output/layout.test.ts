import { pairs, printable, table } from '../../../../cli/output/layout';

test('columns are aligned, rows end without spaces', () => {
	const columns = [
		{ title: 'name', align: 'left', cell: (row: string[]) => row[0] ?? '' },
		{ title: 'n', align: 'right', cell: (row: string[]) => row[1] ?? '' },
		{ title: 'last', align: 'left', cell: (row: string[]) => row[2] ?? '' },
	] as const;
	const rows = [
		['a', '1', ''],
		['longer than', '1,000', 'x'],
		['\u00fc\ud83d\ude00', '22', 'y'],
	];
	expect(table(columns, rows)).toBe(
		[
			'name             n  last',
			'a                1',
			'longer than  1,000  x',
			'\u00fc\ud83d\ude00              22  y',
			'',
		].join('\n'),
	);
});

test('pairs', () => {
	expect(
		pairs([
			['a', '1'],
			['longer', '2\n3'],
		]),
	).toBe('a       1\nlonger  2\\x0a3\n');
	expect(pairs([])).toBe('');
});

test.each([
	['plain \u00fc \u4e2d \ud83d\ude00', 'plain \u00fc \u4e2d \ud83d\ude00'],
	['\u001b[2J', '\\x1b[2J'],
	['a\r\nb\tc\u0000', 'a\\x0d\\x0ab\\x09c\\x00'],
	['\u009b31m', '\\x9b31m'],
	['\u202etxt.exe', '\\u{202e}txt.exe'],
	['\u2028', '\\u{2028}'],
	['\ud800', '\\u{d800}'],
])('printable %j', (text, shown) => {
	expect(printable(text)).toBe(shown);
});
