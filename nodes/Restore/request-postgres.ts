/** From the panel's values for a Postgres database to the operation's request, but for the server. Throws `invalid_parameter`. */
import type { RestorePostgresRequest } from '../../operations';
import type { Fields } from '../shared/fields';
import { selectionOf } from '../shared/selection';

/** Names of databases are taken as they are: spaces may belong to them. */
export function postgresRequest(parameters: Fields): Omit<RestorePostgresRequest, 'server'> {
	const options = parameters.group('options', 'Options');
	return {
		selection: selectionOf(parameters),
		...replacement(parameters),
		schemas: options.lines('schemas', 'Schemas'),
		tables: options.lines('tables', 'Tables'),
		globals: options.flag('globals', 'Create Missing Roles'),
		allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
		dryRun: parameters.flag('dryRun', 'Dry Run'),
		stallLimitMs: options.whole('stallLimit', 'Stall Limit (Seconds)', 1, 300) * 1000,
	};
}

/** What was typed or chosen for another way means nothing. */
function replacement(
	parameters: Fields,
): Pick<RestorePostgresRequest, 'way' | 'database' | 'confirm' | 'previous' | 'connections'> {
	const way = parameters.oneOf('databaseWay', 'Restore Into', ['new', 'swap', 'in-place']);
	const exact = { exact: true };
	if (way === 'new') {
		const database = parameters.text('newDatabase', 'New Database Name', exact) || null;
		return { way, database, confirm: '', previous: 'keep', connections: 'refuse' };
	}
	return {
		way,
		database: parameters.text('existingDatabase', 'Existing Database', exact) || null,
		confirm: parameters.text('confirmDatabase', "Type the Database's Name to Confirm", exact),
		previous:
			way === 'swap'
				? parameters.oneOf('previousDatabase', 'Old Database', ['keep', 'drop'], 'keep')
				: 'keep',
		connections: parameters.oneOf('connections', 'When Others Are Connected', ['refuse', 'end'], 'refuse'),
	};
}
