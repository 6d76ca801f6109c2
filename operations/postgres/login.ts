/**
 * The way into a server that runs in a container: found, let in, and of a version that the tools beside it can dump.
 * The password goes into the environment of the tools' execs, and nowhere else.
 * Throws `container_not_found`, `container_not_running`, `postgres_not_found`, `database_login_failed`,
 * `database_version_mismatch`, and as `failures.ts` and `exec.ts` say.
 */
import type { DockerHost } from '../../docker/api';
import { runningContainer } from '../../docker/container-details';
import { runExec, type ExecResult } from '../../docker/exec';
import { BackupError } from '../../protocol/errors';
import { PostgresError } from './failures';
import { answers, query } from './psql';
import type { PostgresServer } from './requests';
import type { PostgresLogin } from './tools';

export type { PostgresLogin } from './tools';

const connectLimitS = 15;
const toolLimitMs = 60_000;

export async function logIn(
	host: DockerHost,
	server: PostgresServer,
	signal: AbortSignal,
): Promise<PostgresLogin> {
	const details = await runningContainer(host, server.container, signal);
	const user = server.user ?? (details.environment['POSTGRES_USER'] || 'postgres');
	const way = {
		container: details.id,
		containerName: details.name,
		image: details.image,
		user,
		environment: environmentFor(server, details.environment),
		connectionArguments: connectionArguments(server, details.environment, user),
	};
	const tools = await toolVersion(host, way, signal);
	const named = details.environment['POSTGRES_DB'];
	const candidates = new Set(['postgres', ...(named ? [named] : []), user, 'template1']);
	const login = { ...way, ...tools, ...(await enter(host, { ...way, ...tools }, [...candidates], signal)) };
	if (login.dumpMajor < login.serverMajor) {
		throw new BackupError(
			'database_version_mismatch',
			`the pg_dump in container "${way.containerName}" is ${tools.dumpVersion}, older than the server's ${login.serverVersion}`,
			{ hint: "Choose the server's own container: an older pg_dump can't read it." },
		);
	}
	return login;
}

/** What the container's own environment says and could mislead a tool is put right. */
export function environmentFor(
	{ password, host }: PostgresServer,
	inContainer: Readonly<Record<string, string>>,
): Record<string, string> {
	return {
		...(password !== null && { PGPASSWORD: password }),
		...(host === null && inContainer['PGHOST'] && !inContainer['PGHOST'].startsWith('/') && { PGHOST: '' }),
		...(inContainer['PGOPTIONS'] && { PGOPTIONS: '' }),
		...(inContainer['PGCLIENTENCODING'] && { PGCLIENTENCODING: '' }),
		PGAPPNAME: 'docker-backup',
		PGCONNECT_TIMEOUT: String(connectLimitS),
		LC_ALL: 'C',
	};
}

/** Of every tool; what the container's own environment says of its port is its server's. */
export function connectionArguments(
	{ host, port }: PostgresServer,
	inContainer: Readonly<Record<string, string>>,
	user: string,
): string[] {
	const chosen = port === null ? inContainer['PGPORT'] || '5432' : String(port);
	return [...(host === null ? [] : [`--host=${host}`]), `--port=${chosen}`, `--username=${user}`];
}

type Way = Pick<
	PostgresLogin,
	'container' | 'containerName' | 'image' | 'user' | 'environment' | 'connectionArguments'
>;

async function toolVersion(
	host: DockerHost,
	way: Way,
	signal: AbortSignal,
): Promise<Pick<PostgresLogin, 'dumpVersion' | 'dumpMajor'>> {
	const { container, containerName } = way;
	let result: ExecResult;
	try {
		result = await runExec(
			host,
			{ container, command: ['pg_dump', '--version'], environment: { LC_ALL: 'C' }, limitMs: toolLimitMs },
			signal,
		);
	} catch (error) {
		if (error instanceof BackupError && /executable file not found|no such file/i.test(error.message)) {
			throw withoutTools(containerName, error);
		}
		throw error;
	}
	const [, version, major] = /\) ((\d+)\S*)/.exec(result.stdout) ?? [];
	if (result.exitCode !== 0 || version === undefined || major === undefined)
		throw withoutTools(containerName);
	return { dumpVersion: version, dumpMajor: Number(major) };
}

function withoutTools(container: string, cause?: unknown): BackupError {
	return new BackupError('postgres_not_found', `container "${container}" has no pg_dump`, {
		hint: 'Choose a container that runs Postgres, from an image with its tools, such as postgres:17.',
		cause,
	});
}

/** A server need not have a database named postgres, and need not let everybody into it. */
async function enter(
	host: DockerHost,
	way: Omit<PostgresLogin, 'maintenanceDatabase' | 'superuser' | 'serverVersion' | 'serverMajor'>,
	[database = 'postgres', ...others]: readonly string[],
	signal: AbortSignal,
): Promise<Pick<PostgresLogin, 'maintenanceDatabase' | 'superuser' | 'serverVersion' | 'serverMajor'>> {
	const login = {
		...way,
		maintenanceDatabase: database,
		superuser: false,
		serverVersion: '',
		serverMajor: 0,
	};
	try {
		const [row] = await query(host, login, database, aboutServer, signal);
		const facts = answers.fields(row);
		return {
			maintenanceDatabase: database,
			superuser: answers.boolean(facts, 'superuser'),
			serverVersion: answers.string(facts, 'version'),
			serverMajor: Math.floor(answers.integer(facts, 'number') / 10_000),
		};
	} catch (error) {
		const another = error instanceof PostgresError && /^(?:3D000|42501)$/.test(error.sqlState ?? '');
		if (!another || others.length === 0) throw error;
		return await enter(host, way, others, signal);
	}
}

const aboutServer = `
	select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
		current_setting('is_superuser') = 'on' as superuser`;
