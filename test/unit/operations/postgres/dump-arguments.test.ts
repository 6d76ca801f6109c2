import {
	dumpArguments,
	dumpCompression,
	hasPatterns,
	isPartial,
	requireSoundChoice,
	type DumpChoice,
} from '../../../../operations/postgres/dump-arguments';

const choice: DumpChoice = {
	schemas: [],
	excludeSchemas: [],
	tables: [],
	excludeTables: [],
	content: 'all',
	stallLimitMs: 60_000,
};

test('what users name stays a value of its option', () => {
	const args = dumpArguments('-d evil', '00000003-1', 'zstd:1', {
		...choice,
		schemas: ['--file=/etc/passwd'],
		excludeSchemas: ['b'],
		tables: ['-x'],
		excludeTables: ['a b'],
	});
	expect(args).toEqual([
		'--format=custom',
		'--no-password',
		'--compress=zstd:1',
		'--snapshot=00000003-1',
		'--lock-wait-timeout=30000',
		'--schema=--file=/etc/passwd',
		'--exclude-schema=b',
		'--table=-x',
		'--exclude-table=a b',
		`--dbname=dbname='-d evil'`,
	]);
});

test.each([
	['all', []],
	['schema', ['--schema-only']],
	['data', ['--data-only']],
] as const)('content %s', (content, expected) => {
	const args = dumpArguments('x', 's', '0', { ...choice, content });
	expect(args.filter((argument) => argument.endsWith('-only'))).toEqual(expected);
	expect(isPartial({ ...choice, content })).toBe(content !== 'all');
});

test.each(['schemas', 'excludeSchemas', 'tables', 'excludeTables'] as const)('%s make it partial', (name) => {
	expect(hasPatterns({ ...choice, [name]: ['x'] })).toBe(true);
	expect(isPartial({ ...choice, [name]: ['x'] })).toBe(true);
	expect(isPartial(choice)).toBe(false);
});

test.each([
	[{ algorithm: 'zstd', level: 1 }, true, 'zstd:1', { algorithm: 'none', level: null }],
	[{ algorithm: 'zstd', level: 19 }, true, 'zstd:19', { algorithm: 'none', level: null }],
	[{ algorithm: 'zstd', level: 3 }, false, '0', { algorithm: 'zstd', level: 3 }],
	[{ algorithm: 'none', level: null }, true, '0', { algorithm: 'none', level: null }],
	[{ algorithm: 'none', level: null }, false, '0', { algorithm: 'none', level: null }],
] as const)('compression %j, zstd in pg_dump: %s', (asked, knows, compress, compression) => {
	expect(dumpCompression(asked, knows)).toEqual({ compress, compression });
});

describe('limits', () => {
	const longest = 2 ** 31 - 1;
	test.each([
		[1, null, true],
		[longest, longest, true],
		[0, null, false],
		[-1, null, false],
		[longest + 1, null, false],
		[1.5, null, false],
		[Number.NaN, null, false],
		[1, 0, false],
		[1, longest + 1, false],
	])('stall %d, total %d: %s', (stallLimitMs, totalLimitMs, sound) => {
		const check = () => requireSoundChoice({ ...choice, stallLimitMs, totalLimitMs });
		if (sound) check();
		else expect(check).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
	});

	test('an empty pattern would match nothing or everything', () => {
		expect(() => requireSoundChoice({ ...choice, totalLimitMs: null, tables: [' '] })).toThrow(/empty/);
	});
});
