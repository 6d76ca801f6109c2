/** What a server has, as data: before a restore decides anything, and while it works. */
import { BackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import { quoteLiteral } from './quoting';
import type { PostgresLogin } from './tools';
import type { TargetServer } from './restore-plan';
import type { RestoreServer } from './restore-server';

const reader = new Reader('target_failed', "the server's answer");

/** Where to log in that is not the database that is replaced. */
export function maintenanceOf(login: Pick<PostgresLogin, 'maintenanceDatabase'>, replaced: string): string {
	if (login.maintenanceDatabase !== replaced) return login.maintenanceDatabase;
	return replaced === 'template1' ? 'postgres' : 'template1';
}

export async function lookAtServer(server: RestoreServer, login: PostgresLogin): Promise<TargetServer> {
	const f = reader.fields(
		await server.ask(
			login.maintenanceDatabase,
			`SELECT json_build_object(
				'lockSlots', current_setting('max_locks_per_transaction')::bigint
					* (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint),
				'databases', (SELECT coalesce(json_agg(datname), '[]') FROM pg_catalog.pg_database),
				'roles', (SELECT coalesce(json_agg(rolname), '[]') FROM pg_catalog.pg_roles),
				'tablespaces', (SELECT coalesce(json_agg(spcname), '[]') FROM pg_catalog.pg_tablespace))`,
		),
	);
	return {
		version: login.serverVersion,
		major: login.serverMajor,
		toolMajor: login.dumpMajor,
		lockSlots: reader.integer(f, 'lockSlots'),
		databases: new Set(reader.strings(f, 'databases')),
		roles: new Set(reader.strings(f, 'roles')),
		tablespaces: new Set(reader.strings(f, 'tablespaces')),
	};
}

/** Relations and large objects of the database, each of which is a lock when it is dropped. */
export async function countPresent(server: RestoreServer, database: string): Promise<number> {
	const f = reader.fields(
		await server.ask(
			database,
			`SELECT json_build_object('count',
				(SELECT count(*) FROM pg_catalog.pg_class WHERE oid >= 16384)
				+ (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata))`,
		),
	);
	return reader.integer(f, 'count');
}

/** Throws `database_in_use`, naming who is connected to it. */
export async function requireUnused(
	server: RestoreServer,
	maintenance: string,
	database: string,
): Promise<void> {
	const others = await connectionsTo(server, maintenance, database);
	const count = others.reduce((sum, other) => sum + other.count, 0);
	if (count === 0) return;
	const who = others.slice(0, 10).map((other) => `${other.application} (${other.count})`);
	throw new BackupError(
		'database_in_use',
		`${count} ${count === 1 ? 'connection' : 'connections'} to database ${JSON.stringify(database)}: ${who.join(', ')}`,
		{ hint: 'Stop what uses it, or let the restore end the connections.' },
	);
}

/** Prepared transactions hold a database as a connection does, and can't be ended. */
async function connectionsTo(
	server: RestoreServer,
	maintenance: string,
	database: string,
): Promise<{ readonly application: string; readonly count: number }[]> {
	const name = quoteLiteral(database);
	const f = reader.fields(
		await server.ask(
			maintenance,
			`SELECT json_build_object('others', coalesce(json_agg(json_build_object('application', application, 'count', count)
					ORDER BY count DESC, application), '[]'))
				FROM (SELECT application, count(*) FROM (
					SELECT coalesce(nullif(application_name, ''), 'user ' || usename, 'unnamed') AS application
						FROM pg_catalog.pg_stat_activity
						WHERE datname = ${name} AND backend_type IS DISTINCT FROM 'autovacuum worker'
					UNION ALL SELECT 'prepared transaction' FROM pg_catalog.pg_prepared_xacts WHERE database = ${name}
				) AS found GROUP BY application) AS counted`,
		),
	);
	return reader.array(f, 'others', (value) => {
		const other = reader.fields(value, 'others');
		return { application: reader.string(other, 'application'), count: reader.integer(other, 'count') };
	});
}

/** Ends the connections of others; with an application name, only those. */
export async function endConnections(
	server: RestoreServer,
	maintenance: string,
	database: string,
	applicationName?: string,
): Promise<void> {
	const only =
		applicationName === undefined ? '' : ` AND application_name = ${quoteLiteral(applicationName)}`;
	await server.ask(
		maintenance,
		`SELECT to_json(count(pg_catalog.pg_terminate_backend(pid))) FROM pg_catalog.pg_stat_activity
			WHERE datname = ${quoteLiteral(database)} AND pid <> pg_catalog.pg_backend_pid()${only}`,
	);
}

/** Whether a statement of that application runs there, and does not wait for somebody else's lock. */
export async function isWorking(
	server: RestoreServer,
	maintenance: string,
	applicationName: string,
): Promise<boolean> {
	const answer = await server.ask(
		maintenance,
		`SELECT to_json(count(*) > 0) FROM pg_catalog.pg_stat_activity
			WHERE application_name = ${quoteLiteral(applicationName)}
				AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock' AND wait_event IS DISTINCT FROM 'ClientRead'`,
	);
	return answer === true;
}
