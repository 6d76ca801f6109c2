import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { BackUpOutcome } from '../run-backup';
import type { DumpPostgresRequest } from './requests';

export function dumpPostgres(
	_context: OperationContext,
	_host: HostSettings,
	_repository: RepositorySettings,
	_request: DumpPostgresRequest,
): Promise<BackUpOutcome> {
	throw new BackupError('unexpected', 'to be written');
}
