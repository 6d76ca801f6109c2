/** The databases of a server, and which of them a request means. Throws as `login.ts` and `psql.ts`. */
import type { DockerHost } from '../../docker/api';
import { BackupError } from '../../protocol/errors';
import { withDocker } from '../executor';
import type { HostSettings, OperationContext } from '../settings';
import { logIn } from './login';
import { answers, query } from './psql';
import type { DumpPostgresRequest, PostgresServer } from './requests';
import type { PostgresLogin } from './tools';

export interface ServerDatabase {
	readonly name: string;
	/** Null: this user may not know. */
	readonly sizeBytes: number | null;
	/** Whether it can be connected to at all. */
	readonly open: boolean;
	readonly template: boolean;
}

/** Names of the databases that can be dumped. */
export async function listDatabases(
	{ signal }: OperationContext,
	host: HostSettings,
	server: PostgresServer,
): Promise<{ readonly name: string; readonly sizeBytes: number }[]> {
	const databases = await withDocker(host.endpoint, async (docker) =>
		databasesOf(docker, await logIn(docker, server, signal), signal),
	);
	return databases
		.filter(isOrdinary)
		.map(({ name, sizeBytes }) => ({ name, sizeBytes: sizeBytes ?? 0 }))
		.sort((a, b) => a.name.localeCompare(b.name));
}

export async function databasesOf(
	host: DockerHost,
	login: PostgresLogin,
	signal: AbortSignal,
): Promise<ServerDatabase[]> {
	const rows = await query(host, login, login.maintenanceDatabase, databasesQuery, signal);
	return rows.map((row) => ({
		name: answers.string(row, 'name'),
		sizeBytes: answers.nullable(row, 'size', (f, name) => answers.integer(f, name)),
		open: answers.boolean(row, 'open'),
		template: answers.boolean(row, 'template'),
	}));
}

/** One whose dropping was interrupted is left with a limit of −2. */
const databasesQuery = `
	select datname as name, datallowconn and datconnlimit <> -2 as open, datistemplate as template,
		case when has_database_privilege(oid, 'connect') or pg_has_role('pg_read_all_stats', 'member')
			then pg_database_size(oid) end as size
	from pg_database order by datname`;

const isOrdinary = ({ open, template }: ServerDatabase): boolean => open && !template;

/** Throws `database_not_found` naming what is missing, `invalid_parameter` when nothing is chosen. */
export function chooseDatabases(
	there: readonly ServerDatabase[],
	{ databases, excludeDatabases }: Pick<DumpPostgresRequest, 'databases' | 'excludeDatabases'>,
	containerName: string,
): ServerDatabase[] {
	if (databases === 'all') {
		const chosen = there.filter(isOrdinary).filter(({ name }) => !excludeDatabases.includes(name));
		if (chosen.length > 0) return chosen;
		throw new BackupError('database_not_found', `container "${containerName}" has no database to dump`, {
			hint: 'All of them are excluded, or the server has only templates.',
		});
	}
	if (databases.length === 0) {
		throw new BackupError('invalid_parameter', 'no database is selected', {
			hint: 'Name at least one database, or choose all.',
		});
	}
	return [...new Set(databases)].map((name) => {
		const found = there.find((database) => database.name === name);
		if (found?.open) return found;
		const named = JSON.stringify(name);
		throw found
			? new BackupError('database_not_found', `database ${named} accepts no connections`, {
					hint: 'Templates such as template0 can not be dumped.',
				})
			: new BackupError('database_not_found', `container "${containerName}" has no database ${named}`, {
					hint: 'Choose one of the databases that the server has; capital letters matter.',
				});
	});
}
