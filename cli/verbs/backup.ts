/** `backup volume` and `backup directory`: archives of volumes, or of directories of the Docker host. */
import {
	backUpVolumes,
	placeOf,
	type BackUpOutcome,
	type BackUpRequest,
	type RepositorySettings,
} from '../../operations/index';
import { backupFlags, backupJobFlag, backupOptionsOf, needKey, requireKey } from '../flags/backup';
import { hostOf } from '../flags/docker';
import { guardedHost, quiesceFlags, quiesceOf } from '../flags/quiesce';
import { repositoryFlag, repositoryOf } from '../flags/repository';
import { s3Sentence } from '../flags/s3';
import { absolute, directoriesOf, volumesFlags, volumesOf } from '../flags/volumes';
import { errorOfRecord } from '../output/errors';
import { resultLine } from '../output/records';
import { usage } from '../parse-arguments';
import { defineVerb, type Flag, type Given, type Outcome, type Shell } from '../verb';

const flags = [
	repositoryFlag,
	backupJobFlag,
	{ name: 'exclude', value: 'GLOB', repeatable: true, help: 'Leave out what matches, e.g. "*.tmp"' },
	...quiesceFlags,
	...backupFlags,
] as const satisfies readonly Flag[];

const separateFlag = {
	name: 'separate',
	help: 'One archive for each volume instead of one for all',
} as const;

const quiesceSentence =
	'With --quiesce the containers that can write to the sources rest while these are read, and go on before the archive is stored; Compose projects in the order of their dependencies.';

type BackupGiven = Given<typeof flags>;

/** Everything about the request but its sources. */
export function requestOf({
	flags: given,
}: BackupGiven): Omit<BackUpRequest, 'volumes' | 'directories' | 'separate'> {
	return { ...backupOptionsOf(given), exclude: given.exclude, quiesce: quiesceOf(given) };
}

async function backUp(
	given: BackupGiven,
	sources: Pick<BackUpRequest, 'volumes' | 'directories' | 'separate'>,
	shell: Shell,
): Promise<Outcome> {
	const request = { ...requestOf(given), ...sources };
	const repository = await repositoryOf(given.flags, shell, !given.flags['no-create']);
	requireKey(request, repository);
	const host = guardedHost(await hostOf(given.flags, shell), given.flags);
	return outcomeOf(await backUpVolumes(shell.context, host, repository, request), repository);
}

/** One failed archive fails the run; all records are shown all the same. */
export function outcomeOf(
	{ records, repositoryCreated }: BackUpOutcome,
	{ location }: RepositorySettings,
): Outcome {
	const failed = records.find((record) => record.status === 'failed');
	const created = repositoryCreated ? `new repository in ${placeOf(location)}\n` : '';
	return {
		document: { records, repositoryCreated },
		text: created + records.map(resultLine).join(''),
		error: failed && errorOfRecord(failed),
	};
}

export const backupVolume = defineVerb({
	name: 'backup volume',
	operands: 'NAME…|--all',
	summary: 'Back up Docker volumes',
	details: [
		'A container on the Docker host reads the volumes and writes the archive; a directory as repository is one on that host.',
		'What is chosen by label, by project or with --all is looked up at every run. The volume of the repository and anonymous volumes are left out then, and so are volumes with the label docker-backup.enable=false; with --label also what has the label docker-backup.job of another job.',
		quiesceSentence,
		needKey,
		s3Sentence,
	],
	flags: [...volumesFlags, ...flags, separateFlag],
	required: ['repository', 'job'],
	examples: [
		'docker-backup backup volume app_data --job nightly --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup volume app_data app_uploads --separate --exclude "*.tmp" --job nightly \\',
		'  --repository volume:backups --passphrase-file /root/passphrase',
		'docker-backup backup volume --label docker-backup.enable=true --separate --job nightly \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup volume --all --except "*_cache" --directory /srv/app --job host \\',
		'  --repository s3://my-backups/server1 --key-file /root/backup.key',
		'docker-backup backup volume app_data --quiesce stop --max-downtime 30m --job nightly \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup volume app_data --job nightly --repository s3://my-backups/server1 \\',
		'  --endpoint https://s3.example.com --key-file /root/backup.key',
	],
	async run(given, shell) {
		const { separate } = given.flags;
		const volumes = volumesOf(given.operands, given.flags);
		const directories = directoriesOf(given.flags, shell);
		return await backUp(given, { volumes, directories, separate }, shell);
	},
});

export const backupDirectory = defineVerb({
	name: 'backup directory',
	operands: 'PATH',
	summary: 'Back up a directory of the Docker host',
	details: [
		'The path, like a directory as repository, is one on the Docker host.',
		quiesceSentence,
		needKey,
		s3Sentence,
	],
	flags,
	required: ['repository', 'job'],
	examples: [
		'docker-backup backup directory /srv/www --job www --repository /srv/backups --key-file /root/backup.key',
	],
	async run(given, shell) {
		const [path, ...others] = given.operands;
		if (path === undefined) throw usage('the PATH of a directory is missing');
		if (others.length > 0) throw usage('there is one PATH, but several were given');
		const directories = [absolute(path, shell)];
		return await backUp(given, { volumes: [], directories, separate: false }, shell);
	},
});
