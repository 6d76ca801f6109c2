import { formatFact, splitFact } from '../../../engine/repository/facts';
import { evidenceOf } from '../../../operations/note-evidence';
import type { DrillCheckResult, Evidence } from '../../../protocol/fact';

const look = { level: 'drill', pass: false, durationMs: 1200 } as const;
const check = (name: string, pass = true, actual = '1'): DrillCheckResult => ({
	name,
	pass,
	expected: '1',
	actual,
});
const checks = (count: number, make: (position: number) => DrillCheckResult) =>
	Array.from({ length: count }, (_, position) => make(position));

function stored(evidence: Evidence): Evidence | null {
	const text = formatFact(
		{
			version: 1,
			fact: 'verified',
			id: 'nightly-20260131T030000Z-1f2e',
			job: 'nightly',
			ulid: '01KG0000000000000000000000',
			at: '2026-01-31T03:00:00.000Z',
			reason: '',
			objects: [],
			evidence,
			workflow: null,
		},
		null,
	);
	return splitFact(text).fact.evidence;
}

test('what is short stays as it is', () => {
	const all = [check('a'), check('b', false, '2')];
	expect(evidenceOf(look, all)).toEqual({ ...look, checks: all, checksOmitted: 0 });
	expect(evidenceOf(look, [])).toEqual({ ...look, checks: [], checksOmitted: 0 });
});

test.each([
	[199, 0],
	[200, 0],
	[201, 1],
	[10_000, 9800],
])('of %d checks, %d are only counted', (count, omitted) => {
	const evidence = evidenceOf(
		look,
		checks(count, (position) => check(`table ${position}`)),
	);
	expect([evidence.checks.length, evidence.checksOmitted]).toEqual([count - omitted, omitted]);
});

test('what failed is never left out for what did not', () => {
	const evidence = evidenceOf(
		look,
		checks(300, (position) => check(`table ${position}`, position !== 290)),
	);
	expect(evidence.checks.filter(({ pass }) => !pass)).toEqual([check('table 290', false)]);
	expect(evidence.checks).toHaveLength(200);
	expect(evidence.checks.at(-2)?.name).toBe('table 198');
});

test.each(['x', 'ü', '\u{1f600}', '\u0001', '"'])(
	'texts of %j are cut, and a fact of the longest can be stored',
	(character) => {
		const long = character.repeat(5000);
		const evidence = evidenceOf(
			look,
			checks(200, () => ({ name: long, pass: false, expected: long, actual: long })),
		);
		expect(evidence.checks.length).toBeGreaterThan(0);
		expect(evidence.checks.length + evidence.checksOmitted).toBe(200);
		expect(evidence.checks[0]?.name.length).toBe(500);
		expect(evidence.checks[0]?.name.endsWith('…')).toBe(true);
		expect(stored(evidence)).toEqual(evidence);
	},
);
