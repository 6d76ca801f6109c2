import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext } from '../settings';
import type { FilePlace, SqliteFile } from './requests';

/** Every SQLite database file of a place, by its header, sorted by path. */
export function listSqliteFiles(
	_context: OperationContext,
	_host: HostSettings,
	_place: FilePlace,
): Promise<SqliteFile[]> {
	throw new BackupError('unexpected', 'to be written');
}
