/** `compare`: what differs between an archive and live volumes, or another archive. Exit code 3 when anything does. */
import { isAbsolute } from 'node:path/posix';
import {
	compareArchives,
	differenceError,
	type ComparedWith,
	type Comparison,
	type Difference,
} from '../../operations/index';
import { dockerFlags, hostOf, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrJob } from '../flags/selection';
import { count, duration } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const compare = defineVerb({
	name: 'compare',
	operands: 'ID|--job JOB',
	summary: 'Compare a backup with live volumes, or with another backup',
	details: [
		'Tells what was added (+), removed (-) or changed (~) since the backup, and what of it: type, size, mode, owner, mtime, link, content, device or xattrs. Exit code 3 when anything differs.',
		'Contents are compared by their SHA-256, which the index of a backup has; whether its stored bytes are sound is for verify --level deep. Live volumes are mounted read-only and nothing is stopped, so what is being written may differ.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		{
			name: 'with-volume',
			value: 'VOLUME',
			repeatable: true,
			help: 'Docker volume to compare with; NAME=VOLUME when the backup has it under another name',
		},
		{
			name: 'with-directory',
			value: 'PATH',
			repeatable: true,
			help: 'Directory of the Docker host to compare with; also NAME=PATH',
		},
		{ name: 'with', value: 'ID', help: 'Another backup of the repository to compare with' },
		{ name: 'exclude', value: 'GLOB', repeatable: true, help: 'What the backup left out, as it was told' },
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup compare nightly-20260131T030000Z-1f2e --with-volume app_data \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup compare --job nightly --with-volume app_data=app_data_restored --repository volume:backups --key-file /root/backup.key',
		'docker-backup compare nightly-20260131T030000Z-1f2e --with nightly-20260201T030000Z-9a0b \\',
		'  --repository /srv/backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, (job) => ({ by: 'latest', job }));
		const compared = comparedWith(flags);
		if (compared.type === 'archive' && flags.exclude.length > 0)
			throw usage('--exclude goes with --with-volume and --with-directory');
		const repository = await repositoryOf(flags, shell, false);
		const where =
			compared.type === 'live'
				? ({ type: 'runner', host: await hostOf(flags, shell) } as const)
				: await whereOf(flags, repository, shell);
		const comparison = await compareArchives(shell.context, where, repository, {
			selection,
			with: compared,
			exclude: flags.exclude,
			allowUnsigned: flags['allow-unsigned'],
		});
		const { record, ...document } = comparison;
		return {
			document: { ...document, job: record.job },
			text: textOf(comparison),
			error: differenceError(comparison),
		};
	},
});

interface WithFlags {
	readonly with: string | undefined;
	readonly 'with-volume': readonly string[];
	readonly 'with-directory': readonly string[];
}

export function comparedWith(flags: WithFlags): ComparedWith {
	const { with: id, 'with-volume': volumes, 'with-directory': directories } = flags;
	const isLive = volumes.length + directories.length > 0;
	if (id !== undefined && isLive) throw usage('--with and what is live exclude each other');
	if (id !== undefined) return { type: 'archive', id };
	if (!isLive) throw usage('name what to compare with: --with-volume, --with-directory or --with');
	const relative = directories.find((text) => !isAbsolute(text.replace(/^[^/=]*=/, '')));
	if (relative !== undefined)
		throw usage(
			`--with-directory ${JSON.stringify(relative)} is no absolute path`,
			'It is a directory of the Docker host.',
		);
	return { type: 'live', volumes, directories };
}

const signs = { added: '+', removed: '-', changed: '~' } as const;

export function textOf(comparison: Comparison): string {
	const { differences, same, added, removed, changed, contentSame, record, durationMs } = comparison;
	const several = record.sources.length > 1;
	const lines = differences.map((difference) => `${lineOf(difference, several)}\n`);
	const total = added + removed + changed;
	if (total > differences.length) lines.push(`… and ${count(total - differences.length)} more\n`);
	const content = total > 0 && contentSame ? '; the content is the same' : '';
	const sums = `${count(same)} same, ${count(added)} added, ${count(removed)} removed, ${count(changed)} changed`;
	return `${lines.join('')}${sums}${content}, ${duration(durationMs)}\n`;
}

function lineOf({ kind, volume, path, what }: Difference, several: boolean): string {
	const place = printable(several ? `${volume}: ${path || '.'}` : path || '.');
	return `${signs[kind]} ${place}${what.length === 0 ? '' : `  (${what.join(', ')})`}`;
}
