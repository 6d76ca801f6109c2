/** `restore postgres`: a dump into a new database, or in the place of one that exists. */
import {
	restorePostgres as restore,
	type RestorePostgresOutcome,
	type RestorePostgresRequest,
} from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { serverFlags, seriesFlag, serverOf, stallFlag, stallLimitOf } from '../flags/postgres';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrSeries } from '../flags/selection';
import { count, duration } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb, type Flag, type Values } from '../verb';

const wayFlags = [
	{
		name: 'to',
		value: 'NAME',
		help: 'Name of the new database; of the existing one with --swap or --in-place',
	},
	{ name: 'swap', help: 'Replace a database: restore beside it, check, then rename both; needs --confirm' },
	{ name: 'in-place', help: 'Replace what is in a database by pg_restore --clean; needs --confirm' },
	{ name: 'confirm', value: 'NAME', help: 'The name of the database that is replaced, typed once more' },
	{ name: 'drop-previous', help: 'With --swap: drop the previous database instead of keeping it renamed' },
	{
		name: 'end-connections',
		help: 'End the connections to the database that is replaced, instead of refusing while there are any',
	},
] as const satisfies readonly Flag[];

export function wayOf(
	flags: Values<typeof wayFlags>,
): Pick<RestorePostgresRequest, 'way' | 'database' | 'confirm' | 'previous' | 'connections'> {
	if (flags.swap && flags['in-place']) throw usage('--swap and --in-place exclude each other');
	const way = flags.swap ? 'swap' : flags['in-place'] ? 'in-place' : 'new';
	if (way !== 'new' && flags.confirm === undefined) {
		throw usage(
			`--${way} needs --confirm`,
			'Type the name of the database that is replaced: --confirm NAME.',
		);
	}
	const stray = (['confirm', 'end-connections'] as const).find((name) => flags[name]);
	if (way === 'new' && stray) throw usage(`--${stray} goes with --swap or --in-place`);
	if (way !== 'swap' && flags['drop-previous']) throw usage('--drop-previous goes with --swap');
	return {
		way,
		database: flags.to ?? null,
		confirm: flags.confirm ?? '',
		previous: flags['drop-previous'] ? 'drop' : 'keep',
		connections: flags['end-connections'] ? 'end' : 'refuse',
	};
}

export const restorePostgres = defineVerb({
	name: 'restore postgres',
	operands: 'ID|--job JOB',
	summary: 'Restore a Postgres database of a backup',
	details: [
		'Into a new database, unless told otherwise. The archive is checked whole before anything on the server changes; a restore that fails leaves no database behind.',
		'With --swap the dump is restored beside the database, checked, and takes its name; the previous one is kept under another name unless --drop-previous is given. With --in-place its objects are dropped and made anew, in one transaction where the server has locks for it.',
		'The password is read from --password-file or the variable PGPASSWORD, never from the command line.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		seriesFlag,
		...serverFlags,
		...wayFlags,
		{ name: 'schema', value: 'SCHEMA', repeatable: true, help: 'Only this schema' },
		{ name: 'table', value: 'TABLE', repeatable: true, help: 'Only this table' },
		{ name: 'globals', help: "First create missing roles from the run's globals" },
		{ name: 'dry-run', help: 'Only say what would be done' },
		stallFlag,
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository', 'container'],
	examples: [
		'docker-backup restore postgres databases-shop-20260131T030000Z-1f2e --container db --to shop_restored \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup restore postgres --job shop --container db --swap --confirm shop --end-connections \\',
		'  --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrSeries(operands, flags.job, flags.series);
		const way = wayOf(flags);
		const stallLimitMs = stallLimitOf(flags);
		const repository = await repositoryOf(flags, shell, false);
		const host = await hostOf(flags, shell);
		const outcome = await restore(shell.context, host, repository, {
			selection,
			server: await serverOf(flags, shell),
			...way,
			schemas: flags.schema,
			tables: flags.table,
			globals: flags.globals,
			allowUnsigned: flags['allow-unsigned'],
			dryRun: flags['dry-run'],
			stallLimitMs,
		});
		return { document: { id: outcome.record.id, ...outcome }, text: restoredText(outcome) };
	},
});

/** What was done, or would be, step by step. */
export function restoredText(outcome: RestorePostgresOutcome): string {
	const { record, database, previousDatabase, tables, warnings, dryRun, steps, durationMs } = outcome;
	const source = printable(record.sources.map(({ name }) => name).join(', '));
	const target = `database ${printable(database)}`;
	const lines = dryRun
		? [`would restore ${source} to ${target}:`, ...steps.map((step) => `        ${printable(step)}`)]
		: [
				`ok      ${source} restored to ${target}`,
				`        from ${record.id}: ${count(tables)} ${tables === 1 ? 'table' : 'tables'}, ${duration(durationMs)}`,
				...(previousDatabase === null
					? []
					: [`        the previous one is kept as ${printable(previousDatabase)}`]),
			];
	return [...lines, ...warnings.map((warning) => `warning: ${printable(warning)}`)]
		.map((line) => `${line}\n`)
		.join('');
}
