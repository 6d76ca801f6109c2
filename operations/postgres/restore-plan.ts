/**
 * What a restore of one database will do, decided from what was asked, what the archive holds and what the server
 * has; pure. Throws whatever must be refused before anything is touched (restore-refusals.ts).
 */
import type { PostgresDescription, PostgresGlobals } from '../../protocol/description';
import type { DumpContents, DumpEntry } from './dump-contents';
import { chosenEntries, rolesOf } from './dump-roles';
import { planGlobals, type GlobalsPlan } from './globals-statements';
import type { RestorePostgresRequest } from './requests';
import { beforeName, restoreName } from './restore-names';
import { requireContent, requireNames, requireRoles, requireVersions } from './restore-refusals';
import { stepsOf } from './restore-steps';
import { schemaStatements } from './schema-statements';

/** What the server has. */
export interface TargetServer {
	/** As `SHOW server_version` says. */
	readonly version: string;
	readonly major: number;
	/** Of the pg_restore beside it. */
	readonly toolMajor: number;
	/** Locks that fit into its lock table. */
	readonly lockSlots: number;
	readonly databases: ReadonlySet<string>;
	readonly roles: ReadonlySet<string>;
	readonly tablespaces: ReadonlySet<string>;
}

export interface PlanInput {
	readonly request: RestorePostgresRequest;
	/** Of the archive. */
	readonly id: string;
	readonly description: PostgresDescription;
	/** Null: of a version that is not known. */
	readonly contents: DumpContents | null;
	readonly server: TargetServer;
	/** Of the archive's run; null: not asked for, or none. */
	readonly globals: PostgresGlobals | null;
	/** In place: relations and large objects that are in the database now. */
	readonly present: number;
	/** Milliseconds since 1970. */
	readonly now: number;
}

export interface RestorePlan {
	readonly way: RestorePostgresRequest['way'];
	/** Where pg_restore writes. */
	readonly into: string;
	/** Where the content is in the end. */
	readonly database: string;
	/** What the old one is called after a swap; null: there is none. */
	readonly before: string | null;
	/** Whether the old one stays under that name. */
	readonly keepsPrevious: boolean;
	readonly singleTransaction: boolean;
	/** Of the new database; null: the server's default. */
	readonly tablespace: string | null;
	/** Whether the objects go to the tablespaces they were in. */
	readonly tablespaces: boolean;
	/** Before pg_restore: schemas that it takes for granted. */
	readonly schemaStatements: readonly string[];
	readonly globals: GlobalsPlan | null;
	readonly warnings: readonly string[];
	readonly steps: readonly string[];
}

export function planRestore(input: PlanInput): RestorePlan {
	const { request, id, description, contents, server, globals, now } = input;
	const { way } = request;
	requireVersions(input);
	const taken = server.databases;
	const database =
		request.database ?? (way === 'new' ? restoreName(description.database, id, taken) : description.database);
	requireNames(database, input);
	const entries = contents && chosenEntries(contents.entries, request.schemas, request.tables);
	if (contents) requireContent(contents.entries, request);
	const replaces = way === 'swap' && taken.has(database);
	const before = replaces ? beforeName(database, now, taken) : null;
	const into = way === 'swap' ? restoreName(database, id, taken) : database;
	const roles = rolesNeeded(description, entries, way);
	const plan = {
		way,
		into,
		database,
		before,
		keepsPrevious: before !== null && request.previous === 'keep',
		...transactionOf(input),
		...tablespacesOf(description, entries, server),
		schemaStatements: schemaStatements(entries ?? [], {
			whole: request.schemas.length + request.tables.length === 0,
			isNew: way !== 'in-place',
		}),
		globals: globals && planGlobals(globals, server, roles ?? null),
	};
	requireRoles(roles, plan.globals, input);
	const warnings = [...warningsOf(input, plan), ...(plan.globals?.warnings ?? [])];
	return { ...plan, warnings, steps: stepsOf(plan, request, description, id) };
}

/** Undefined: not to be learnt. */
function rolesNeeded(
	{ properties, settings, grants }: PostgresDescription,
	entries: readonly DumpEntry[] | null,
	way: RestorePostgresRequest['way'],
): string[] | undefined {
	const ofDatabase = [
		properties.owner,
		...settings.map(({ role }) => role),
		...(grants ?? []).flatMap(({ grantee, grantor }) => [grantee, grantor]),
	].filter((name) => name !== null);
	if (!entries) return undefined;
	return [...new Set([...rolesOf(entries), ...(way === 'in-place' ? [] : ofDatabase)])];
}

/** All in one transaction needs a lock for every object; a quarter of the table stays for others. */
function transactionOf({ request, description, contents, server, present }: PlanInput): {
	singleTransaction: boolean;
} {
	const largeObjects = (contents?.entries ?? [])
		.filter(({ type }) => type === 'BLOB' || type === 'BLOB METADATA')
		.reduce((sum, { definition }) => sum + Math.max(1, definition.split('\n').length - 1), 0);
	const locks = description.relations + largeObjects + present;
	return { singleTransaction: request.way === 'in-place' && locks <= server.lockSlots * 0.75 };
}

/** A dump names its tablespaces; where one is missing all goes to the default. */
function tablespacesOf(
	{ properties }: PostgresDescription,
	entries: readonly DumpEntry[] | null,
	{ tablespaces }: TargetServer,
): Pick<RestorePlan, 'tablespace' | 'tablespaces'> {
	return {
		tablespace: tablespaces.has(properties.tablespace) ? properties.tablespace : null,
		tablespaces: (entries ?? []).every(({ tablespace }) => tablespace === '' || tablespaces.has(tablespace)),
	};
}

function warningsOf(
	{ request: { way, schemas, tables }, description: { properties, partial }, contents, server }: PlanInput,
	plan: Pick<RestorePlan, 'database' | 'into' | 'singleTransaction' | 'tablespace' | 'tablespaces'>,
): string[] {
	const leftover = [...server.databases].filter(
		(name) => name.startsWith(`${plan.database}__restore_`) && name !== plan.into,
	);
	return [
		...(contents
			? []
			: ['The dump is of a version whose table of contents is not known: roles were not checked.']),
		...(way === 'in-place' && !plan.singleTransaction
			? [
					`The objects need more locks than fit (max_locks_per_transaction): not in one transaction, so a failure leaves ${quoted(plan.database)} half restored.`,
				]
			: []),
		...(way !== 'in-place' && plan.tablespace === null
			? [
					`The server lacks tablespace ${quoted(properties.tablespace)}: the database goes to the default one.`,
				]
			: []),
		...(plan.tablespaces
			? []
			: ['The server lacks tablespaces that the dump names: all goes to the default one.']),
		...(tables.length > 0
			? ['pg_restore takes chosen tables without their indexes, constraints, triggers and sequences.']
			: []),
		...(schemas.length > 0 && way !== 'in-place'
			? ['pg_restore takes the content of chosen schemas, not their owners and grants.']
			: []),
		...(partial ? ['The dump holds only a part of its database: rows are not compared.'] : []),
		...leftover.map(
			(name) => `${quoted(name)} is there of an earlier restore: drop it when it is not needed.`,
		),
	];
}

const quoted = (name: string): string => JSON.stringify(name);
