/** `drill postgres`: proves that a dump can be restored. Exit code 3 when it can't, or a check fails. */
import {
	BackupError,
	drillPostgres as drill,
	type DrillCheckResult,
	type DrillOutcome,
} from '../../operations/index';
import { parseCheck } from '../flags/check';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { seriesFlag } from '../flags/postgres';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrSeries, wholeNumber } from '../flags/selection';
import { count, duration } from '../output/figures';
import { printable, table, type Column } from '../output/layout';
import { defineVerb } from '../verb';

export const drillPostgres = defineVerb({
	name: 'drill postgres',
	operands: 'ID|--job JOB',
	summary: 'Prove that a dump can be restored',
	details: [
		'The dump is checked whole and restored into a throwaway container without network, which is removed afterwards. Then the number of tables and the rows of each are compared with those that were dumped, and your own checks run, read only.',
		'A check is one SQL statement that gives one value, an operator (=, !=, <, <=, >, >=) between spaces, and what is expected: numbers are compared as numbers, anything else as text; what holds an operator or is empty stands in quotes.',
		'The result is kept in the repository, signed, and shown by "show". Exit code 3: something is not as it should be.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'The newest good dump of this job, instead of an ID' },
		seriesFlag,
		{
			name: 'image',
			value: 'IMAGE',
			help: 'Postgres image to restore into; default the one that was dumped',
		},
		{ name: 'check', value: "'SQL = VALUE'", repeatable: true, help: 'Also check this' },
		{ name: 'time-limit', value: 'SECONDS', help: 'Give up after so long; default 3600' },
		{ name: 'no-evidence', help: 'Do not keep the result in the repository' },
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup drill postgres --job shop --repository /srv/backups --key-file /root/backup.key',
		'docker-backup drill postgres databases-shop-20260131T030000Z-1f2e --image postgres:17 \\',
		'  --check "select count(*) from orders >= 1000" --repository volume:backups --key-file /root/key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrSeries(operands, flags.job, flags.series);
		const checks = flags.check.map(parseCheck);
		const totalLimitMs = wholeNumber('time-limit', flags['time-limit'] ?? '3600', 1, 604_800) * 1000;
		const repository = await repositoryOf(flags, shell, false);
		const outcome = await drill(shell.context, await hostOf(flags, shell), repository, {
			selection,
			image: flags.image ?? null,
			checks,
			totalLimitMs,
			allowUnsigned: flags['allow-unsigned'],
			keepEvidence: !flags['no-evidence'],
		});
		const { record, ...result } = outcome;
		return {
			document: { ...result, level: 'drill', job: record.job, record },
			text: drilledText(outcome, !flags['no-evidence']),
			error: drillFailure(outcome),
		};
	},
});

const columns: readonly Column<DrillCheckResult>[] = [
	{ title: 'result', align: 'left', cell: ({ pass }) => (pass ? 'ok' : 'failed') },
	{ title: 'expected', align: 'left', cell: ({ expected }) => expected },
	{ title: 'actual', align: 'left', cell: ({ actual }) => short(actual) },
	{ title: 'check', align: 'left', cell: ({ name }) => name },
];

/** A server's message can be long; the whole of it is in the document and the evidence. */
const short = (text: string): string => (text.length <= 60 ? text : `${text.slice(0, 59)}…`);

export function drilledText(outcome: DrillOutcome, wantsEvidence: boolean): string {
	const { id, pass, checks, checksOmitted, image, durationMs, evidenceNotKept } = outcome;
	const looked = checks.length + checksOmitted;
	const facts = [
		'drill',
		...(image === null ? [] : [printable(image)]),
		checksOf(looked),
		duration(durationMs),
	];
	const omitted =
		checksOmitted === 0 ? [] : [`        and ${checksOf(checksOmitted)} more that are not shown`];
	const evidence =
		!wantsEvidence || evidenceNotKept === null
			? []
			: [`warning: the result is not kept in the repository: ${printable(evidenceNotKept)}`];
	const head = `${pass ? 'ok    ' : 'failed'}  ${printable(id)}  ${facts.join(', ')}`;
	return `${head}\n${table(columns, checks)}${[...omitted, ...evidence].map((line) => `${line}\n`).join('')}`;
}

const checksOf = (value: number): string => `${count(value)} ${value === 1 ? 'check' : 'checks'}`;

export function drillFailure({ id, pass, checks }: DrillOutcome): BackupError | undefined {
	if (pass) return undefined;
	const [first, ...others] = checks.filter((check) => !check.pass);
	const what = first ? `: ${first.name}: ${first.actual} instead of ${first.expected}` : '';
	const more = others.length === 0 ? '' : ` (and ${count(others.length)} more)`;
	return new BackupError('drill_failed', `the drill of ${id} failed${what}${more}`, {
		hint: 'Drill an older dump to see since when, and look at the database that was dumped.',
	});
}
