import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { RestoreSqliteRequest, RestoreSqliteOutcome } from './requests';

export function restoreSqlite(
	_context: OperationContext,
	_host: HostSettings,
	_repository: RepositorySettings,
	_request: RestoreSqliteRequest,
): Promise<RestoreSqliteOutcome> {
	throw new BackupError('unexpected', 'to be written');
}
