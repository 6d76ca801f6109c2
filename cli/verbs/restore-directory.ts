/** `restore directory`: from an archive into a new directory of this machine, without Docker. */
import { resolve } from 'node:path';
import { restoreDirectory as restore } from '../../operations/index';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { restoreFlags, wayOf } from '../flags/restore';
import { idOrJob } from '../flags/selection';
import { lossOf, restoredText } from '../output/restored';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const restoreDirectory = defineVerb({
	name: 'restore directory',
	operands: 'ID|--job JOB',
	summary: 'Restore a backup into a new directory of this machine, without Docker',
	details: [
		'Every volume becomes a folder below --to, which must be absent or empty and appears only when everything is in it.',
		'Device nodes are left out, and files come without set-id bits and capabilities.',
		'Needs GNU tar; owners and some attributes need root.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'to', value: 'PATH', help: 'The new directory' },
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		{ name: 'volume', value: 'NAME', repeatable: true, help: 'Only this volume of the archive' },
		...restoreFlags,
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
	],
	required: ['repository', 'to'],
	examples: [
		'docker-backup restore directory nightly-20260131T030000Z-1f2e --to /srv/restored \\',
		'  --repository /mnt/backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, (job) => ({ by: 'latest', job }));
		const repository = await repositoryOf(flags, shell, false);
		if (repository.location.type === 'volume') {
			throw usage(
				'restore directory works without Docker, so its repository must be a directory or in S3',
				'Use restore volume, or name the directory of that Docker volume.',
			);
		}
		const { record, directory, volumes, durationMs, ...report } = await restore(shell.context, repository, {
			selection,
			volumes: flags.volume,
			to: resolve(shell.directory, flags.to ?? ''),
			allowUnsigned: flags['allow-unsigned'],
			...wayOf(flags),
		});
		const below = flags.into === undefined ? '' : `/${flags.into}`;
		const places = volumes.map((source) => ({ source, place: `${directory}/${source}${below}` }));
		const restored = { record, report, durationMs, places };
		return {
			document: { id: record.id, directory, volumes, ...report, durationMs, record },
			text: restoredText(restored),
			error: lossOf(restored),
		};
	},
});
