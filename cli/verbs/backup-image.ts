/** `backup image`: what `docker save` gives of images, checked to be whole. */
import { backUpImages } from '../../operations/index';
import { backupFlags, backupJobFlag, backupOptionsOf, needKey, requireKey } from '../flags/backup';
import { hostOf } from '../flags/docker';
import { repositoryFlag, repositoryOf } from '../flags/repository';
import { s3Sentence } from '../flags/s3';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';
import { outcomeOf } from './backup';

export const backupImage = defineVerb({
	name: 'backup image',
	operands: 'REFERENCE…',
	summary: 'Back up images of the Docker host',
	details: [
		'Nothing is pulled: the images must be on the host. Every layer is checked while it is saved, so that what is stored can be loaded. An image that is named by its id comes back without a tag.',
		needKey,
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		backupJobFlag,
		{
			name: 'separate',
			help: 'One archive for each image name instead of one for all; tags of one name stay together',
		},
		...backupFlags,
	],
	required: ['repository', 'job'],
	examples: [
		'docker-backup backup image app:latest --job images --repository /srv/backups --key-file /root/backup.key',
		'docker-backup backup image app:latest app:1.2 db:17 --separate --job images \\',
		'  --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		if (operands.length === 0) throw usage('the REFERENCE of an image is missing');
		const request = { ...backupOptionsOf(flags), images: operands, separate: flags.separate };
		const repository = await repositoryOf(flags, shell, !flags['no-create']);
		requireKey(request, repository);
		const host = await hostOf(flags, shell);
		return outcomeOf(await backUpImages(shell.context, host, repository, request), repository);
	},
});
