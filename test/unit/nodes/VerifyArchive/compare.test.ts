import { compareRequest, comparisonOutcome } from '../../../../nodes/VerifyArchive/compare';
import { fieldsIn } from '../../../../nodes/shared/fields';
import type { Comparison, Difference } from '../../../../operations/index';
import { exampleRecord } from '../example-record';

const { id } = exampleRecord;
const selection = { by: 'id', id };
const panel = { select: 'id', record: id };

test.each([
	['live', {}, { type: 'live', volumes: [], directories: [] }, []],
	[
		'live',
		{ liveVolumes: 'a, b=c', options: { exclude: ['*.tmp', '/cache'] } },
		{ type: 'live', volumes: ['a', 'b=c'], directories: [] },
		['*.tmp', '/cache'],
	],
	[
		'archive',
		{ otherRecord: { __rl: true, mode: 'id', value: 'x' }, options: { exclude: 'hidden' } },
		{ type: 'archive', id: 'x' },
		[],
	],
] as const)('%s %j', (level, values, compared, exclude) => {
	expect(compareRequest(fieldsIn({ ...panel, ...values }, 'panel'), level)).toEqual({
		selection,
		with: compared,
		exclude,
		allowUnsigned: false,
	});
});

test.each([
	[{ select: 'all', job: 'nightly' }, 'live'],
	[{ ...panel, otherRecord: '' }, 'archive'],
] as const)('%j is refused', (values, level) => {
	expect(() => compareRequest(fieldsIn(values, 'panel'), level)).toThrow(
		expect.objectContaining({ code: 'invalid_parameter' }) as Error,
	);
});

const difference: Difference = { kind: 'changed', volume: 'a', path: 'b', pathBase64: null, what: ['mode'] };
const comparison: Comparison = {
	id,
	ok: false,
	other: null,
	pairs: [{ source: 'a', type: 'volume', from: 'a' }],
	same: 3,
	added: 200,
	removed: 0,
	changed: 1,
	contentSame: false,
	differences: Array.from({ length: 201 }, () => difference),
	bytesRead: 5,
	durationMs: 7,
	record: { ...exampleRecord, sources: [{ type: 'volume', name: 'a' }] },
	at: '2026-02-01T00:00:00.000Z',
};

test('a difference alarms, or is a result; the first hundred are in it', () => {
	const { outcomes } = comparisonOutcome(comparison, 'live', true);
	expect(outcomes).toMatchObject([
		{
			data: {
				ok: false,
				id,
				job: 'nightly',
				level: 'live',
				comparedWith: comparison.pairs,
				added: 200,
				error: { code: 'content_differs' },
			},
			failure: {
				code: 'content_differs',
				message: `${id} differs: 200 added, 0 removed, 1 changed`,
				hint: `First: ${Array.from({ length: 5 }, () => 'changed "b" (mode)').join('; ')}.`,
			},
		},
	]);
	expect(outcomes[0]?.data).toHaveProperty('differences', comparison.differences.slice(0, 100));
	const [result] = comparisonOutcome(comparison, 'live', false).outcomes;
	expect(result).toEqual({ data: outcomes[0]?.data });
});

test('no difference is no failure', () => {
	const same = { ...comparison, ok: true, other: 'x', added: 0, changed: 0, differences: [] };
	const { outcomes } = comparisonOutcome(same, 'archive', true);
	expect(outcomes).toHaveLength(1);
	expect(outcomes[0]?.failure).toBeUndefined();
	expect(outcomes[0]?.data).toMatchObject({ ok: true, error: null, comparedWith: 'x', differences: [] });
});

test('the hint names the volume where there are several, and says when only attributes differ', () => {
	const record = { ...exampleRecord, sources: ['a', 'c'].map((name) => ({ type: 'volume' as const, name })) };
	const added: Difference = { ...difference, kind: 'added', path: '', what: [] };
	const [outcome] = comparisonOutcome(
		{ ...comparison, record, contentSame: true, differences: [difference, added] },
		'live',
		true,
	).outcomes;
	expect(outcome?.failure?.hint).toBe('First: changed "a/b" (mode); added "a/". The content is the same.');
});
