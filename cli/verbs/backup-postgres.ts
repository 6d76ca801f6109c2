/** `backup postgres`: dumps of databases of a server that runs in a container, each an archive of its own. */
import { dumpPostgres, type DumpPostgresRequest } from '../../operations/index';
import { backupFlags, backupJobFlag, backupOptionsOf, needKey, requireKey } from '../flags/backup';
import { hostOf } from '../flags/docker';
import { serverFlags, serverOf, stallFlag, stallLimitOf } from '../flags/postgres';
import { repositoryFlag, repositoryOf } from '../flags/repository';
import { s3Sentence } from '../flags/s3';
import { noOperands, wholeNumber } from '../flags/selection';
import { usage } from '../parse-arguments';
import { defineVerb, type Flag, type Values } from '../verb';
import { outcomeOf } from './backup';

const dumpFlags = [
	...serverFlags,
	{ name: 'database', value: 'DATABASE', repeatable: true, help: 'Dump this database' },
	{ name: 'all', help: 'Dump every database but the templates, and the globals' },
	{ name: 'exclude-database', value: 'DATABASE', repeatable: true, help: 'With --all: but not this one' },
	{
		name: 'globals',
		help: 'Also without --all: roles, memberships and tablespaces in an archive of their own',
	},
	{ name: 'no-globals', help: 'With --all: leave them out' },
	{ name: 'role-passwords', help: "Keep the roles' password hashes with the globals" },
	{ name: 'schema', value: 'PATTERN', repeatable: true, help: 'Only matching schemas, as pg_dump takes it' },
	{ name: 'exclude-schema', value: 'PATTERN', repeatable: true, help: 'Leave out matching schemas' },
	{ name: 'table', value: 'PATTERN', repeatable: true, help: 'Only matching tables' },
	{ name: 'exclude-table', value: 'PATTERN', repeatable: true, help: 'Leave out matching tables' },
	{ name: 'schema-only', help: 'No rows' },
	{ name: 'data-only', help: 'Rows only' },
	{ name: 'no-row-counts', help: 'Do not count the rows for drills to compare with' },
	stallFlag,
	{ name: 'time-limit', value: 'SECONDS', help: 'Give up on a database after so long; default none' },
] as const satisfies readonly Flag[];

/** Everything about the request but its server and how its archives are stored. */
export function dumpOf(
	flags: Values<typeof dumpFlags>,
): Omit<DumpPostgresRequest, 'server' | keyof ReturnType<typeof backupOptionsOf>> {
	const globals = globalsOf(flags);
	const limit = flags['time-limit'];
	return {
		databases: databasesOf(flags),
		excludeDatabases: flags['exclude-database'],
		globals,
		rolePasswords: flags['role-passwords'],
		schemas: flags.schema,
		excludeSchemas: flags['exclude-schema'],
		tables: flags.table,
		excludeTables: flags['exclude-table'],
		content: contentOf(flags),
		countRows: !flags['no-row-counts'],
		stallLimitMs: stallLimitOf(flags),
		totalLimitMs: limit === undefined ? null : wholeNumber('time-limit', limit, 1, 604_800) * 1000,
	};
}

type DumpValues = Values<typeof dumpFlags>;

function databasesOf({ database, all, 'exclude-database': excluded }: DumpValues): readonly string[] | 'all' {
	if (all && database.length > 0) throw usage('--database and --all exclude each other');
	if (excluded.length > 0 && !all) throw usage('--exclude-database goes with --all');
	if (all) return 'all';
	if (database.length > 0) return database;
	throw usage('name a --database, or say --all');
}

function globalsOf({ all, globals, 'no-globals': none, 'role-passwords': passwords }: DumpValues): boolean {
	if (globals && none) throw usage('--globals and --no-globals exclude each other');
	if (none && !all) throw usage('--no-globals goes with --all');
	const wanted = globals || (all && !none);
	if (passwords && !wanted) throw usage('--role-passwords goes with --globals or --all');
	return wanted;
}

function contentOf({ 'schema-only': schema, 'data-only': data }: DumpValues): DumpPostgresRequest['content'] {
	if (schema && data) throw usage('--schema-only and --data-only exclude each other');
	return schema ? 'schema' : data ? 'data' : 'all';
}

export const backupPostgres = defineVerb({
	name: 'backup postgres',
	operands: '',
	summary: 'Back up Postgres databases of a container',
	details: [
		"pg_dump runs inside the server's own container, so that it fits the server and needs no network. Each database becomes an archive of its own, restored and drilled by itself.",
		'The password is read from --password-file or the variable PGPASSWORD, never from the command line; none is needed where the container trusts its own socket.',
		needKey,
		s3Sentence,
	],
	flags: [repositoryFlag, backupJobFlag, ...dumpFlags, ...backupFlags],
	required: ['repository', 'job', 'container'],
	examples: [
		'docker-backup backup postgres --container db --all --job databases --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup postgres --container db --database shop --exclude-table "log_*" --user app \\',
		'  --password-file /root/password --job shop --repository volume:backups --key-file /root/key',
	],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const dump = { ...backupOptionsOf(flags), ...dumpOf(flags) };
		const repository = await repositoryOf(flags, shell, !flags['no-create']);
		requireKey(dump, repository);
		const host = await hostOf(flags, shell);
		const server = await serverOf(flags, shell);
		return outcomeOf(await dumpPostgres(shell.context, host, repository, { ...dump, server }), repository);
	},
});
