import { fieldOf } from '../../../../operations/postgres/drill-look';
import { neededMajor } from '../../../../operations/postgres/drill-image';
import { roleStatements } from '../../../../operations/postgres/drill-restore';
import type { DumpEntry } from '../../../../operations/postgres/dump-contents';
import type { PostgresDescription } from '../../../../protocol/description';

const description = {
	properties: { owner: "o'wner" },
	settings: [{ role: 'reader', name: 'work_mem', value: '1MB' }],
	grants: [{ grantee: null, grantor: 'giver', privilege: 'CONNECT', grantable: false }],
	serverMajor: 15,
	dumpVersion: '17.2 (Debian 17.2-1)',
} as unknown as PostgresDescription;

function entry(changes: Partial<DumpEntry>): DumpEntry {
	return { type: 'TABLE', tag: 't', schema: null, tablespace: '', owner: '', definition: '', ...changes };
}
const contents = (...entries: DumpEntry[]) => ({ dumpVersion: '17.2', entries });

test('roles that the dump and its database name, with no right but where an owner must be a superuser', () => {
	const entries = [
		entry({ owner: 'plain' }),
		entry({ owner: 'pg_database_owner' }),
		entry({ type: 'PUBLICATION', owner: 'chief' }),
	];
	const create = (name: string, more = '') =>
		`BEGIN CREATE ROLE ${name} NOLOGIN${more}; EXCEPTION WHEN duplicate_object THEN NULL; END`;
	expect(roleStatements(description, contents(...entries)).sort()).toEqual(
		[
			create('"plain"'),
			create('"chief"', ' SUPERUSER'),
			create('"o\'\'wner"'),
			create('"reader"'),
			create('"giver"'),
		]
			.map((body) => `DO '${body}'`)
			.sort(),
	);
	expect(roleStatements(description, null)).toHaveLength(3);
});

test('the newer of server and pg_dump says what a drill needs', () => {
	expect(neededMajor(description)).toBe(17);
	expect(neededMajor({ ...description, serverMajor: 18 })).toBe(18);
});

test.each([
	['()', null],
	['(1)', '1'],
	['("")', ''],
	['("a ""b"" \\\\ (c)")', 'a "b" \\ (c)'],
	['("two\nlines")', 'two\nlines'],
])('the field of %j', (row, value) => {
	expect(fieldOf(row)).toBe(value);
});
