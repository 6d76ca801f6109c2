/** `restore sqlite`: a snapshot beside its database, or in its place. */
import { restoreSqlite as restore, type RestoreSqliteOutcome } from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { placeFlags, placeOf } from '../flags/place';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrJob } from '../flags/selection';
import { duration, size } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const restoreSqlite = defineVerb({
	name: 'restore sqlite',
	operands: 'ID|--job JOB',
	summary: 'Restore a snapshot of a SQLite database',
	details: [
		'The file is checked whole and written beside the database, as PATH.restore.ID. With --swap it takes the place of the database, which is kept as PATH.before.ID; containers that use the volume are stopped for that moment and started again.',
		'Volume and path are those that it was taken from, unless given.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'The newest good snapshot of this job, instead of an ID' },
		...placeFlags,
		{ name: 'path', value: 'PATH', help: 'Path of the database below the root of the volume' },
		{ name: 'swap', help: 'Put it in the place of the database; needs --confirm' },
		{ name: 'confirm', value: 'PATH', help: 'With --swap: the path of the database, typed once more' },
		{
			name: 'no-stop',
			help: 'With --swap: refuse while containers use the volume, instead of stopping them',
		},
		{ name: 'dry-run', help: 'Only say what would be done' },
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup restore sqlite --job n8n-db --repository /srv/backups --key-file /root/backup.key',
		'docker-backup restore sqlite n8n-db-database-sqlite-20260131T030000Z-1f2e --swap --confirm database.sqlite \\',
		'  --repository /srv/backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, (job) => ({ by: 'latest', job }));
		const { swap, confirm, 'no-stop': noStop, 'dry-run': dryRun } = flags;
		if (!swap && (confirm !== undefined || noStop))
			throw usage(`--${noStop ? 'no-stop' : 'confirm'} belongs to --swap`, 'Add --swap, or leave it out.');
		const repository = await repositoryOf(flags, shell, false);
		const host = await hostOf(flags, shell);
		const outcome = await restore(shell.context, host, repository, {
			selection,
			place: placeOf(flags, shell),
			path: flags.path ?? null,
			swap: swap ? { confirm: confirm ?? '', stopContainers: !noStop } : null,
			allowUnsigned: flags['allow-unsigned'],
			dryRun,
		});
		return { document: { id: outcome.record.id, ...outcome }, text: textOf(outcome) };
	},
});

function textOf(outcome: RestoreSqliteOutcome): string {
	const { record, place, path, previousPath, tables, bytes, restarted, dryRun, durationMs } = outcome;
	const where = `${printable(path)} in ${place.type} ${printable(place.name)}`;
	const figures = `${tables} tables, ${size(bytes)}`;
	if (dryRun) return `would restore ${record.id} to ${where}: ${figures}\n`;
	return [
		`ok      ${where}`,
		`        from ${record.id}: ${figures}, ${duration(durationMs)}`,
		...(previousPath === null ? [] : [`        the file before is ${printable(previousPath)}`]),
		...(restarted.length === 0 ? [] : [`        stopped and started again: ${restarted.join(', ')}`]),
		'',
	].join('\n');
}
