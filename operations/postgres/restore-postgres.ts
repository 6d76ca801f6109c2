import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { RestorePostgresRequest, RestorePostgresOutcome } from './requests';

export function restorePostgres(
	_context: OperationContext,
	_host: HostSettings,
	_repository: RepositorySettings,
	_request: RestorePostgresRequest,
): Promise<RestorePostgresOutcome> {
	throw new BackupError('unexpected', 'to be written');
}
