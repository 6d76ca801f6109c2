/** From the panel's values to the operation's request. Throws `invalid_parameter`. */
import { BackupError, type SnapshotSqliteRequest } from '../../operations';
import { backupOptionsOf } from '../shared/backup-options';
import type { Fields } from '../shared/fields';
import { placeOfType } from '../shared/place';

export function snapshotRequest(parameters: Fields): SnapshotSqliteRequest {
	const options = parameters.group('options', 'Options');
	const type = parameters.oneOf('placeType', 'Where', ['volume', 'directory']);
	return {
		...backupOptionsOf(parameters),
		place: placeOfType(type, parameters),
		paths: paths(parameters),
		busyLimitMs: options.whole('busyLimit', 'Busy Limit (Seconds)', 0, 60) * 1000,
	};
}

/** Empty means all, so a choice of none is an error. */
function paths(parameters: Fields): string[] {
	const by = parameters.oneOf('databasesBy', 'Choose Databases', ['all', 'list', 'path']);
	if (by === 'all') return [];
	const chosen =
		by === 'list' ? parameters.exactNames('files', 'Databases') : parameters.lines('paths', 'Paths');
	if (chosen.length > 0) return chosen.map((path) => path.replace(/^\/+/, ''));
	throw new BackupError('invalid_parameter', 'no database is selected', {
		hint: 'Choose at least one, or all that are found.',
	});
}
