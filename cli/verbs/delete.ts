/** `delete`: backups for good, each named by its exact id. Exit code 6 when one is held. */
import { BackupError, deleteRecords, type DeleteOutcome } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence } from '../flags/s3';
import { wholeNumber } from '../flags/selection';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const deleteVerb = defineVerb({
	name: 'delete',
	operands: 'ID…',
	summary: 'Delete backups, by their exact ids',
	details: [
		'What is on hold is refused (release it first). A deletion that was interrupted is finished by the next one.',
		'A directory or an S3 repository is changed from this process, without Docker, unless --docker-host is given.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'reason', value: 'TEXT', help: 'Why; kept until the deletion is over' },
		{ name: 'lock-wait', value: 'SECONDS', help: 'Wait for a backup of the job to end; default 0' },
		...keyFlags,
		repositoryIdFlag,
		...s3Flags,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup delete nightly-20260131T030000Z-1f2e --repository /srv/backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		if (operands.length === 0) throw usage('the ID of a backup is missing');
		const lockWaitMs = wholeNumber('lock-wait', flags['lock-wait'] ?? '0', 0, 604_800) * 1000;
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		const request = { ids: [...new Set(operands)], reason: flags.reason ?? '', lockWaitMs };
		const outcomes = await deleteRecords(shell.context, where, repository, request);
		return {
			document: { deletions: outcomes },
			text: outcomes.map(lineOf).join(''),
			error: failureOf(outcomes),
		};
	},
});

function lineOf({ id, error, resumed }: DeleteOutcome): string {
	if (error !== null) return `failed  ${printable(id)}  ${error.code}: ${printable(error.message)}\n`;
	return `ok      ${printable(id)} deleted${resumed ? ' (a deletion that had begun earlier)' : ''}\n`;
}

/** The failure to exit with: the first. */
export function failureOf(outcomes: readonly DeleteOutcome[]): BackupError | undefined {
	const failures = outcomes.flatMap(({ error }) => (error === null ? [] : [error]));
	const [first] = failures;
	if (first === undefined) return undefined;
	const options = { hint: first.hint ?? undefined };
	if (outcomes.length === 1) return new BackupError(first.code, first.message, options);
	const share = `${failures.length} of ${outcomes.length} deletions failed`;
	return new BackupError(first.code, `${share}, among them: ${first.message}`, options);
}
