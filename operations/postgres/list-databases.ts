import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext } from '../settings';

/** A container, for pickers. */
export interface ContainerListing {
	readonly name: string;
	readonly image: string;
	readonly running: boolean;
	/** Whether it looks like a Postgres server: by its image's name, `PG_VERSION`, `PGDATA` or `POSTGRES_*` variables, or port 5432. */
	readonly postgres: boolean;
}

/** Those that run Postgres first. */
export function listContainers(_context: OperationContext, _host: HostSettings): Promise<ContainerListing[]> {
	throw new BackupError('unexpected', 'to be written');
}
