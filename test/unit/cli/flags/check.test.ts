import { parseCheck } from '../../../../cli/flags/check';

test.each([
	['select 1 = 1', 'select 1', '=', '1'],
	['select count(*) from t >= 1000', 'select count(*) from t', '>=', '1000'],
	['select count(*) from t where a <= 5 > 3', 'select count(*) from t where a <= 5', '>', '3'],
	['select max(at) from t < 2026-01-31 03:00:00', 'select max(at) from t', '<', '2026-01-31 03:00:00'],
	['  select 1\n  !=  2  ', 'select 1', '!=', '2'],
	['select 1 <> 2', 'select 1', '!=', '2'],
	["select name from t = 'a = b'", 'select name from t', '=', 'a = b'],
	["select name from t where x = 'y' = ''", "select name from t where x = 'y'", '=', ''],
	["select 'it''s' = 'it''s'", "select 'it''s'", '=', "it's"],
	["select 'x = y' = z", "select 'x = y'", '=', 'z'],
	['select a=b from t = t', 'select a=b from t', '=', 't'],
] as const)('%j', (text, statement, comparison, expected) => {
	expect(parseCheck(text)).toEqual({ statement, comparison, expected });
});

test.each(['', ' ', 'select 1', 'select 1 =', '= 1', 'select 1=1', 'select 1 == 1'])(
	'%j has no comparison',
	(text) => {
		expect(() => parseCheck(text)).toThrow(
			expect.objectContaining({ code: 'usage', hint: expect.stringContaining('>= 1000') as string }) as Error,
		);
	},
);
