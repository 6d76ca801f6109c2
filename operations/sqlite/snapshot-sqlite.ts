import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { BackUpOutcome } from '../run-backup';
import type { SnapshotSqliteRequest } from './requests';

export function snapshotSqlite(
	_context: OperationContext,
	_host: HostSettings,
	_repository: RepositorySettings,
	_request: SnapshotSqliteRequest,
): Promise<BackUpOutcome> {
	throw new BackupError('unexpected', 'to be written');
}
