/**
 * Names and texts as SQL and as connection strings, whatever is in them. Nothing is ever put into a shell.
 * Throws `invalid_parameter` for a zero character, which neither can hold.
 */
import { BackupError } from '../../protocol/errors';

export function quoteIdentifier(name: string): string {
	return `"${withoutZero(name).replaceAll('"', '""')}"`;
}

/** Means the same whatever `standard_conforming_strings` is. */
export function quoteLiteral(text: string): string {
	const doubled = withoutZero(text).replaceAll("'", "''");
	return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/** Names a database to psql, pg_dump and pg_restore (`--dbname=…`): as it stands, `=` and `://` would be read as more. */
export function conninfoFor(database: string): string {
	return `dbname='${withoutZero(database).replaceAll(/[\\']/g, '\\$&')}'`;
}

function withoutZero(text: string): string {
	if (!text.includes('\0')) return text;
	throw new BackupError('invalid_parameter', `${JSON.stringify(text)} holds a zero character`);
}
