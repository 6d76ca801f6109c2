import type { DumpEntry } from '../../../../operations/postgres/dump-contents';
import { schemaStatements } from '../../../../operations/postgres/schema-statements';

const entry = (facts: Partial<DumpEntry>): DumpEntry => ({
	type: 'TABLE',
	tag: 'a',
	schema: null,
	tablespace: '',
	owner: 'postgres',
	definition: '',
	...facts,
});
const whole = { whole: true, isNew: true };
const shop = entry({ schema: 'shop' });
const itself = entry({ type: 'SCHEMA', tag: 'shop', definition: 'CREATE SCHEMA shop;\n' });
const ownPublic = entry({ type: 'SCHEMA', tag: 'public', definition: 'CREATE SCHEMA public;\n' });

test.each([
	['nothing known', [], whole, []],
	['a schema that the dump makes', [shop, itself], whole, []],
	['one that it takes for granted', [shop], whole, ['CREATE SCHEMA IF NOT EXISTS "shop"']],
	[
		'one that pg_restore leaves out of a choice',
		[shop, itself],
		{ ...whole, whole: false },
		['CREATE SCHEMA IF NOT EXISTS "shop"'],
	],
	[
		"a hostile name, and the system's own",
		[entry({ schema: 'a "b"' }), entry({ schema: 'pg_catalog' }), entry({ schema: 'information_schema' })],
		whole,
		['CREATE SCHEMA IF NOT EXISTS "a ""b"""'],
	],
	['public, which a new database has', [entry({ schema: 'public' })], whole, []],
	[
		'public, that the dump makes',
		[ownPublic, entry({ schema: 'public' })],
		whole,
		['DROP SCHEMA IF EXISTS public'],
	],
	[
		'public, that it only comments',
		[entry({ ...ownPublic, definition: '-- *not* creating schema, since initdb creates it\n' })],
		whole,
		[],
	],
	[
		'public in place: nothing is dropped',
		[ownPublic, entry({ schema: 'public' })],
		{ whole: true, isNew: false },
		[],
	],
])('%s', (_name, entries, how, expected) => {
	expect(schemaStatements(entries, how)).toEqual(expected);
});
