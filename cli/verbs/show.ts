/** `show`: everything about one backup. */
import { getRecord } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { oneOperand } from '../flags/selection';
import { entryFacts } from '../output/records';
import { defineVerb } from '../verb';
import { flat } from './list';

export const show = defineVerb({
	name: 'show',
	operands: 'ID',
	summary: 'Show everything about one backup',
	details: [
		'A directory or an S3 repository is read in this process, without Docker, unless --docker-host is given.',
		s3Sentence,
	],
	flags: [repositoryFlag, ...keyFlags, repositoryIdFlag, ...s3Flags, versionsFlag, ...dockerFlags],
	required: ['repository'],
	examples: ['docker-backup show nightly-20260131T030000Z-1f2e --repository /srv/backups'],
	async run({ operands, flags }, shell) {
		const id = oneOperand(operands, 'ID');
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		const entry = await getRecord(shell.context, where, repository, id);
		return { document: flat(entry), text: entryFacts(entry) };
	},
});
