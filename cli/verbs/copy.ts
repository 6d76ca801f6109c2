/** `copy`: archives into other repositories, byte for byte. Exit code 0 when every target has all, else the first failure's. */
import {
	BackupError,
	copyArchives,
	type ArchiveCopy,
	type CopySelection,
	type TargetOutcome,
} from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { noCreateFlag, repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags } from '../flags/s3';
import { oneOperand, wholeNumber } from '../flags/selection';
import { targetFlags, targetsOf } from '../flags/target';
import { errorDocument } from '../output/errors';
import { count, duration, size } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const copy = defineVerb({
	name: 'copy',
	operands: 'ID|--job JOB|--all',
	summary: 'Copy backups into other repositories, byte for byte',
	details: [
		'The stored bytes are copied as they are and their SHA-256 compared on the way; records are signed again with the key of the target. What is there already and right is skipped, so an interrupted copy is just run again.',
		'Archives keep their key: to restore from a target with another key, give it the key of the source as a previous key.',
		'One target after the other; one that fails keeps nothing from the others.',
		'S3 keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, those of the target, where it has others, from TO_AWS_ACCESS_KEY_ID and TO_AWS_SECRET_ACCESS_KEY. A target takes over the store of the source unless --to-endpoint or TO_AWS_ENDPOINT_URL names another.',
		'Directories and S3 are reached from this process, without Docker, unless a volume is among them or --docker-host is given; directories are then those of that host.',
	],
	flags: [
		{ ...repositoryFlag, help: 'The source: a directory, volume:NAME or s3://BUCKET/PREFIX' },
		...targetFlags,
		{ name: 'job', value: 'JOB', help: 'Everything good of this job that the target lacks' },
		{ name: 'latest', help: 'With --job: only the newest of each of its series' },
		{ name: 'all', help: 'Everything good of every job that the target lacks' },
		{ name: 'read-back', help: 'Read every byte back from the target, also of what is there already' },
		{
			name: 'lock-wait',
			value: 'SECONDS',
			help: 'Wait for a run of the job at the target to end; default 0',
		},
		noCreateFlag,
		...keyFlags,
		repositoryIdFlag,
		...s3Flags,
		...dockerFlags,
	],
	required: ['repository', 'to'],
	examples: [
		'docker-backup copy --all --repository /srv/backups --to /mnt/usb/backups --key-file /root/backup.key',
		'docker-backup copy --job nightly --latest --repository volume:backups --to s3://offsite/server1 \\',
		'  --to-endpoint https://s3.example.com --key-file /root/backup.key --read-back',
	],
	async run({ operands, flags }, shell) {
		const selection = selectionOf(operands, flags);
		const lockWaitMs = wholeNumber('lock-wait', flags['lock-wait'] ?? '0', 0, 604_800) * 1000;
		const source = await repositoryOf(flags, shell, false);
		const targets = await targetsOf(flags, { settings: source, store: flags }, shell, !flags['no-create']);
		const all = [source, ...targets.map(({ repository }) => repository)];
		const where = await whereOf(
			flags,
			all.find(({ location }) => location.type === 'volume') ?? source,
			shell,
		);
		const request = { selection, readBack: flags['read-back'], lockWaitMs };
		const { targets: outcomes } = await copyArchives(shell.context, where, source, targets, request);
		return {
			document: { targets: outcomes.map(documentOf) },
			text: outcomes.map(textOf).join(''),
			error: failureOf(outcomes),
		};
	},
});

function selectionOf(
	operands: readonly string[],
	{ job, latest, all }: { readonly job: string | undefined; readonly latest: boolean; readonly all: boolean },
): CopySelection {
	const ways = [operands.length > 0, job !== undefined, all].filter(Boolean).length;
	if (ways === 0) throw usage('name an ID, a --job or --all');
	if (ways > 1) throw usage('an ID, --job and --all exclude each other');
	if (latest && job === undefined) throw usage('--latest goes with --job');
	if (operands.length > 0) return { by: 'id', id: oneOperand(operands, 'ID') };
	if (job === undefined) return { by: 'missing', job: null };
	return latest ? { by: 'latest', job } : { by: 'missing', job };
}

function documentOf({ results, error, ...target }: TargetOutcome): object {
	return {
		...target,
		error: error && errorDocument(error),
		results: results.map(({ record, ...result }) => ({
			...result,
			job: record.job,
			sizeBytes: record.sizeBytes,
		})),
	};
}

function textOf({
	name,
	place,
	repositoryCreated,
	error,
	results,
	selected,
	present,
}: TargetOutcome): string {
	const failed = results.filter(({ outcome }) => outcome === 'failed').length;
	const done = results.filter(({ outcome }) => outcome === 'copied' || outcome === 'completed').length;
	const sums = [
		`${count(done)} copied`,
		`${count(present)} there already`,
		...(failed > 0 ? [`${count(failed)} failed`] : []),
	];
	const summary =
		error !== null
			? `failed after ${sums.join(', ')}: ${error.message}`
			: selected === 0
				? 'nothing to copy: the source holds no good archive'
				: present === selected
					? `nothing to copy: all ${count(selected)} are there already`
					: sums.join(', ');
	const created = repositoryCreated ? ` (new repository)` : '';
	const title = name === place ? name : `${name}, ${place}`;
	return `${results.map(lineOf).join('')}${printable(title)}${created}: ${printable(summary)}\n`;
}

function lineOf({ id, outcome, bytes, durationMs, error }: ArchiveCopy): string {
	const word = outcome.padEnd(9);
	if (error) return `${word}  ${printable(id)}  ${error.code}: ${printable(error.message)}\n`;
	const facts = outcome === 'present' ? '' : `  ${size(bytes)}, ${duration(durationMs)}`;
	return `${word}  ${printable(id)}${facts}\n`;
}

/** The first failure, which the exit code tells; how many more there are stands before it. */
export function failureOf(outcomes: readonly TargetOutcome[]): BackupError | undefined {
	const failures = outcomes.flatMap(({ place, results, error }) => [
		...results.flatMap((result) => (result.error ? [{ place, error: result.error }] : [])),
		...(error ? [{ place, error }] : []),
	]);
	const [first, ...others] = failures;
	if (first === undefined) return undefined;
	const more = others.length === 0 ? '' : ` (and ${count(others.length)} more)`;
	const { code, message, hint } = first.error;
	return new BackupError(code, `${first.place}: ${message}${more}`, { hint: hint ?? undefined });
}
