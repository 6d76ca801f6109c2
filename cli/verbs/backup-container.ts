/** `backup container`: how containers are made, with their volumes, and on request their bind mounts and images. */
import { backUpContainers, type Mask } from '../../operations/index';
import { backupFlags, backupJobFlag, backupOptionsOf, needKey, requireKey } from '../flags/backup';
import { hostOf } from '../flags/docker';
import { guardedHost, quiesceFlags, quiesceOf } from '../flags/quiesce';
import { repositoryFlag, repositoryOf } from '../flags/repository';
import { s3Sentence } from '../flags/s3';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';
import { outcomeOf } from './backup';

export const backupContainer = defineVerb({
	name: 'backup container',
	operands: 'CONTAINER…',
	summary: 'Back up containers with their volumes',
	details: [
		'Each container becomes an archive of its own: its inspection, which a restore makes it again from, and all its volumes, those without a name too. What is in tmpfs mounts is never archived.',
		'The inspection holds the environment, often with passwords. With --mask-secrets values whose names look like secrets are left out, with --mask-environment all that are not of the image; a restore must be given them again.',
		needKey,
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		backupJobFlag,
		{ name: 'binds', help: 'Archive files and directories of the host that it mounts, too' },
		{ name: 'image', help: 'Archive its image, too, in the same run' },
		{ name: 'mask-secrets', help: 'Leave out values whose names look like secrets' },
		{ name: 'mask-environment', help: 'Leave out all values of its own environment' },
		{ name: 'exclude', value: 'GLOB', repeatable: true, help: 'Leave out what matches, e.g. "*.tmp"' },
		...quiesceFlags,
		...backupFlags,
	],
	required: ['repository', 'job'],
	examples: [
		'docker-backup backup container shop-db-1 --quiesce stop --job shop --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup container web proxy --binds --image --mask-secrets --job web \\',
		'  --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		if (operands.length === 0) throw usage('the name of a CONTAINER is missing');
		const mask: Mask = flags['mask-environment'] ? 'environment' : flags['mask-secrets'] ? 'secrets' : 'none';
		const request = {
			...backupOptionsOf(flags),
			containers: operands,
			bindMounts: flags.binds,
			image: flags.image,
			mask,
			exclude: flags.exclude,
			quiesce: quiesceOf(flags),
		};
		const repository = await repositoryOf(flags, shell, !flags['no-create']);
		requireKey(request, repository);
		const host = guardedHost(await hostOf(flags, shell), flags);
		return outcomeOf(await backUpContainers(shell.context, host, repository, request), repository);
	},
});
