import { browseRequest, mostEntries, pageOutcome } from '../../../../nodes/BackupCatalog/browse';
import { fieldsIn } from '../../../../nodes/shared/fields';
import type { ArchiveEntry } from '../../../../operations/index';
import { exampleRecord } from '../example-record';

const request = (panel: object, options: object = {}) =>
	browseRequest(fieldsIn(panel, 'panel'), fieldsIn(options, 'options'));

test('one backup or the latest of a job, with defaults', () => {
	expect(request({ select: 'id', record: { __rl: true, mode: 'id', value: 'x' } })).toEqual({
		operation: 'browse',
		selection: { by: 'id', id: 'x' },
		volumes: [],
		under: '',
		patterns: [],
		offset: 0,
		limit: 50,
		allowUnsigned: false,
	});
	expect(
		request({
			select: 'latest',
			job: 'nightly',
			options: { series: 'volume:app' },
		}).selection,
	).toEqual({ by: 'latest', job: 'nightly', series: 'volume:app' });
});

test('where, what and which page', () => {
	const panel = { select: 'id', record: 'x', under: ' conf ', patterns: '**/*.conf\n*.{a,b}\n', offset: 5 };
	expect(request({ ...panel, limit: mostEntries }, { volumes: 'a, b', allowUnsigned: true })).toMatchObject({
		volumes: ['a', 'b'],
		under: 'conf',
		patterns: ['**/*.conf', '*.{a,b}'],
		offset: 5,
		limit: mostEntries,
		allowUnsigned: true,
	});
});

test.each([
	[{ select: 'all', job: 'nightly' }],
	[{ select: 'id', record: '' }],
	[{ select: 'latest', job: '' }],
	[{ select: 'id', record: 'x', limit: 0 }],
	[{ select: 'id', record: 'x', limit: mostEntries + 1 }],
	[{ select: 'id', record: 'x', offset: -1 }],
	[{ select: 'id', record: 'x', offset: 1.5 }],
])('%j is refused', (panel) => {
	expect(() => request(panel)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

const file: ArchiveEntry = {
	volume: 'app',
	path: 'conf/app.ini',
	pathBase64: null,
	type: 'file',
	size: 9,
	mode: 0o640,
	uid: 1000,
	gid: 33,
	mtimeNs: '1769828400123456789',
	linkTarget: null,
	sha256: 'ab'.repeat(32),
};

const page = (entries: readonly ArchiveEntry[], total: number, offset: number, limit: number) =>
	pageOutcome({ record: exampleRecord, entries, total, totalBytes: 2_000_000 }, { offset, limit });

test('an entry as an item', () => {
	expect(page([file], 1, 0, 50)).toEqual({
		outcomes: [
			{
				data: {
					id: exampleRecord.id,
					job: exampleRecord.job,
					volume: 'app',
					path: 'conf/app.ini',
					type: 'file',
					size: 9,
					mode: '0640',
					owner: '1000:33',
					uid: 1000,
					gid: 33,
					mtime: '2026-01-31T03:00:00.123Z',
					sha256: 'ab'.repeat(32),
					linkTarget: null,
					pathBase64: null,
				},
			},
		],
		hints: [],
	});
});

test.each([
	['4755', { mode: 0o4755 }, { mode: '4755' }],
	['no permission', { mode: 0 }, { mode: '0000' }],
	['before 1970', { mtimeNs: '-1000000000' }, { mtime: '1969-12-31T23:59:59.000Z' }],
	['a time that no calendar has', { mtimeNs: '99999999999999999999999' }, { mtime: null }],
	[
		'a symbolic link',
		{ type: 'symlink', linkTarget: '/etc', sha256: null },
		{ linkTarget: '/etc', sha256: null },
	],
	['a name that is not UTF-8', { path: 'a\ufffd', pathBase64: 'Yf8=' }, { pathBase64: 'Yf8=' }],
] as const)('%s', (_, changes, expected) => {
	const { outcomes } = page([{ ...file, ...changes }], 1, 0, 50);
	expect(outcomes).toMatchObject([{ data: expected }]);
});

test.each([
	['all on one page', 2, 2, 0, 2, []],
	['the last page', 1, 3, 2, 2, []],
	['the first of two', 2, 3, 0, 2, ['Entries 1 to 2 of 3 (2.0 MB): set Offset to 2 for the next page.']],
	['one in the middle', 2, 9, 4, 2, ['Entries 5 to 6 of 9 (2.0 MB): set Offset to 6 for the next page.']],
	['behind the end', 0, 3, 3, 2, ['There are 3 entries, and Offset passes over all of them.']],
	['nothing that matches', 0, 0, 0, 2, ['Nothing in the backup matches.']],
] as const)('%s', (_, shown, total, offset, limit, hints) => {
	const entries = Array.from({ length: shown }, () => file);
	expect(page(entries, total, offset, limit).hints).toEqual(hints);
});
