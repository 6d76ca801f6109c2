import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { DrillRequest, DrillOutcome } from './requests';

export function drillPostgres(
	_context: OperationContext,
	_host: HostSettings,
	_repository: RepositorySettings,
	_request: DrillRequest,
): Promise<DrillOutcome> {
	throw new BackupError('unexpected', 'to be written');
}
