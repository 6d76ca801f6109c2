/** `verify`: re-reads what records promise. Exit code 3 when an archive is wrong, 4 when its key is missing or wrong. */
import { BackupError, verifyArchives, type Verification } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrJob } from '../flags/selection';
import { duration, entriesOf, size } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const verify = defineVerb({
	name: 'verify',
	operands: 'ID|--job JOB',
	summary: 'Check archives against their records',
	details: [
		'checksum: size and SHA-256 of the stored files. deep (needs the key): besides, everything is decrypted, decompressed and every file compared with its SHA-256.',
		'A directory or an S3 repository is read in this process, without Docker, unless --docker-host is given.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'All good archives of this job, instead of one ID' },
		{ name: 'latest', help: 'With --job: only the newest of each of its series' },
		{ name: 'level', value: 'LEVEL', help: 'checksum (default) or deep' },
		...keyFlags,
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup verify nightly-20260131T030000Z-1f2e --repository /srv/backups',
		'docker-backup verify --job nightly --latest --level deep --repository /srv/backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const level = parseLevel(flags.level ?? 'checksum');
		const selection = idOrJob(operands, flags.job, (job) => ({ by: flags.latest ? 'latest' : 'all', job }));
		if (flags.latest && flags.job === undefined) throw usage('--latest goes with --job');
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		const verifications = await verifyArchives(shell.context, where, repository, { selection, level });
		return {
			document: { verifications: verifications.map(documentOf) },
			text: verifications.map(lineOf).join(''),
			error: failureOf(verifications),
		};
	},
});

function parseLevel(text: string): 'checksum' | 'deep' {
	if (text === 'checksum' || text === 'deep') return text;
	throw usage(`--level ${JSON.stringify(text)} is neither checksum nor deep`);
}

function documentOf({ record, ...result }: Verification): object {
	return { ...result, job: record.job, sizeBytes: record.sizeBytes };
}

function lineOf({ id, ok, level, error, entries, record, durationMs }: Verification): string {
	if (!ok)
		return `failed  ${printable(id)}  ${error?.code ?? 'unexpected'}: ${printable(error?.message ?? '')}\n`;
	const facts = [
		level,
		size(record.sizeBytes),
		...(entries === null ? [] : [entriesOf(entries)]),
		duration(durationMs),
	];
	return `ok      ${printable(id)}  ${facts.join(', ')}\n`;
}

/** The failure to exit with: damage weighs more than a key that is not at hand. */
export function failureOf(verifications: readonly Verification[]): BackupError | undefined {
	const failures = verifications
		.flatMap(({ error }) => (error === null ? [] : [error]))
		.map(({ code, message, hint }) => new BackupError(code, message, { hint: hint ?? undefined }));
	const gravest = failures.find((error) => error.exitCode === 3) ?? failures[0];
	if (gravest === undefined || verifications.length === 1) return gravest;
	const share = `${failures.length} of ${verifications.length} archives failed`;
	return new BackupError(gravest.code, `${share}, among them: ${gravest.message}`, { hint: gravest.hint });
}
