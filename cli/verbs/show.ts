/** `show`: everything about one backup. */
import { getRecord } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { oneOperand } from '../flags/selection';
import { entryFacts } from '../output/records';
import { defineVerb } from '../verb';
import { flat } from './list';

export const show = defineVerb({
	name: 'show',
	operands: 'ID',
	summary: 'Show everything about one backup',
	details: ['A directory is read in this process, without Docker, unless --docker-host is given.'],
	flags: [repositoryFlag, ...keyFlags, repositoryIdFlag, ...dockerFlags],
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
