import { restoredText, wayOf } from '../../../../cli/verbs/restore-postgres';
import { sampleRecord } from '../../../fakes/record';

const flags = {
	to: undefined,
	swap: false,
	'in-place': false,
	confirm: undefined,
	'drop-previous': false,
	'end-connections': false,
};
const way = (changes: object) => wayOf({ ...flags, ...changes });
const gentle = { confirm: '', previous: 'keep', connections: 'refuse' };

test.each([
	[{}, { way: 'new', database: null, ...gentle }],
	[{ to: 'b' }, { way: 'new', database: 'b', ...gentle }],
	[
		{ swap: true, confirm: 'a' },
		{ ...gentle, way: 'swap', database: null, confirm: 'a' },
	],
	[
		{ swap: true, confirm: 'a', to: 'a', 'drop-previous': true, 'end-connections': true },
		{ way: 'swap', database: 'a', confirm: 'a', previous: 'drop', connections: 'end' },
	],
	[
		{ 'in-place': true, confirm: 'a', 'end-connections': true },
		{ ...gentle, way: 'in-place', database: null, confirm: 'a', connections: 'end' },
	],
])('%j', (changes, expected) => {
	expect(way(changes)).toEqual(expected);
});

test.each([
	[{ swap: true, 'in-place': true, confirm: 'a' }, '--swap and --in-place exclude each other'],
	[{ swap: true }, '--swap needs --confirm'],
	[{ 'in-place': true }, '--in-place needs --confirm'],
	[{ confirm: 'a' }, '--confirm goes with --swap or --in-place'],
	[{ 'end-connections': true }, '--end-connections goes with --swap or --in-place'],
	[{ 'in-place': true, confirm: 'a', 'drop-previous': true }, '--drop-previous goes with --swap'],
])('%j is refused', (changes, message) => {
	expect(() => way(changes)).toThrow(expect.objectContaining({ code: 'usage', message }) as Error);
});

const outcome = {
	record: sampleRecord({ id: 'shop-20260131T030000Z-1f2e', sources: [{ type: 'database', name: 'shop' }] }),
	trust: 'signed',
	database: 'shop\u001b[2J',
	previousDatabase: null,
	tables: 12,
	warnings: [],
	dryRun: false,
	steps: ['create the database', 'restore'],
	durationMs: 4200,
} as const;

test('what was done', () => {
	expect(restoredText(outcome)).toBe(
		'ok      shop restored to database shop\\x1b[2J\n        from shop-20260131T030000Z-1f2e: 12 tables, 4.20 s\n',
	);
	const kept = { ...outcome, database: 'shop', previousDatabase: 'shop_old', tables: 1, warnings: ['a\nb'] };
	expect(restoredText(kept)).toBe(
		[
			'ok      shop restored to database shop',
			'        from shop-20260131T030000Z-1f2e: 1 table, 4.20 s',
			'        the previous one is kept as shop_old',
			'warning: a\\x0ab',
			'',
		].join('\n'),
	);
});

test('what would be done', () => {
	expect(restoredText({ ...outcome, database: 'b', dryRun: true })).toBe(
		'would restore shop to database b:\n        create the database\n        restore\n',
	);
});
