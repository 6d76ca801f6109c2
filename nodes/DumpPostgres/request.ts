/** From the panel's values to the operation's request, but for the server. Throws `invalid_parameter`. */
import { BackupError, type DumpPostgresRequest } from '../../operations';
import { backupOptionsOf } from '../shared/backup-options';
import type { Fields } from '../shared/fields';

export function dumpRequest(parameters: Fields): Omit<DumpPostgresRequest, 'server'> {
	const options = parameters.group('options', 'Options');
	const totalLimit = options.whole('totalLimit', 'Time Limit (Seconds)', 0, 0);
	const wanted = databases(parameters);
	return {
		...backupOptionsOf(parameters),
		databases: wanted,
		excludeDatabases: wanted === 'all' ? parameters.exactNames('excludeDatabases', 'Except Databases') : [],
		globals: options.flag('globals', 'Roles and Tablespaces', true),
		rolePasswords: options.flag('rolePasswords', 'Role Passwords'),
		schemas: options.lines('schemas', 'Schemas'),
		excludeSchemas: options.lines('excludeSchemas', 'Exclude Schemas'),
		tables: options.lines('tables', 'Tables'),
		excludeTables: options.lines('excludeTables', 'Exclude Tables'),
		content: options.oneOf('content', 'Content', ['all', 'schema', 'data'], 'all'),
		countRows: options.flag('countRows', 'Count Rows', true),
		stallLimitMs: options.whole('stallLimit', 'Stall Limit (Seconds)', 1, 300) * 1000,
		totalLimitMs: totalLimit === 0 ? null : totalLimit * 1000,
	};
}

function databases(parameters: Fields): DumpPostgresRequest['databases'] {
	const by = parameters.oneOf('databasesBy', 'Choose Databases', ['all', 'list', 'name']);
	if (by === 'all') return by;
	const chosen =
		by === 'list'
			? parameters.exactNames('databases', 'Databases')
			: parameters.exactNames('databaseNames', 'Database Names');
	if (chosen.length > 0) return chosen;
	throw new BackupError('invalid_parameter', 'no database is selected', {
		hint: 'Choose at least one, or all databases of the server.',
	});
}
