/**
 * Dump of a Postgres server's databases, one archive each, and of its globals as one more. pg_dump runs in the server's
 * own container; what it gives goes straight on to the engine. One that fails fails its own archive only.
 * Throws before anything starts: as `login.ts`, `databases.ts`, `dump-arguments.ts` and `runBackup`.
 */
import { describeHost } from '../../docker/client';
import type { DockerHost } from '../../docker/api';
import { BackupError } from '../../protocol/errors';
import type { ArchivePlan, DataEndFrame } from '../../protocol/job';
import { parseJobName } from '../../protocol/names';
import { withDocker } from '../executor';
import { planIds } from '../plan-ids';
import { requireSoundOptions, runBackup, type BackUpOutcome, type Produce } from '../run-backup';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { chooseDatabases, databasesOf, type ServerDatabase } from './databases';
import { dumpCompression, requireSoundChoice } from './dump-arguments';
import { dumpDatabase } from './dump-database';
import { describeGlobals, readGlobals } from './globals';
import { logIn } from './login';
import { knowsZstd } from './pg-dump';
import { seriesPart } from './series';
import type { DumpPostgresRequest } from './requests';
import type { PostgresLogin } from './tools';

export async function dumpPostgres(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: DumpPostgresRequest,
): Promise<BackUpOutcome> {
	const job = parseJobName(request.job);
	requireSoundOptions(request, repository);
	requireSoundChoice(request);
	return await withDocker(hostSettings.endpoint, async (docker) => {
		const { signal } = context;
		const login = await logIn(docker, request.server, signal);
		requirePasswordRights(request, login);
		const there = await databasesOf(docker, login, signal);
		const databases = chooseDatabases(there, request, login.containerName);
		const { compress, compression } = dumpCompression(
			request.compression,
			await knowsZstd(docker, login, signal),
		);
		const planned = planDumps(job, databases, request.globals, login, context);
		const produce: Produce = async (id, write) => {
			const database = planned.find(({ plan }) => plan.id === id)?.database ?? null;
			if (database === null) return await dumpGlobals(docker, login, request.rolePasswords, signal, write);
			return await dumpDatabase(context, docker, login, { database, compress, request, write });
		};
		const { name: host } = await describeHost(docker, signal);
		const { encrypt, tags, lockWaitMs } = request;
		const plans = planned.map(({ plan }) => plan);
		const run = { job, host, plans, mounts: [], compression, encrypt, tags, lockWaitMs, produce };
		return await runBackup(context, hostSettings, repository, run);
	});
}

function requirePasswordRights({ globals, rolePasswords }: DumpPostgresRequest, login: PostgresLogin): void {
	if (!globals || !rolePasswords || login.superuser) return;
	throw new BackupError(
		'invalid_parameter',
		`"${login.user}" is no superuser, and only one can read the passwords of roles`,
		{ hint: 'Use a superuser such as postgres, or dump the roles without passwords.' },
	);
}

interface PlannedDump {
	readonly plan: ArchivePlan;
	/** Null: the globals. */
	readonly database: string | null;
}

/** Globals last: roles that are made meanwhile are in it. */
function planDumps(
	job: string,
	databases: readonly ServerDatabase[],
	globals: boolean,
	{ containerName }: PostgresLogin,
	context: OperationContext,
): PlannedDump[] {
	const newIds = planIds(job, context);
	const planOf = (part: string, slugged: string, expectedBytes: number | null): ArchivePlan => ({
		...newIds(slugged),
		series: `${containerName}:${part}`,
		kind: 'postgres',
		sources: [{ type: 'database', name: `${containerName}/${part}`, path: '' }],
		expectedBytes,
	});
	const dumps = databases.map(({ name, sizeBytes }) => ({
		plan: planOf(seriesPart(name), name, sizeBytes),
		database: name,
	}));
	return globals ? [...dumps, { plan: planOf('globals', 'globals', null), database: null }] : dumps;
}

async function dumpGlobals(
	docker: DockerHost,
	login: PostgresLogin,
	passwords: boolean,
	signal: AbortSignal,
	write: (chunk: Buffer) => Promise<void>,
): Promise<DataEndFrame> {
	const globals = await readGlobals(docker, login, passwords, signal);
	await write(Buffer.from(JSON.stringify(globals)));
	return { description: JSON.stringify(describeGlobals(login, globals, passwords)), warnings: [] };
}
