import { holds, statementCheck, tableChecks } from '../../../../operations/postgres/drill-checks';
import type { DrillCheck } from '../../../../operations/postgres/requests';

const table = (name: string, rows: number | null, schema = 'public') => ({ schema, name, rows });

describe('tables', () => {
	test('as they were dumped', () => {
		expect(
			tableChecks([table('a', 2), table('b', 0)], [table('b', 0), table('a', 2), table('c', 9)]),
		).toEqual([
			{ name: 'tables', pass: true, expected: '2', actual: '2' },
			{ name: 'rows of public.a', pass: true, expected: '2', actual: '2' },
			{ name: 'rows of public.b', pass: true, expected: '0', actual: '0' },
		]);
	});

	test('one is missing, one has other rows, one has the name of another schema', () => {
		const expected = [table('a', 2), table('b', 3), table('c', null), table('a', 1, 's')];
		expect(tableChecks(expected, [table('a', 2, 's'), table('b', 2), table('c', null)])).toEqual([
			{ name: 'tables', pass: false, expected: '4', actual: '3' },
			{ name: 'table public.a', pass: false, expected: 'to be there', actual: 'it is missing' },
			{ name: 'rows of public.b', pass: false, expected: '3', actual: '2' },
			{ name: 'rows of s.a', pass: false, expected: '1', actual: '2' },
		]);
	});

	test('a restore that restored nothing fails, unless there was nothing', () => {
		expect(tableChecks([table('a', null)], []).map(({ pass }) => pass)).toEqual([false, false]);
		expect(tableChecks([], [])).toEqual([{ name: 'tables', pass: true, expected: '0', actual: '0' }]);
	});

	test('names that look like another', () => {
		const odd = [table('b', 1, 'a.b'), table('x"y', 1, 'ü S')];
		expect(tableChecks(odd, odd).map(({ name }) => name)).toEqual([
			'tables',
			'rows of "a.b".b',
			'rows of "ü S"."x""y"',
		]);
	});
});

describe('a value and what is expected', () => {
	test.each([
		['1', '=', '1', true],
		['1.50', '=', '1.5', true],
		['1e3', '=', '1000', true],
		['9', '<', '10', true],
		['-9', '<', '-10', false],
		['9007199254740993', '=', '9007199254740992', false],
		['9007199254740993', '>', '9007199254740992', true],
		['0.1', '>=', '.1', true],
		['2', '<=', '1', false],
		['2', '!=', '2.0', false],
		['', '=', '', true],
		['', '=', '0', false],
		['a', '<', 'b', true],
		['9', '<', '10a', false],
		['t', '=', 'true', true],
		['t', '=', 'T', true],
		['f', '=', 'false', true],
		['t', '!=', 'false', true],
		['t', '=', 'thing', false],
		['NaN', '=', 'NaN', true],
		['1e99999', '=', '1e99999', true],
		['2026-01-31 03:00:00', '>=', '2026-01-01', true],
	] as const)('%j %s %j: %j', (actual, comparison, expected, result) => {
		expect(holds(actual, comparison, expected)).toBe(result);
	});
});

test('what a statement gave', () => {
	const check: DrillCheck = { statement: 'select count(*) from a', comparison: '>=', expected: '2' };
	const told = { name: 'select count(*) from a', expected: '>= 2' };
	expect(statementCheck(check, { value: '10' })).toEqual({ ...told, pass: true, actual: '10' });
	expect(statementCheck(check, { value: '1' })).toEqual({ ...told, pass: false, actual: '1' });
	expect(statementCheck(check, { value: null })).toEqual({ ...told, pass: false, actual: 'null' });
	expect(statementCheck({ ...check, comparison: '!=' }, { value: null }).pass).toBe(false);
	const problem = 'relation "a" does not exist (42P01)';
	expect(statementCheck(check, { problem })).toEqual({ ...told, pass: false, actual: problem });
});
