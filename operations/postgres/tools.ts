/**
 * How the tools beside a server are run: by exec in its container, as the login found out. The password is in their
 * environment, and nowhere else.
 */
import type { ExecSpec } from '../../docker/exec';

export interface PostgresLogin {
	/** Its id. */
	readonly container: string;
	readonly containerName: string;
	/** As the container was made from it. */
	readonly image: string | null;
	readonly user: string;
	/** For every tool; holds the password. */
	readonly environment: Readonly<Record<string, string>>;
	/** Host, port and user, for every tool. */
	readonly connectionArguments: readonly string[];
	/** One that this user can connect to, for what belongs to the whole server. */
	readonly maintenanceDatabase: string;
	readonly superuser: boolean;
	/** As `SHOW server_version` says, and its first number. */
	readonly serverVersion: string;
	readonly serverMajor: number;
	/** Of the tools in the container, as `pg_dump --version` says, and its first number. */
	readonly dumpVersion: string;
	readonly dumpMajor: number;
}

/** The exec of a Postgres tool in the server's container, with whom and where to connect. */
export function toolSpec(
	login: Pick<PostgresLogin, 'container' | 'environment' | 'connectionArguments'>,
	tool: 'psql' | 'pg_dump' | 'pg_restore',
	toolArguments: readonly string[],
): Omit<ExecSpec, 'input'> {
	const { container, environment, connectionArguments } = login;
	return { container, environment, command: [tool, ...connectionArguments, ...toolArguments] };
}
