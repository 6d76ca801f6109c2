/**
 * One dump into one database, as its plan says: what is made for it is taken away again when it fails, and what was
 * there before stays as it was until the whole of it is checked (in place: as the plan says).
 */
import type { Readable } from 'node:stream';
import type { PostgresDescription } from '../../protocol/description';
import { joinErrors } from '../../protocol/errors';
import type { OperationContext } from '../settings';
import { checkRestored, type CheckedRestore } from './check-restored';
import { feedRestore } from './feed-restore';
import { completeNewDatabase, dropDatabase, withNewDatabase } from './new-database';
import type { RestorePostgresRequest } from './requests';
import { restoreArguments } from './restore-arguments';
import { dropRoles, makeRoles } from './restore-globals';
import type { RestorePlan, TargetServer } from './restore-plan';
import { problemOf, type RestoreServer } from './restore-server';
import { swapDatabases } from './swap-databases';
import { endConnections, isWorking } from './target-server';

export interface DatabaseRestore {
	readonly context: OperationContext;
	readonly server: RestoreServer;
	/** Not the database that is replaced. */
	readonly maintenance: string;
	readonly target: TargetServer;
	readonly request: RestorePostgresRequest;
	readonly description: PostgresDescription;
	readonly plan: RestorePlan;
	/** The whole dump. */
	readonly dump: Readable;
}

export async function restoreDatabase(restore: DatabaseRestore): Promise<CheckedRestore> {
	const { server, maintenance, plan } = restore;
	const roles = plan.globals?.created ?? [];
	const warnings = roles.length > 0 && plan.globals ? await makeRoles(server, maintenance, plan.globals) : [];
	try {
		const restored = plan.way === 'in-place' ? await inPlace(restore) : await beside(restore);
		return { ...restored, warnings: [...warnings, ...restored.warnings] };
	} catch (error) {
		if (roles.length === 0) throw error;
		const left = await problemOf(dropRoles(server.always, maintenance, roles));
		throw joinErrors(error, left ?? undefined);
	}
}

async function beside(restore: DatabaseRestore): Promise<CheckedRestore> {
	const { context, server, maintenance, target, request, description, plan } = restore;
	const { into, database, before, way } = plan;
	const restored = await withNewDatabase(server, maintenance, plan, description, target, async () => {
		await fill(restore);
		const refused = await completeNewDatabase(server, maintenance, into, description);
		const checked = await checkRestored(server, into, description, request);
		context.signal.throwIfAborted();
		if (way === 'swap') await swapDatabases(server, maintenance, plan, request.connections);
		return { ...checked, warnings: [...refused, ...checked.warnings] };
	});
	if (before === null || plan.keepsPrevious) return restored;
	const problem = await problemOf(dropDatabase(server.always, maintenance, before, target.major));
	if (!problem) return restored;
	const left = `${JSON.stringify(before)}, the old ${JSON.stringify(database)}, could not be dropped: ${problem.message}.`;
	return { ...restored, warnings: [...restored.warnings, left] };
}

async function inPlace(restore: DatabaseRestore): Promise<CheckedRestore> {
	const { server, maintenance, request, description, plan } = restore;
	if (request.connections === 'end') await endConnections(server, maintenance, plan.database);
	await fill(restore);
	return await checkRestored(server, plan.database, description, request);
}

async function fill({ context, server, maintenance, request, plan, dump }: DatabaseRestore): Promise<void> {
	const { into, way, singleTransaction, tablespaces, schemaStatements } = plan;
	// By this name its work is found on the server; a kept dump's name could be too long for it.
	const applicationName = `docker-backup-restore-${context.random.bytes(8).toString('hex')}`;
	await server.run(into, schemaStatements);
	const toolArguments = restoreArguments({
		database: into,
		clean: way === 'in-place',
		singleTransaction,
		tablespaces,
		schemas: request.schemas,
		tables: request.tables,
	});
	try {
		await feedRestore(() => server.startRestore(toolArguments, applicationName), dump, {
			clock: context.clock,
			signal: context.signal,
			stallLimitMs: request.stallLimitMs,
			isWorking: () => isWorking(server.always, maintenance, applicationName),
		});
	} catch (error) {
		// The server does not notice at once that a killed pg_restore is gone.
		const left = await problemOf(endConnections(server.always, maintenance, into, applicationName));
		throw joinErrors(error, left ?? undefined);
	}
}
