/** `list`: the records of a repository, newest first, and the runs under way. */
import { listRecords, type CatalogEntry } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { noOperands, wholeNumber } from '../flags/selection';
import { entriesTable } from '../output/records';
import { defineVerb } from '../verb';

export const list = defineVerb({
	name: 'list',
	operands: '',
	summary: 'List the backups of a repository, newest first',
	details: [
		'With the key, signatures are checked: "signed" means made with it, "forged" means changed or planted.',
		'A directory or an S3 repository is read in this process, without Docker, unless --docker-host is given.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'Only this job' },
		{ name: 'limit', value: 'N', help: 'At most so many' },
		...keyFlags,
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup list --repository /srv/backups --key-file /root/backup.key',
		'docker-backup list --repository volume:backups --job nightly --limit 1 --json',
		'docker-backup list --repository s3://my-backups/server1 --endpoint https://s3.example.com',
	],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const limit = flags.limit === undefined ? null : wholeNumber('limit', flags.limit, 1, 1_000_000_000);
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		const entries = await listRecords(shell.context, where, repository, { job: flags.job ?? null, limit });
		return { document: { entries: entries.map(flat) }, text: entriesTable(entries) };
	},
});

/** An entry with the record's names at the top, its trust and what was stated later beside them. */
export function flat(entry: CatalogEntry): object {
	if (entry.status === 'running') return { ...entry.run, status: 'running' };
	if (entry.status === 'unreadable') return entry;
	const { record, trust, held, deleting, verifications } = entry;
	return { ...record, trust, held, deleting, verifications };
}
