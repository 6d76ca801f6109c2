import { comparedWith, textOf } from '../../../../cli/verbs/compare';
import type { Comparison, Difference } from '../../../../operations/index';
import { exampleRecord } from '../../nodes/example-record';

const none = { with: undefined, 'with-volume': [], 'with-directory': [] };

test.each([
	[
		{ ...none, with: 'x' },
		{ type: 'archive', id: 'x' },
	],
	[
		{ ...none, 'with-volume': ['a', 'b=c'] },
		{ type: 'live', volumes: ['a', 'b=c'], directories: [] },
	],
	[
		{ ...none, 'with-directory': ['/a', 'b=/c=d'] },
		{ type: 'live', volumes: [], directories: ['/a', 'b=/c=d'] },
	],
])('%j', (flags, expected) => {
	expect(comparedWith(flags)).toEqual(expected);
});

test.each([
	[none, 'name what to compare with'],
	[{ ...none, with: 'x', 'with-volume': ['a'] }, 'exclude each other'],
	[{ ...none, with: 'x', 'with-directory': ['/a'] }, 'exclude each other'],
	[{ ...none, 'with-directory': ['a/b'] }, '"a/b" is no absolute path'],
	[{ ...none, 'with-directory': ['a=b'] }, '"a=b" is no absolute path'],
])('%j is refused', (flags, message) => {
	expect(() => comparedWith(flags)).toThrow(
		expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) as string }) as Error,
	);
});

const record = { ...exampleRecord, sources: [{ type: 'volume', name: 'a' } as const] };
const difference: Difference = { kind: 'changed', volume: 'a', path: 'b', pathBase64: null, what: ['mode'] };
const comparison: Comparison = {
	id: record.id,
	ok: false,
	other: null,
	pairs: [],
	same: 1234,
	added: 0,
	removed: 0,
	changed: 1,
	contentSame: true,
	differences: [difference],
	bytesRead: 0,
	durationMs: 420,
	record,
	at: '2026-02-01T00:00:00.000Z',
};

test.each<[string, Partial<Comparison>, string]>([
	[
		'metadata',
		{},
		'~ b  (mode)\n1,234 same, 0 added, 0 removed, 1 changed; the content is the same, 0.42 s\n',
	],
	[
		'nothing',
		{ ok: true, changed: 0, differences: [] },
		'1,234 same, 0 added, 0 removed, 0 changed, 0.42 s\n',
	],
	[
		'every kind, more than shown, hostile names',
		{
			added: 10_001,
			removed: 1,
			contentSame: false,
			differences: [
				{ ...difference, path: '', what: ['mtime', 'owner'] },
				{ ...difference, kind: 'added', path: '\u001b[31m', what: [] },
				{ ...difference, kind: 'removed', what: [] },
			],
		},
		'~ .  (mtime, owner)\n+ \\x1b[31m\n- b\n… and 10,000 more\n1,234 same, 10,001 added, 1 removed, 1 changed, 0.42 s\n',
	],
	[
		'several volumes',
		{ record: { ...record, sources: [...record.sources, { type: 'volume', name: 'c' }] } },
		'~ a: b  (mode)\n1,234 same, 0 added, 0 removed, 1 changed; the content is the same, 0.42 s\n',
	],
])('%s', (_name, change, expected) => {
	expect(textOf({ ...comparison, ...change })).toBe(expected);
});
