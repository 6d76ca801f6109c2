import { chooseDatabases, type ServerDatabase } from '../../../../operations/postgres/databases';

const database = (name: string, changes: Partial<ServerDatabase> = {}): ServerDatabase => ({
	name,
	sizeBytes: 1,
	open: true,
	template: false,
	...changes,
});

const there = [
	database('postgres'),
	database('shop'),
	database('Shop'),
	database('template0', { open: false, template: true }),
	database('template1', { template: true }),
	database('half dropped', { open: false }),
];

const choose = (databases: readonly string[] | 'all', excludeDatabases: readonly string[] = []) =>
	chooseDatabases(there, { databases, excludeDatabases }, 'pg').map(({ name }) => name);

test('all: those that can be connected to, without templates', () => {
	expect(choose('all')).toEqual(['postgres', 'shop', 'Shop']);
});

test('names are excluded exactly, and an unknown one is fine', () => {
	expect(choose('all', ['shop', 'sho', 'unknown'])).toEqual(['postgres', 'Shop']);
});

test('excluding everything is no success', () => {
	expect(() => choose('all', ['postgres', 'shop', 'Shop'])).toThrow(
		expect.objectContaining({ code: 'database_not_found' }),
	);
});

test('named ones in their order, each once, templates too', () => {
	expect(choose(['shop', 'template1', 'shop'])).toEqual(['shop', 'template1']);
});

test.each([
	[[], 'invalid_parameter', /no database is selected/],
	[['shop', 'SHOP'], 'database_not_found', /no database "SHOP"/],
	[['template0'], 'database_not_found', /"template0" accepts no connections/],
])('%j is refused', (names, code, message) => {
	expect(() => choose(names)).toThrow(
		expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
	);
});
