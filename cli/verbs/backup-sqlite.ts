/** `backup sqlite`: snapshots of SQLite databases in a volume or directory, while their applications go on. */
import { snapshotSqlite } from '../../operations/index';
import { backupFlags, backupJobFlag, backupOptionsOf, needKey, requireKey } from '../flags/backup';
import { hostOf } from '../flags/docker';
import { placeFlags, requiredPlace } from '../flags/place';
import { repositoryFlag, repositoryOf } from '../flags/repository';
import { s3Sentence } from '../flags/s3';
import { noOperands, wholeNumber } from '../flags/selection';
import { defineVerb } from '../verb';
import { outcomeOf } from './backup';

const defaultBusySeconds = 300;

export const backupSqlite = defineVerb({
	name: 'backup sqlite',
	operands: '',
	summary: 'Take snapshots of SQLite databases in a volume',
	details: [
		'Each database becomes one consistent, checked file in an archive of its own, while its application goes on; the volume is only read. In rollback-journal mode the application waits with its commits until the copy is made, with a write-ahead log it waits for nothing.',
		'Without --path, every SQLite database in the volume (find sqlite lists them).',
		needKey,
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		backupJobFlag,
		...placeFlags,
		{
			name: 'path',
			value: 'PATH',
			repeatable: true,
			help: 'Path of a database below the root of the volume',
		},
		{
			name: 'busy-limit',
			value: 'SECONDS',
			help: `How long to try while a database is locked; default ${defaultBusySeconds}`,
		},
		...backupFlags,
	],
	required: ['repository', 'job'],
	examples: [
		'docker-backup backup sqlite --volume n8n_data --path database.sqlite --job n8n-db \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup sqlite --directory /srv/app --job app-db --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const place = requiredPlace(flags, shell);
		const busySeconds = wholeNumber(
			'busy-limit',
			flags['busy-limit'] ?? String(defaultBusySeconds),
			0,
			86_400,
		);
		const request = {
			...backupOptionsOf(flags),
			place,
			paths: flags.path,
			busyLimitMs: busySeconds * 1000,
		};
		const repository = await repositoryOf(flags, shell, !flags['no-create']);
		requireKey(request, repository);
		const host = await hostOf(flags, shell);
		return outcomeOf(await snapshotSqlite(shell.context, host, repository, request), repository);
	},
});
