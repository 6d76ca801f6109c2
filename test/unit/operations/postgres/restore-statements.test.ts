import { completeDatabase, createDatabase } from '../../../../operations/postgres/database-statements';
import { planGlobals } from '../../../../operations/postgres/globals-statements';
import { restoreArguments } from '../../../../operations/postgres/restore-arguments';
import { beforeName, isTooLong, restoreName } from '../../../../operations/postgres/restore-names';
import { databaseSetting, roleSetting } from '../../../../operations/postgres/setting-statements';
import { description, globalsOf, properties, role } from './restore-fixtures';

const hostile = `a"b'c\\; DROP DATABASE x; --`;
const none: ReadonlySet<string> = new Set();

describe('names', () => {
	const id = 'nightly-shop-20261121T134422Z-1f2e';

	test('say what they are', () => {
		expect(restoreName('shop', id, none)).toBe('shop__restore_20261121T134422Z-1f2e');
		expect(beforeName('shop', Date.UTC(2026, 10, 21, 13, 44, 22, 7), none)).toBe(
			'shop__before_20261121T134422Z',
		);
	});

	test('that are taken get a number', () => {
		const taken = new Set(['shop__restore_20261121T134422Z-1f2e', 'shop__restore_20261121T134422Z-1f2e_2']);
		expect(restoreName('shop', id, taken)).toBe('shop__restore_20261121T134422Z-1f2e_3');
	});

	test.each([
		['ascii', 'x'.repeat(63)],
		['two bytes', 'ö'.repeat(31)],
		['four bytes', '🐘'.repeat(15)],
	])('stay within 63 bytes, at whole characters: %s', (_, name) => {
		const made = restoreName(name, id, none);
		expect(isTooLong(made)).toBe(false);
		expect(Buffer.byteLength(made)).toBeGreaterThan(59);
		expect(made).toMatch(/^(x+|ö+|(🐘)+)__restore_20261121T134422Z-1f2e$/u);
		expect(isTooLong('x'.repeat(63))).toBe(false);
		expect(isTooLong('ö'.repeat(32))).toBe(true);
	});
});

describe('CREATE DATABASE', () => {
	const on = (major: number, tablespace: string | null = null) => ({ major, tablespace });

	test('quotes whatever was recorded', () => {
		const statement = createDatabase(
			hostile,
			{ ...properties, owner: hostile, collate: hostile },
			on(17, hostile),
		);
		const name = `"a""b'c\\; DROP DATABASE x; --"`;
		expect(statement).toBe(
			`CREATE DATABASE ${name} WITH OWNER ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE  E'a"b''c\\\\; DROP DATABASE x; --' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER libc TABLESPACE ${name}`,
		);
	});

	test('says of the locale what the server knows', () => {
		expect(createDatabase('a', properties, on(14))).not.toContain('PROVIDER');
		const icu = { ...properties, localeProvider: 'icu', locale: 'de-DE', icuRules: '&a<b' } as const;
		expect(createDatabase('a', icu, on(15))).toContain("LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'");
		expect(createDatabase('a', icu, on(15))).not.toContain('ICU_RULES');
		expect(createDatabase('a', icu, on(16))).toContain("ICU_RULES '&a<b'");
		const builtin = { ...properties, localeProvider: 'builtin', locale: 'C.UTF-8' } as const;
		expect(createDatabase('a', builtin, on(17))).toContain(
			"LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
		);
		expect(() => createDatabase('a', builtin, on(16))).toThrow('does not know the locale provider builtin');
		expect(() => createDatabase('a', icu, on(14))).toThrow('does not know the locale provider icu');
	});
});

describe('what follows the content', () => {
	test('nothing, where all is default', () => {
		expect(completeDatabase('a', { ...description, grants: null })).toEqual([]);
	});

	test('grants in the name of who granted, once it can; comment; limit', () => {
		const grants = [
			{ grantee: 'c', grantor: 'b', privilege: 'CONNECT', grantable: false },
			{ grantee: 'b', grantor: 'owner', privilege: 'CONNECT', grantable: true },
			{ grantee: null, grantor: 'owner', privilege: 'TEMPORARY', grantable: false },
		];
		const withAll = {
			...description,
			grants,
			properties: { ...properties, comment: "it's", connectionLimit: 0 },
		};
		expect(completeDatabase('a', withAll)).toEqual([
			'REVOKE ALL ON DATABASE "a" FROM PUBLIC',
			'REVOKE ALL ON DATABASE "a" FROM "owner"',
			'GRANT CONNECT ON DATABASE "a" TO "b" WITH GRANT OPTION',
			'GRANT TEMPORARY ON DATABASE "a" TO PUBLIC',
			'SET LOCAL ROLE "b"',
			'GRANT CONNECT ON DATABASE "a" TO "c"',
			'RESET ROLE',
			`COMMENT ON DATABASE "a" IS 'it''s'`,
			'ALTER DATABASE "a" CONNECTION LIMIT 0',
		]);
	});

	test('a privilege that is none is refused', () => {
		const grants = [{ grantee: 'b', grantor: 'owner', privilege: 'ALL; DROP', grantable: false }];
		expect(() => completeDatabase('a', { ...description, grants })).toThrow('no privilege');
	});
});

test.each([
	['search_path', '"$user", public', "'$user', 'public'"],
	['search_path', '"a ""b"", c", d', `'a "b", c', 'd'`],
	['search_path', '""', "''"],
	['search_path', '', "''"],
	['work_mem', '64MB', "'64MB'"],
	['app.list', 'a, b', "'a, b'"],
])('setting %s = %s', (name, value, quoted) => {
	expect(roleSetting('r', name, value)).toBe(`ALTER ROLE "r" SET "${name}" TO ${quoted}`);
	expect(databaseSetting('d', { role: 'r', name, value })).toBe(
		`ALTER ROLE "r" IN DATABASE "d" SET "${name}" TO ${quoted}`,
	);
	expect(databaseSetting('d', { role: null, name, value })).toBe(
		`ALTER DATABASE "d" SET "${name}" TO ${quoted}`,
	);
});

describe('roles of globals', () => {
	const server = { major: 17, roles: new Set(['postgres', 'there']), tablespaces: new Set(['pg_default']) };
	const membership = { grantor: 'postgres', admin: false, inherit: null, set: null };
	const globals = globalsOf(
		[
			role('there', { superuser: true }),
			role('group'),
			role('app', { login: true }),
			role('other'),
			role('pg_x'),
		],
		[
			{ ...membership, role: 'group', member: 'app', inherit: true, set: false },
			{ ...membership, role: 'group', member: 'app', admin: true, inherit: false, set: false },
			{ ...membership, role: 'group', member: 'there' },
			{ ...membership, role: 'there', member: 'postgres' },
			{ ...membership, role: 'gone', member: 'app' },
		],
	);

	test('only missing ones are made, and none that is there is altered', () => {
		const { created, statements, warnings } = planGlobals(globals, server, null);
		expect(created).toEqual(['group', 'app', 'other']);
		expect(statements.filter((text) => text.startsWith('GRANT'))).toEqual([
			'GRANT "group" TO "app" WITH ADMIN TRUE, INHERIT TRUE, SET FALSE',
			'GRANT "group" TO "there" WITH ADMIN FALSE',
		]);
		expect(statements.join()).not.toMatch(/ALTER ROLE|ROLE "there"|"pg_x"/);
		expect(warnings).toEqual([
			'Role "app" is made without a password: set one before it can log in with one.',
			'Role "app" is not made a member of "gone", which this server lacks.',
			'Tablespace "fast" (/mnt/fast) is not made: it needs a directory of the server\'s host.',
		]);
	});

	test('of those wanted, with the roles that they are members of', () => {
		expect(planGlobals(globals, server, ['app']).created).toEqual(['group', 'app']);
		expect(planGlobals(globals, server, ['there']).created).toEqual(['group']);
		expect(planGlobals(globals, server, ['nobody'])).toEqual({
			created: [],
			statements: [],
			settings: [],
			warnings: [],
		});
	});

	test('before 16 there is one option', () => {
		const { statements } = planGlobals(globals, { ...server, major: 15 }, ['app']);
		expect(statements.at(-2)).toBe('GRANT "group" TO "app" WITH ADMIN OPTION');
	});

	test.each([
		['SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy', true],
		[`md5${'0a'.repeat(16)}`, true],
		['secret', false],
		['md5secret', false],
	])('a password only as a hash: %s', (password, taken) => {
		const { statements } = planGlobals(globalsOf([role('a', { password })], []), server, null);
		expect(statements[0]?.includes('PASSWORD')).toBe(taken);
		expect(statements[0]?.includes(password)).toBe(taken);
	});

	test('everything of a role is quoted', () => {
		const odd = role(hostile, {
			comment: "it's",
			validUntil: 'infinity',
			settings: [{ name: 'x.y', value: "'" }],
		});
		const { statements, settings } = planGlobals(globalsOf([odd], []), server, null);
		expect(statements).toEqual([
			`CREATE ROLE "a""b'c\\; DROP DATABASE x; --" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1 VALID UNTIL 'infinity'`,
			`COMMENT ON ROLE "a""b'c\\; DROP DATABASE x; --" IS 'it''s'`,
		]);
		expect(settings.map(({ statement }) => statement)).toEqual([
			`ALTER ROLE "a""b'c\\; DROP DATABASE x; --" SET "x.y" TO ''''`,
		]);
	});
});

test('arguments of pg_restore: whatever a name holds, it stays one argument of its option', () => {
	const options = { clean: false, singleTransaction: false, tablespaces: true, schemas: [], tables: [] };
	expect(restoreArguments({ ...options, database: `-x host=evil 'a\\` })).toEqual([
		'--exit-on-error',
		'--no-password',
		'--format=custom',
		`--dbname=dbname='-x host=evil \\'a\\\\'`,
	]);
	expect(
		restoreArguments({
			database: 'a',
			clean: true,
			singleTransaction: true,
			tablespaces: false,
			schemas: ['-s'],
			tables: ['$(t)'],
		}),
	).toEqual([
		'--exit-on-error',
		'--no-password',
		'--format=custom',
		'--clean',
		'--if-exists',
		'--single-transaction',
		'--no-tablespaces',
		'--schema=-s',
		'--table=$(t)',
		"--dbname=dbname='a'",
	]);
});
