import { drillOutcome, drillRequest, hostForDrill } from '../../../../nodes/VerifyArchive/drill';
import { drillProperties } from '../../../../nodes/VerifyArchive/properties-drill';
import { fieldsIn } from '../../../../nodes/shared/fields';
import { defaultRunner, type DrillOutcome } from '../../../../operations/index';
import { exampleRecord } from '../example-record';

const panel = { select: 'latest', job: 'databases', level: 'drill', checks: {}, options: {} };
const request = (changes: object = {}) => drillRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		selection: { by: 'latest', job: 'databases' },
		image: null,
		checks: [],
		totalLimitMs: 3_600_000,
		allowUnsigned: false,
		keepEvidence: true,
	});
});

const checks = (...check: object[]) => ({ checks: { check } });

test.each([
	[{ jobSeries: 'the series' }, { selection: { by: 'latest', job: 'databases', series: 'the series' } }],
	[{ select: 'id', record: 'x' }, { selection: { by: 'id', id: 'x' } }],
	[
		checks(
			{ statement: ' select 1 ', comparison: 'greaterOrEqual', expected: ' 1 ' },
			{ statement: 'select 2' },
		),
		{
			checks: [
				{ statement: 'select 1', comparison: '>=', expected: ' 1 ' },
				{ statement: 'select 2', comparison: '=', expected: '' },
			],
		},
	],
	[checks({ statement: 'select 1', comparison: 'equal', expected: 1 }), { checks: [{ expected: '1' }] }],
	[
		{ options: { image: 'postgres:17', drillLimit: 60, allowUnsigned: true, keepEvidence: false } },
		{ image: 'postgres:17', totalLimitMs: 60_000, allowUnsigned: true, keepEvidence: false },
	],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	[{ select: 'all' }],
	[{ job: '' }],
	[checks({ statement: ' ', expected: '1' })],
	[checks({ statement: 'select 1', comparison: '=' })],
	[{ options: { drillLimit: 0 } }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test.each([
	['equal', '='],
	['notEqual', '!='],
	['less', '<'],
	['lessOrEqual', '<='],
	['greater', '>'],
	['greaterOrEqual', '>='],
])('comparison %s', (comparison, sign) => {
	expect(request(checks({ statement: 'select 1', comparison })).checks[0]?.comparison).toBe(sign);
});

test('no choice of the panel begins like an expression of n8n', () => {
	expect(JSON.stringify(drillProperties)).not.toContain('"value":"=');
});

test('a drill needs a Docker host', () => {
	const host = { endpoint: { type: 'socket', socketPath: '/x' }, runner: defaultRunner } as const;
	expect(hostForDrill(host)).toBe(host);
	expect(() => hostForDrill(null)).toThrow(expect.objectContaining({ code: 'usage' }));
});

const check = { name: 'select 1', pass: true, expected: '= 1', actual: '1' };
const passed: DrillOutcome = {
	record: exampleRecord,
	trust: 'signed',
	id: exampleRecord.id,
	pass: true,
	checks: [check],
	checksOmitted: 0,
	image: 'postgres:17',
	durationMs: 20,
	at: '2026-02-01T00:00:00.000Z',
	evidenceNotKept: null,
};
const failed: DrillOutcome = {
	...passed,
	pass: false,
	checks: [check, { ...check, pass: false, actual: '2' }, { ...check, pass: false }],
};

test('a drill that passes', () => {
	const { record, ...facts } = passed;
	expect(drillOutcome(passed, true)).toEqual({
		outcomes: [{ data: { ok: true, ...facts, job: 'nightly', level: 'drill', error: null, record } }],
	});
});

test('a drill that fails alarms, and names the first check that failed', () => {
	const [outcome] = drillOutcome(failed, true).outcomes;
	expect(outcome).toMatchObject({
		data: { ok: false, pass: false, checks: failed.checks, error: { code: 'drill_failed' } },
		failure: {
			code: 'drill_failed',
			message: `the drill of ${exampleRecord.id} failed: select 1: 2 instead of = 1 (and 1 more)`,
		},
	});
});

test('without the alarm a drill that fails is a result', () => {
	const [outcome] = drillOutcome(failed, false).outcomes;
	expect(outcome).toMatchObject({ data: { ok: false, pass: false, error: { code: 'drill_failed' } } });
	expect(outcome?.failure).toBeUndefined();
});
