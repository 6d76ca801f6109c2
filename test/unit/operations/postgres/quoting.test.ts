import { conninfoFor, quoteIdentifier, quoteLiteral } from '../../../../operations/postgres/quoting';

describe('known failure 33: hostile names are safe', () => {
	test.each([
		['plain', '"plain"'],
		['with "quotes"', '"with ""quotes"""'],
		["it's", `"it's"`],
		['a\\b\nc', '"a\\b\nc"'],
		['', '""'],
	])('identifier %j', (name, expected) => {
		expect(quoteIdentifier(name)).toBe(expected);
	});

	test.each([
		['plain', `'plain'`],
		["it's", `'it''s'`],
		['new\nline $$ "', `'new\nline $$ "'`],
		// The same with standard_conforming_strings on and off.
		['back\\slash', ` E'back\\\\slash'`],
		["\\'; drop table x; --", ` E'\\\\''; drop table x; --'`],
	])('literal %j', (text, expected) => {
		expect(quoteLiteral(text)).toBe(expected);
	});

	test.each([
		['shop', `dbname='shop'`],
		['-h evil', `dbname='-h evil'`],
		['dbname=postgres host=evil', `dbname='dbname=postgres host=evil'`],
		["' host='evil", `dbname='\\' host=\\'evil'`],
		["back\\' host=evil", `dbname='back\\\\\\' host=evil'`],
		['postgresql://evil/db', `dbname='postgresql://evil/db'`],
	])('connection string of %j', (name, expected) => {
		expect(conninfoFor(name)).toBe(expected);
	});

	test('a zero character would end the name early', () => {
		for (const quote of [quoteIdentifier, quoteLiteral, conninfoFor]) {
			expect(() => quote('a\0b')).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
		}
	});
});
