/**
 * Restore of a Postgres dump: into a new database, one that takes the place of another, or in place; or of a run's
 * globals onto a server. The whole archive is verified before anything is touched; everything that can be refused
 * is refused then. A dump reaches the server only through pg_restore; properties, settings, grants and roles are
 * made from recorded data by quoted statements.
 */
import type { GlobalsDescription, PostgresDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { Readable } from 'node:stream';
import { withDocker } from '../executor';
import { readCatalog } from '../list-records';
import { filterOf, type Selection } from '../select';
import type { HostSettings, OperationContext, RepositorySettings, Where } from '../settings';
import { streamArchive, type StreamedArchive } from '../stream-archive';
import { openDump } from './dump-head';
import { planGlobals } from './globals-statements';
import { logIn } from './login';
import type { RestorePostgresOutcome, RestorePostgresRequest } from './requests';
import { restoreDatabase } from './restore-database';
import { makeRoles, readGlobals, readGlobalsOfRun } from './restore-globals';
import { planRestore } from './restore-plan';
import { requireConfirmed, requireStallLimit } from './restore-refusals';
import type { PostgresLogin } from './tools';
import { restoreServer, type RestoreServer } from './restore-server';
import { selectDump } from './series';
import { countPresent, lookAtServer, maintenanceOf, requireUnused } from './target-server';

type Restored = Omit<RestorePostgresOutcome, 'record' | 'trust' | 'dryRun' | 'durationMs'>;

/** What the restore of an archive works with. */
interface Work {
	readonly context: OperationContext;
	readonly repository: RepositorySettings;
	readonly host: HostSettings;
	readonly request: RestorePostgresRequest;
	readonly login: PostgresLogin;
	readonly server: RestoreServer;
}

export async function restorePostgres(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: RestorePostgresRequest,
): Promise<RestorePostgresOutcome> {
	const started = context.clock.monotonic();
	const { selection, allowUnsigned, dryRun } = request;
	if (request.database !== null && request.way !== 'new') requireConfirmed(request.database, request.confirm);
	requireStallLimit(request.stallLimitMs);
	return await withDocker(hostSettings.endpoint, async (docker) => {
		// A wrong password need not wait for a long verification.
		const login = await logIn(docker, request.server, context.signal);
		const server = restoreServer(docker, login, context.signal);
		const work: Work = { context, repository, host: hostSettings, request, login, server };
		const where = { type: 'runner', host: hostSettings } as const;
		const wanted = {
			selection: await chosen(context, where, repository, selection),
			allowUnsigned,
			kinds: ['postgres'],
		} as const;
		return await streamArchive(context, where, repository, wanted, async (archive, content) => {
			const { record, trust } = archive;
			const restored = await restoreArchive(work, archive, content);
			const durationMs = Math.round(context.clock.monotonic() - started);
			return { record, trust, ...restored, dryRun, durationMs };
		});
	});
}

/** Of a job that dumps a database and the globals of its server, the latest is the database. */
async function chosen(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	selection: Selection,
): Promise<Selection> {
	if (selection.by === 'id') return selection;
	const { entries, keyring } = await readCatalog(context, where, repository, filterOf(selection));
	return { by: 'id', id: selectDump(entries, selection, keyring).id };
}

async function restoreArchive(
	work: Work,
	archive: StreamedArchive,
	content: () => Readable,
): Promise<Restored> {
	const { description } = archive;
	switch (description?.type) {
		case 'postgres-database':
			return await restoreDump(work, archive, description, content);
		case 'postgres-globals':
			return await restoreServerGlobals(work, description, content);
		default:
			throw new BackupError('archive_malformed', `${archive.record.id} does not describe what was dumped`, {
				hint: 'Choose another record.',
			});
	}
}

async function restoreDump(
	{ context, repository, host, request, login, server }: Work,
	{ record }: StreamedArchive,
	description: PostgresDescription,
	content: () => Readable,
): Promise<Restored> {
	const { way, dryRun } = request;
	const target = await lookAtServer(server, login);
	const named = request.database ?? description.database;
	const maintenance = maintenanceOf(login, way === 'new' ? '' : named);
	const where = { type: 'runner', host } as const;
	const globals = request.globals
		? await readGlobalsOfRun(context, where, repository, record, request.allowUnsigned)
		: null;
	const there = way !== 'new' && target.databases.has(named);
	const present = way === 'in-place' && there ? await countPresent(server, named) : 0;
	const { contents, dump } = await openDump(content());
	try {
		const { id } = record;
		const now = context.clock.now();
		const plan = planRestore({
			request,
			id,
			description,
			contents,
			server: target,
			globals,
			present,
			now,
		});
		if (there && request.connections === 'refuse') await requireUnused(server, maintenance, named);
		const { tables, warnings } = dryRun
			? { tables: description.tables.length, warnings: [] }
			: await restoreDatabase({
					context,
					server,
					maintenance,
					target,
					request,
					description,
					plan,
					dump,
				});
		return {
			database: plan.database,
			previousDatabase: plan.keepsPrevious ? plan.before : null,
			tables,
			warnings: [...plan.warnings, ...warnings],
			steps: plan.steps,
		};
	} finally {
		dump.destroy();
	}
}

/** They belong to no database. */
async function restoreServerGlobals(
	{ request, login, server }: Work,
	{ roles }: GlobalsDescription,
	content: () => Readable,
): Promise<Restored> {
	if (request.way !== 'new' || request.database !== null) {
		throw new BackupError('invalid_parameter', 'globals belong to the server and to none of its databases', {
			hint: 'Restore them as new, without the name of a database: only what is missing is made.',
		});
	}
	const { major, roles: there, tablespaces } = await lookAtServer(server, login);
	const plan = planGlobals(await readGlobals(content()), { major, roles: there, tablespaces }, null);
	const refused = request.dryRun ? [] : await makeRoles(server, login.maintenanceDatabase, plan);
	const { created } = plan;
	return {
		database: '',
		previousDatabase: null,
		tables: 0,
		warnings: [...plan.warnings, ...refused],
		steps: [
			created.length === 0
				? `Make no roles: the server has all ${roles}.`
				: `Make the roles that are missing: ${created.map((name) => JSON.stringify(name)).join(', ')}.`,
			'Leave the roles that are there as they are.',
		],
	};
}
