/**
 * A dump into the empty server of a drill, under its own name, with its properties and settings. The roles that it
 * names are made without a right of their own, so that owners and grants can be restored.
 */
import type { Readable } from 'node:stream';
import type { PostgresDescription, TableCount } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { OperationContext } from '../settings';
import { createDatabase } from './database-statements';
import type { DumpContents, DumpEntry } from './dump-contents';
import { openDump } from './dump-head';
import { rolesOf } from './dump-roles';
import { feedRestore } from './feed-restore';
import { completeNewDatabase } from './new-database';
import { quoteIdentifier, quoteLiteral } from './quoting';
import { restoreArguments } from './restore-arguments';
import type { RestoreServer } from './restore-server';
import { schemaStatements } from './schema-statements';
import { maintenanceOf } from './target-server';
import type { PostgresLogin } from './tools';

export interface DrillRestore {
	readonly clock: OperationContext['clock'];
	readonly signal: AbortSignal;
	readonly limitMs: number;
	readonly login: PostgresLogin;
	readonly server: RestoreServer;
	readonly description: PostgresDescription;
	readonly content: Readable;
}

export interface Restored {
	readonly database: string;
	/** Null: the restore went through; else what pg_restore said. */
	readonly problem: string | null;
	/** Those that should be there now. */
	readonly tables: readonly TableCount[];
}

/** Throws what is no fault of the dump. */
export async function restoreForDrill(restore: DrillRestore): Promise<Restored> {
	const { server, login, description, content } = restore;
	const { contents, dump } = await openDump(content);
	try {
		if (contents) requireTables(contents);
		const database = nameFor(description.database);
		const maintenance = maintenanceOf(login, database);
		await server.run(maintenance, [
			...roleStatements(description, contents),
			// It comes with every new server.
			...(database === 'postgres' ? ['DROP DATABASE IF EXISTS postgres'] : []),
			createDatabase(database, description.properties, { major: login.serverMajor, tablespace: null }),
		]);
		await server.run(database, schemaStatements(contents?.entries ?? [], { whole: true, isNew: true }));
		const problem = await fill(restore, database, dump);
		if (problem === null) await completeNewDatabase(server, maintenance, database, description);
		return { database, problem, tables: tablesOf(description, contents) };
	} finally {
		dump.destroy();
	}
}

/** Where patterns chose what was dumped, only the dump itself tells which tables it holds. */
function tablesOf(
	{ tables, partial }: PostgresDescription,
	contents: DumpContents | null,
): readonly TableCount[] {
	if (tables.length > 0 || !partial) return tables;
	return (contents?.entries ?? [])
		.filter(({ type }) => type === 'TABLE' || type === 'MATERIALIZED VIEW')
		.map(({ schema, tag }) => ({ schema: schema ?? '', name: tag, rows: null }));
}

/** The templates of the server stay. */
const nameFor = (name: string): string => (/^template[01]$/.test(name) ? `${name}_drill` : name);

function requireTables({ entries }: DumpContents): void {
	const has = (type: string) => entries.some((entry) => entry.type === type);
	if (!has('TABLE DATA') || has('TABLE')) return;
	throw new BackupError(
		'archive_kind_mismatch',
		'the dump holds rows without the tables that they belong to',
		{
			hint: 'Drill a dump of everything, or of the schema.',
		},
	);
}

async function fill(
	{ clock, signal, limitMs, server }: DrillRestore,
	database: string,
	dump: Readable,
): Promise<string | null> {
	const options = { clean: false, singleTransaction: false, tablespaces: false, schemas: [], tables: [] };
	try {
		await feedRestore(
			() => server.startRestore(restoreArguments({ ...options, database }), 'docker-backup-drill'),
			dump,
			// The drill has a limit of its own.
			{ clock, signal, stallLimitMs: limitMs, isWorking: () => Promise.resolve(true) },
		);
		return null;
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof BackupError && error.code === 'target_failed') return error.message;
		throw error;
	}
}

/** Those that own what only a superuser may own. */
const superusers: ReadonlySet<string> = new Set([
	'EVENT TRIGGER',
	'FOREIGN DATA WRAPPER',
	'PUBLICATION',
	'SUBSCRIPTION',
]);

export function roleStatements(
	{ properties, settings, grants }: PostgresDescription,
	contents: DumpContents | null,
): string[] {
	const entries: readonly DumpEntry[] = contents?.entries ?? [];
	const powerful = new Set(entries.filter(({ type }) => superusers.has(type)).map(({ owner }) => owner));
	const names = new Set([
		...rolesOf(entries),
		properties.owner,
		...settings.flatMap(({ role }) => (role === null ? [] : [role])),
		...(grants ?? []).flatMap(({ grantee, grantor }) => (grantee === null ? [grantor] : [grantee, grantor])),
	]);
	return [...names]
		.filter((name) => name !== '' && !name.startsWith('pg_'))
		.map((name) => {
			const create = `CREATE ROLE ${quoteIdentifier(name)} NOLOGIN${powerful.has(name) ? ' SUPERUSER' : ''}`;
			// The server's own superuser may be among them.
			return `DO ${quoteLiteral(`BEGIN ${create}; EXCEPTION WHEN duplicate_object THEN NULL; END`)}`;
		});
}
