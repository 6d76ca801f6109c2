/**
 * `doctor`: what in a repository is not as it should be, and `--adopt`, which makes a record for an archive
 * that has none. It deletes nothing. Exit code 3 when something is missing, forged or unreadable.
 */
import {
	adoptArchive,
	BackupError,
	examineRepository,
	type RepositoryFinding,
	type ErrorCode,
} from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence } from '../flags/s3';
import { noOperands, wholeNumber } from '../flags/selection';
import { size } from '../output/figures';
import { table, type Column } from '../output/layout';
import { resultLine } from '../output/records';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const doctor = defineVerb({
	name: 'doctor',
	operands: '',
	summary: 'Look for what is not as it should be in a repository',
	details: [
		'Missing, unlisted and forged objects, interrupted runs, unfinished deletions. Nothing is deleted: leftovers of interrupted runs and deletions go with the next backup or deletion of their job.',
		'Exit code 3 when a backup is missing an object, or a record is forged or unreadable; the rest is for your information.',
		'With --adopt an archive without a record gets one, once everything in it was read and found whole.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'Only this job' },
		{ name: 'adopt', value: 'ID', help: 'With --job: make a record for this archive, instead of looking' },
		{ name: 'lock-wait', value: 'SECONDS', help: 'With --adopt: wait for a backup of the job; default 0' },
		...keyFlags,
		repositoryIdFlag,
		...s3Flags,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup doctor --repository /srv/backups --key-file /root/backup.key',
		'docker-backup doctor --adopt nightly-20260131T030000Z-1f2e --job nightly --repository /srv/backups \\',
		'  --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const { adopt, job } = flags;
		if (adopt !== undefined && job === undefined) throw usage('--adopt goes with --job');
		if (adopt === undefined && flags['lock-wait'] !== undefined) throw usage('--lock-wait goes with --adopt');
		const lockWaitMs = wholeNumber('lock-wait', flags['lock-wait'] ?? '0', 0, 604_800) * 1000;
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		if (adopt !== undefined && job !== undefined) {
			const record = await adoptArchive(shell.context, where, repository, { job, id: adopt, lockWaitMs });
			return { document: { record }, text: resultLine(record) };
		}
		const found = await examineRepository(shell.context, where, repository, { job: job ?? null });
		const findings = found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
		return { document: { findings }, text: report(findings), error: damageAmong(findings) };
	},
});

const columns: readonly Column<RepositoryFinding>[] = [
	{ title: 'what', align: 'left', cell: ({ type }) => type.replaceAll('_', ' ') },
	{ title: 'object', align: 'left', cell: ({ key }) => key },
	{ title: 'size', align: 'right', cell: (finding) => (finding.size === null ? '-' : size(finding.size)) },
	// Sentences that begin with the key need not say it again.
	{ title: 'meaning', align: 'left', cell: ({ key, message }) => message.replace(`${key} `, '') },
];

export function report(findings: readonly RepositoryFinding[]): string {
	if (findings.length === 0) return 'nothing found that is not as it should be\n';
	const adoptable = findings.some((finding) => finding.adoptable)
		? 'doctor --adopt ID --job JOB makes a record for an archive that has none\n'
		: '';
	return table(columns, findings) + adoptable;
}

/** By what is found: the failure that it means for somebody's backups; leftovers mean none. */
const damage: Partial<Record<RepositoryFinding['type'], ErrorCode>> = {
	missing_object: 'archive_missing',
	forged_record: 'record_forged',
	forged_fact: 'record_forged',
	unreadable_record: 'record_malformed',
};

export function damageAmong(findings: readonly RepositoryFinding[]): BackupError | undefined {
	const damaged = findings.filter(({ type }) => damage[type] !== undefined);
	const [first] = damaged;
	const code = first && damage[first.type];
	if (first === undefined || code === undefined) return undefined;
	const count = damaged.length === 1 ? 'a finding is' : `${damaged.length} findings are`;
	return new BackupError(code, `${count} damage, among them ${first.key}: ${first.message}`, {
		hint: 'Make a new backup now, and look at the storage and at who can write there.',
	});
}
