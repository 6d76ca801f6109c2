/** From the panel's values for a SQLite database to the operation's request. Throws `invalid_parameter`. */
import type { RestoreSqliteRequest } from '../../operations';
import type { Fields } from '../shared/fields';
import { placeOfType } from '../shared/place';
import { selectionOf } from '../shared/selection';

export function sqliteRequest(parameters: Fields): RestoreSqliteRequest {
	const type = parameters.oneOf('placeType', 'Where', ['original', 'volume', 'directory']);
	return {
		selection: selectionOf(parameters),
		place: type === 'original' ? null : placeOfType(type, parameters),
		path: parameters.text('path', 'Path').replace(/^\/+/, '') || null,
		swap: swap(parameters),
		allowUnsigned: parameters.group('options', 'Options').flag('allowUnsigned', 'Allow Unsigned Record'),
		dryRun: parameters.flag('dryRun', 'Dry Run'),
	};
}

function swap(parameters: Fields): RestoreSqliteRequest['swap'] {
	if (parameters.oneOf('fileWay', 'Restore Into', ['beside', 'swap']) === 'beside') return null;
	return {
		confirm: parameters.text('confirmFile', 'Type the Path to Confirm', { exact: true }),
		stopContainers: parameters.flag('stopFileUsers', 'Stop Containers'),
	};
}
