/**
 * A restored database takes the place of another: both renames in one transaction, so that whatever dies, the name
 * is always one whole database's. While a rename waits for others to leave, nobody new gets in.
 * Throws `database_in_use`, `target_failed`; then both have their names from before.
 */
import { BackupError, toBackupError } from '../../protocol/errors';
import { quoteIdentifier, quoteLiteral } from './quoting';
import type { RestorePostgresRequest } from './requests';
import type { RestorePlan } from './restore-plan';
import type { RestoreServer } from './restore-server';
import { endConnections, requireUnused } from './target-server';

/** A rename gives up after five seconds with others inside; whoever is still there is sent out twice a second. */
const sendOutEveryMs = 500;

export async function swapDatabases(
	server: RestoreServer,
	maintenance: string,
	{ into, database, before }: Pick<RestorePlan, 'into' | 'database' | 'before'>,
	connections: RestorePostgresRequest['connections'],
): Promise<void> {
	const rename = (from: string, to: string) =>
		`ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`;
	if (before === null) {
		await server.always.run(maintenance, [rename(into, database)]);
		return;
	}
	if (connections === 'refuse') await requireUnused(server, maintenance, database);
	const renames = [rename(database, before), rename(into, database)];
	// Never cut short by a cancel: then it would not be known whether it was done.
	const swap = server.always.run(maintenance, renames, { transaction: true });
	let timer: NodeJS.Timeout | undefined;
	if (connections === 'end') {
		// What it could not do the rename tells.
		const sendOut = () => void endConnections(server, maintenance, database).catch(() => undefined);
		sendOut();
		timer = setInterval(sendOut, sendOutEveryMs);
	}
	try {
		await swap;
	} catch (error) {
		// The answer to a commit can be lost after it.
		if (await isThere(server.always, maintenance, before)) return;
		const { code, message } = toBackupError(error);
		if (code !== 'database_in_use') throw error;
		if (connections === 'refuse') await requireUnused(server, maintenance, database);
		throw new BackupError('database_in_use', message, {
			hint: 'Stop what uses it; prepared transactions must be committed or rolled back.',
			cause: error,
		});
	} finally {
		clearInterval(timer);
	}
}

async function isThere(server: RestoreServer, maintenance: string, database: string): Promise<boolean> {
	const select = `SELECT to_json(count(*)) FROM pg_catalog.pg_database WHERE datname = ${quoteLiteral(database)}`;
	return (await server.ask(maintenance, select).catch(() => 0)) === 1;
}
