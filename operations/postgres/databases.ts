import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext } from '../settings';
import type { PostgresServer } from './requests';

/** Names of the databases that can be dumped. */
export function listDatabases(
	_context: OperationContext,
	_host: HostSettings,
	_server: PostgresServer,
): Promise<{ readonly name: string; readonly sizeBytes: number }[]> {
	throw new BackupError('unexpected', 'to be written');
}
