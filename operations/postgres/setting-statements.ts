/** Settings of databases and roles as statements; what was recorded is only ever quoted data in them. */
import type { PostgresSetting } from '../../protocol/description';
import { quoteIdentifier, quoteLiteral } from './quoting';

/** The server keeps these as a list of quoted names, and takes them as a list of literals (pg_dump knows the same ones). */
const lists: ReadonlySet<string> = new Set([
	'local_preload_libraries',
	'search_path',
	'session_preload_libraries',
	'shared_preload_libraries',
	'temp_tablespaces',
	'unix_socket_directories',
]);

export function databaseSetting(database: string, { role, name, value }: PostgresSetting): string {
	const subject =
		role === null
			? `DATABASE ${quoteIdentifier(database)}`
			: `ROLE ${quoteIdentifier(role)} IN DATABASE ${quoteIdentifier(database)}`;
	return `ALTER ${subject} ${setting(name, value)}`;
}

export function roleSetting(role: string, name: string, value: string): string {
	return `ALTER ROLE ${quoteIdentifier(role)} ${setting(name, value)}`;
}

function setting(name: string, value: string): string {
	const values = lists.has(name.toLowerCase()) ? namesOf(value) : [value];
	return `SET ${quoteIdentifier(name)} TO ${values.map(quoteLiteral).join(', ')}`;
}

/** Undoes the list's quoting; an empty list is one empty name, as the server writes it. */
function namesOf(list: string): string[] {
	const names = [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(?:,|$)/g)]
		.filter(({ index }) => index < list.length)
		.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.trim() ?? '');
	return names.length === 0 ? [''] : names;
}
