/**
 * What a restore refuses before anything is touched; pure. Throws `invalid_parameter`, `target_exists`,
 * `database_not_found`, `database_version_mismatch`, and `target_failed` for roles that the server lacks.
 */
import { BackupError } from '../../protocol/errors';
import type { DumpEntry } from './dump-contents';
import type { GlobalsPlan } from './globals-statements';
import type { RestorePostgresRequest } from './requests';
import { isTooLong } from './restore-names';
import type { PlanInput } from './restore-plan';

export function requireVersions({
	description,
	contents,
	server: { major, toolMajor, version },
}: PlanInput): void {
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

export function requireNames(database: string, { request, description, server }: PlanInput): void {
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

export function requireContent(
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

export function requireRoles(
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

/** What a timer can hold. */
const longestLimitMs = 2 ** 31 - 1;

export function requireStallLimit(stallLimitMs: number): void {
	if (Number.isSafeInteger(stallLimitMs) && stallLimitMs >= 1 && stallLimitMs <= longestLimitMs) return;
	throw new BackupError('invalid_parameter', 'the time limit of a stall is not between 1 ms and 24 days', {
		hint: 'Leave it out, or make it shorter.',
	});
}

const quoted = (name: string): string => JSON.stringify(name);
