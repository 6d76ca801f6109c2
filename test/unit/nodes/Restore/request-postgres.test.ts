import { postgresRequest } from '../../../../nodes/Restore/request-postgres';
import { fieldsIn } from '../../../../nodes/shared/fields';

const id = 'databases-shop-20260131T030000Z-1f2e';
const panel = {
	kind: 'postgres',
	select: 'id',
	record: { __rl: true, mode: 'list', value: id },
	container: 'db',
	databaseWay: 'new',
	newDatabase: '',
	dryRun: false,
	options: {},
};
const request = (changes: object = {}) => postgresRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		selection: { by: 'id', id },
		way: 'new',
		database: null,
		confirm: '',
		previous: 'keep',
		connections: 'refuse',
		schemas: [],
		tables: [],
		globals: false,
		allowUnsigned: false,
		dryRun: false,
		stallLimitMs: 300_000,
	});
});

const job = { select: 'latest', job: 'databases' };

test.each([
	[job, { selection: { by: 'latest', job: 'databases' } }],
	[
		{ ...job, jobSeries: { __rl: true, mode: 'list', value: 'the series' } },
		{ selection: { by: 'latest', job: 'databases', series: 'the series' } },
	],
	[{ newDatabase: 'shop_restored' }, { way: 'new', database: 'shop_restored' }],
	[
		{ databaseWay: 'swap', confirmDatabase: 'shop' },
		{ way: 'swap', database: null, confirm: 'shop' },
	],
	[
		{
			databaseWay: 'swap',
			existingDatabase: ' s ',
			confirmDatabase: ' s ',
			previousDatabase: 'drop',
			connections: 'end',
		},
		{ way: 'swap', database: ' s ', confirm: ' s ', previous: 'drop', connections: 'end' },
	],
	[
		{ databaseWay: 'in-place', existingDatabase: 'shop', confirmDatabase: 'shop', previousDatabase: 'drop' },
		{ way: 'in-place', database: 'shop', confirm: 'shop', previous: 'keep', connections: 'refuse' },
	],
	[{ options: { schemas: ['public'], tables: ['orders'] } }, { schemas: ['public'], tables: ['orders'] }],
	[
		{ options: { globals: true, allowUnsigned: true, stallLimit: 9 } },
		{ globals: true, allowUnsigned: true, stallLimitMs: 9000 },
	],
	[{ dryRun: true }, { dryRun: true }],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test('for a new database, what was typed to replace one means nothing', () => {
	const left = {
		existingDatabase: 'shop',
		confirmDatabase: 'shop',
		previousDatabase: 'drop',
		connections: 'end',
	};
	expect(request(left)).toEqual(request());
});

test.each([
	[{ record: '' }],
	[{ select: 'latest', job: '' }],
	[{ databaseWay: 'over' }],
	[{ databaseWay: 'swap', previousDatabase: 'burn' }],
	[{ databaseWay: 'swap', connections: 'kill' }],
	[{ options: { stallLimit: 0 } }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
