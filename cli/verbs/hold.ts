/** `hold` and `release`: whether a backup may be deleted. */
import { holdRecord, releaseRecord, type HoldOutcome } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence } from '../flags/s3';
import { oneOperand } from '../flags/selection';
import { printable } from '../output/layout';
import { defineVerb, type Flag, type Given, type Outcome, type Shell } from '../verb';

const flags = [
	repositoryFlag,
	{ name: 'reason', value: 'TEXT', help: 'Why, in your words; kept beside the record' },
	...keyFlags,
	repositoryIdFlag,
	...s3Flags,
	...dockerFlags,
] as const satisfies readonly Flag[];

type State = typeof holdRecord;

async function change(
	{ operands, flags: given }: Given<typeof flags>,
	shell: Shell,
	state: State,
): Promise<Outcome> {
	const id = oneOperand(operands, 'ID');
	const repository = await repositoryOf(given, shell, false);
	const where = await whereOf(given, repository, shell);
	const outcome = await state(shell.context, where, repository, { id, reason: given.reason ?? '' });
	return { document: outcome, text: lineOf(outcome) };
}

function lineOf({ id, held }: HoldOutcome): string {
	return `ok      ${printable(id)} ${held === null ? 'is not held any more' : 'is held: nothing deletes it until it is released'}\n`;
}

export const hold = defineVerb({
	name: 'hold',
	operands: 'ID',
	summary: 'Protect a backup from deletion until it is released',
	details: [
		'The hold is stored in the repository and counts for everybody who deletes with this program.',
		s3Sentence,
	],
	flags,
	required: ['repository'],
	examples: [
		'docker-backup hold nightly-20260131T030000Z-1f2e --reason "audit of 2026" --repository /srv/backups \\',
		'  --key-file /root/backup.key',
	],
	run: (given, shell) => change(given, shell, holdRecord),
});

export const release = defineVerb({
	name: 'release',
	operands: 'ID',
	summary: 'End the hold on a backup',
	details: [
		'The hold is not erased: that it was there, and when it ended, stays in the repository.',
		s3Sentence,
	],
	flags,
	required: ['repository'],
	examples: [
		'docker-backup release nightly-20260131T030000Z-1f2e --repository /srv/backups --key-file /root/backup.key',
	],
	run: (given, shell) => change(given, shell, releaseRecord),
});
