import { drilledText, drillFailure } from '../../../../cli/verbs/drill-postgres';
import type { DrillOutcome } from '../../../../operations/index';
import { sampleRecord } from '../../../fakes/record';

const good: DrillOutcome = {
	record: sampleRecord(),
	trust: 'signed',
	id: 'shop-20260131T030000Z-1f2e',
	pass: true,
	checks: [
		{ name: 'tables', pass: true, expected: '2', actual: '2' },
		{ name: 'select count(*)\nfrom orders', pass: true, expected: '>= 1', actual: '12' },
	],
	checksOmitted: 0,
	image: 'postgres:17',
	durationMs: 4200,
	at: '2026-01-31T03:00:00.000Z',
	evidenceNotKept: null,
};
const bad: DrillOutcome = {
	...good,
	pass: false,
	checks: [
		{ name: 'rows of public.a', pass: false, expected: '2', actual: '1' },
		{ name: 'select x', pass: false, expected: '= 1', actual: `error: ${'x'.repeat(100)}` },
	],
	checksOmitted: 1234,
	evidenceNotKept: 'the repository is read only',
};

test('a drill that passed', () => {
	expect(drillFailure(good)).toBeUndefined();
	expect(drilledText(good, true)).toBe(
		[
			'ok      shop-20260131T030000Z-1f2e  drill, postgres:17, 2 checks, 4.20 s',
			'result  expected  actual  check',
			'ok      2         2       tables',
			'ok      >= 1      12      select count(*)\\x0afrom orders',
			'',
		].join('\n'),
	);
});

test('one that failed: exit code 3', () => {
	expect(drillFailure(bad)).toMatchObject({
		exitCode: 3,
		code: 'drill_failed',
		message: 'the drill of shop-20260131T030000Z-1f2e failed: rows of public.a: 1 instead of 2 (and 1 more)',
		hint: expect.stringMatching(/\w/) as string,
	});
	const lines = drilledText(bad, true).split('\n');
	expect(lines[0]).toBe('failed  shop-20260131T030000Z-1f2e  drill, postgres:17, 1,236 checks, 4.20 s');
	expect(lines[3]).toMatch(/^failed {2}= 1 {7}error: x{52}… {2}select x$/);
	expect(lines.slice(4)).toEqual([
		'        and 1,234 checks more that are not shown',
		'warning: the result is not kept in the repository: the repository is read only',
		'',
	]);
});

test('evidence that nobody wanted is not missed', () => {
	const unkept = { ...good, evidenceNotKept: 'it was not asked for' };
	expect(drilledText(unkept, false)).not.toContain('warning');
	expect(drilledText(unkept, true)).toContain('warning');
});
