import { connectionFailure, lastLines, statementFailure } from '../../../../operations/postgres/failures';
import { warningsIn } from '../../../../operations/postgres/pg-dump';

const place = { containerName: 'pg', user: 'app', database: 'shop' };
const onSocket =
	'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: FATAL:  ';

test.each([
	[`${onSocket}password authentication failed for user "app"`, 'database_login_failed', '28P01'],
	[
		'psql: error: connection to server at "db" (::1), port 5432 failed: fe_sendauth: no password supplied',
		'database_login_failed',
		'28P01',
	],
	[`${onSocket}role "app" does not exist`, 'database_login_failed', '28000'],
	[
		`${onSocket}no pg_hba.conf entry for host "[local]", user "app", database "shop"`,
		'database_login_failed',
		'28000',
	],
	[`${onSocket}Peer authentication failed for user "app"`, 'database_login_failed', '28P01'],
	[`${onSocket}database "shop" does not exist`, 'database_not_found', '3D000'],
	[
		`${onSocket}permission denied for database "shop"\nDETAIL:  User does not have CONNECT privilege.`,
		'source_unreadable',
		'42501',
	],
	[`${onSocket}sorry, too many clients already`, 'source_busy', '53300'],
	[`${onSocket}the database system is starting up`, 'source_busy', '57P03'],
	[
		'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally?',
		'postgres_not_found',
		null,
	],
	[
		'psql: error: connection to server at "10.0.0.1", port 5432 failed: timeout expired',
		'postgres_not_found',
		null,
	],
	['psql: error: could not translate host name "nowhere" to address', 'postgres_not_found', null],
	// A server that speaks German.
	[`${onSocket}Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen`, 'database_login_failed', null],
])('%s', (stderr, code, sqlState) => {
	const error = connectionFailure(place, stderr);
	expect(error).toMatchObject({ code, sqlState });
	expect(error.message).toMatch(/"pg"/);
	expect(error.hint).toMatch(/\w/);
});

test.each([
	['3D000', 'database_not_found'],
	['28P01', 'database_login_failed'],
	['28000', 'database_login_failed'],
	['42501', 'source_unreadable'],
	['42P01', 'source_failed'],
	['42P04', 'target_exists'],
	['53100', 'target_full'],
	['53300', 'source_busy'],
	['55006', 'database_in_use'],
	['55P03', 'source_busy'],
	['57014', 'timed_out'],
])('SQLSTATE %s is %s', (sqlState, code) => {
	const error = statementFailure(place, sqlState, 'it went wrong\nLINE 1: …');
	expect(error).toMatchObject({ code, sqlState });
	expect(error.message).toBe(`database "shop" in container "pg": it went wrong (${sqlState})`);
});

test('the last words are one line, and never empty', () => {
	expect(lastLines('a\n\nb\nc\n', 2)).toBe('b; c');
	expect(lastLines(' \n', 2)).toBe('it said nothing');
	expect(lastLines('x'.repeat(5000), 2)).toHaveLength(1000);
});

test('warnings of pg_dump, each with its hints', () => {
	const stderr = [
		'pg_dump: warning: there are circular foreign-key constraints on this table:',
		'pg_dump: detail: nodes',
		'pg_dump: hint: You might not be able to restore the dump.',
		'',
		'WARNING:  something of the server',
	].join('\n');
	expect(warningsIn(stderr)).toEqual([
		{
			code: 'pg_dump_warning',
			message:
				'there are circular foreign-key constraints on this table: detail: nodes hint: You might not be able to restore the dump.',
			path: null,
		},
		{ code: 'pg_dump_warning', message: 'WARNING:  something of the server', path: null },
	]);
	expect(warningsIn('')).toEqual([]);
	expect(warningsIn('pg_dump: warning: x\n'.repeat(80))).toHaveLength(50);
});
