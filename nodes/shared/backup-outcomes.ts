/** What the node says of a run: one outcome per record; failed ones name their archive when there are more. */
import { BackupError, type BackUpOutcome, type BackupRecord } from '../../operations';
import type { ItemOutcomes, Outcome } from './run-items';

export function outcomesOf({ records, repositoryCreated }: BackUpOutcome): ItemOutcomes {
	const outcomes = records.map((record): Outcome => {
		const data = { ...record, repositoryCreated };
		return record.error === null ? { data } : { data, failure: failureOf(record.error) };
	});
	return { outcomes, failure: joined(records), hints: records.flatMap(warningOf) };
}

const failureOf = ({ code, message, hint }: NonNullable<BackupRecord['error']>): BackupError =>
	new BackupError(code, message, { hint: hint ?? undefined });

/** One error for the whole run; undefined when all went well. */
function joined(records: readonly BackupRecord[]): BackupError | undefined {
	const failed = records.flatMap((record) =>
		record.error === null ? [] : [{ id: record.id, ...record.error }],
	);
	const [first] = failed;
	if (first === undefined) return undefined;
	if (records.length === 1) return failureOf(first);
	const each = failed.map(({ id, message }) => `${id}: ${message}`).join('; ');
	return new BackupError(first.code, `${failed.length} of ${records.length} archives failed: ${each}`, {
		hint: [first.hint ?? '', failed.length < records.length ? 'The others are in the repository.' : '']
			.join(' ')
			.trim(),
	});
}

function warningOf({ id, warnings, warningsOmitted }: BackupRecord): string[] {
	const [first] = warnings;
	if (first === undefined) return [];
	const count = warnings.length + warningsOmitted;
	return [`${id} has ${count === 1 ? 'a warning' : `${count} warnings`}: ${first.message}`];
}
