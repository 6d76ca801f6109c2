/** `restore image`: images of an archive, loaded into the Docker host with their tags. */
import { restoreImage as restore, type RestoreImageOutcome } from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrSeries } from '../flags/selection';
import { duration, size } from '../output/figures';
import { printable } from '../output/layout';
import { defineVerb } from '../verb';

export const restoreImage = defineVerb({
	name: 'restore image',
	operands: 'ID|--job JOB',
	summary: 'Load the images of a backup into the Docker host',
	details: [
		'The archive is checked whole before a byte of it reaches the Docker daemon; afterwards every tag must mean the image that was saved. What is there already is left as it is.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		{ name: 'series', value: 'SERIES', help: 'With --job: which of its series, e.g. image:app' },
		{
			name: 'overwrite-tags',
			help: 'Move a tag that means another image there, instead of refusing; that image stays, without it',
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
		'docker-backup restore image --job images --series image:app --repository /srv/backups --key-file /root/backup.key',
		'docker-backup restore image images-20260131T030000Z-1f2e --overwrite-tags \\',
		'  --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrSeries(operands, flags.job, flags.series);
		const repository = await repositoryOf(flags, shell, false);
		const host = await hostOf(flags, shell);
		const outcome = await restore(shell.context, host, repository, {
			selection,
			overwriteTags: flags['overwrite-tags'],
			allowUnsigned: flags['allow-unsigned'],
			dryRun: flags['dry-run'],
		});
		return { document: { id: outcome.record.id, ...outcome }, text: textOf(outcome) };
	},
});

function textOf({ record, references, bytes, dryRun, durationMs }: RestoreImageOutcome): string {
	const lines = references.map(({ reference, id, previousId, present }) => {
		const name = printable(reference);
		if (present) return `${dryRun ? '' : 'ok      '}${name} is there already`;
		const before = previousId === null ? '' : `, ${dryRun ? 'now' : 'before'} ${previousId}`;
		return dryRun ? `would load ${name} (${id})${before}` : `ok      ${name} (${id})${before}`;
	});
	if (!dryRun) lines.push(`        from ${record.id}: ${size(bytes)} loaded, ${duration(durationMs)}`);
	return lines.map((line) => `${line}\n`).join('');
}
