/**
 * What a restore of one database will do, decided from what was asked, what the archive holds and what the server
 * has; pure. Throws whatever must be refused before anything is touched: `invalid_parameter`, `target_exists`,
 * `database_not_found`, `database_version_mismatch`, `target_failed` (roles that the server lacks).
 */
import type { PostgresDescription, PostgresGlobals } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { DumpContents, DumpEntry } from './dump-contents';
import { chosenEntries, rolesOf } from './dump-roles';
import { planGlobals, type GlobalsPlan } from './globals-statements';
import type { RestorePostgresRequest } from './requests';
import { beforeName, isTooLong, restoreName } from './restore-names';
import { stepsOf } from './restore-steps';

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
	/** Schemas that pg_restore takes for granted when only a part is restored. */
	readonly schemas: readonly string[];
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
		schemas: schemasNeeded(description, request),
		globals: globals && planGlobals(globals, server, roles ?? null),
	};
	requireRoles(roles, plan.globals, input);
	const warnings = [...warningsOf(input, plan), ...(plan.globals?.warnings ?? [])];
	return { ...plan, warnings, steps: stepsOf(plan, request, description, id) };
}

function requireVersions({ description, contents, server: { major, toolMajor, version } }: PlanInput): void {
	const dumpMajor = Number.parseInt(contents?.dumpVersion ?? '', 10) || description.serverMajor;
	if (description.serverMajor > major) {
		throw new BackupError(
			'database_version_mismatch',
			`the dump is of PostgreSQL ${description.serverVersion}, newer than the server's ${version}`,
			{ hint: `Restore into a server of version ${description.serverMajor} or newer.` },
		);
	}
	if (dumpMajor > toolMajor) {
		throw new BackupError(
			'database_version_mismatch',
			`the dump was made by pg_dump ${dumpMajor}, newer than the container's pg_restore ${toolMajor}`,
			{ hint: `Use a container whose pg_restore has version ${dumpMajor} or newer.` },
		);
	}
	if (toolMajor > major) {
		throw new BackupError(
			'database_version_mismatch',
			`the container's pg_restore ${toolMajor} is newer than the server's ${version}`,
			{ hint: "Run the restore in the server's own container." },
		);
	}
}

function requireNames(database: string, { request, description, server }: PlanInput): void {
	const { way, confirm, schemas, tables } = request;
	const named = JSON.stringify(database);
	if (database === '' || isTooLong(database)) {
		throw new BackupError('invalid_parameter', `${named} can't be the name of a database`, {
			hint: 'A name has 1 to 63 bytes.',
		});
	}
	if (way === 'new') {
		if (!server.databases.has(database)) return;
		throw new BackupError('target_exists', `there is a database ${named} already`, {
			hint: 'Choose another name, or replace it by a swap.',
		});
	}
	requireConfirmed(database, confirm);
	if (database === 'template0' || database === 'template1') {
		throw new BackupError('invalid_parameter', `${named} is a template of the server`, {
			hint: 'Restore into a new database.',
		});
	}
	if (way === 'in-place' && !server.databases.has(database)) {
		throw new BackupError('database_not_found', `there is no database ${named} to restore over`, {
			hint: 'Restore into a new database.',
		});
	}
	if (way === 'swap' && (description.partial || schemas.length > 0 || tables.length > 0)) {
		throw new BackupError('invalid_parameter', `only a whole dump can take the place of database ${named}`, {
			hint: 'Restore a part into a new database, or in place.',
		});
	}
}

export function requireConfirmed(database: string, confirm: string): void {
	if (confirm === database) return;
	const named = quoted(database);
	throw new BackupError(
		'invalid_parameter',
		confirm === ''
			? `replacing database ${named} is not confirmed`
			: `replacing database ${named} is confirmed with another name, ${quoted(confirm)}`,
		{ hint: `To replace what it holds, type its name: ${database}` },
	);
}

const relationTypes: ReadonlySet<string> = new Set([
	'TABLE',
	'VIEW',
	'MATERIALIZED VIEW',
	'SEQUENCE',
	'FOREIGN TABLE',
	'TABLE DATA',
]);

function requireContent(
	entries: readonly DumpEntry[],
	{ way, schemas, tables }: RestorePostgresRequest,
): void {
	const relations = entries.filter(({ type }) => relationTypes.has(type));
	const unknown = [
		...schemas.filter((name) => !entries.some(({ schema }) => schema === name)),
		...tables.filter((name) => !relations.some(({ tag }) => tag === name)),
	];
	if (unknown.length > 0) {
		throw new BackupError(
			'invalid_parameter',
			`the dump holds nothing of ${unknown.map(quoted).join(', ')}`,
			{
				hint: 'Schemas and tables are named exactly, without patterns, and tables without their schema.',
			},
		);
	}
	const dataOnly = relations.length > 0 && relations.every(({ type }) => type === 'TABLE DATA');
	if (dataOnly && way !== 'in-place') {
		throw new BackupError('invalid_parameter', 'the dump holds data without the tables that it belongs to', {
			hint: 'Restore it in place, into a database that has these tables.',
		});
	}
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

function requireRoles(
	needed: readonly string[] | undefined,
	plan: GlobalsPlan | null,
	{ server, request, globals, id, description }: PlanInput,
): void {
	const made = new Set(plan?.created);
	const missing = (needed ?? [description.properties.owner]).filter(
		(name) => !server.roles.has(name) && !made.has(name),
	);
	if (missing.length === 0) return;
	const names = missing.map(quoted).join(', ');
	throw new BackupError('target_failed', `the server lacks roles that the dump needs: ${names}`, {
		hint: !request.globals
			? "Let the restore make them from the globals of the dump's run, or make them first."
			: globals === null
				? `The run of ${id} has no archive of globals: make them first.`
				: 'The globals of the run do not hold them either: make them first.',
	});
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

function schemasNeeded(
	description: PostgresDescription,
	{ schemas, tables }: RestorePostgresRequest,
): string[] {
	if (schemas.length > 0) return [...schemas];
	const needed = description.tables.filter(({ name }) => tables.includes(name)).map(({ schema }) => schema);
	return [...new Set(needed)];
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
