/** What the node says of a verify pass: one outcome per archive, flat, and with its record. */
import { BackupError, type Verification } from '../../operations';
import type { ItemOutcomes, Outcome } from '../shared/run-items';

/** `failOnBad`: whether bad archives are failures, or results like the others. */
export function outcomesOf(verifications: readonly Verification[], failOnBad: boolean): ItemOutcomes {
	const outcomes = verifications.map((verification): Outcome => {
		const data = resultOf(verification);
		return verification.ok || !failOnBad ? { data } : { data, failure: failureOf(verification) };
	});
	const bad = verifications.filter((verification) => !verification.ok);
	return { outcomes, failure: failOnBad ? joined(bad, verifications.length) : undefined };
}

function resultOf({
	ok,
	id,
	level,
	checksum,
	error,
	at,
	bytesRead,
	entries,
	durationMs,
	trust,
	record,
}: Verification) {
	return {
		ok,
		id,
		job: record.job,
		level,
		checksum,
		error,
		at,
		bytesRead,
		entries,
		durationMs,
		trust,
		record,
	};
}

function failureOf({ id, error }: Verification): BackupError {
	return new BackupError(
		error?.code ?? 'unexpected',
		error?.message ?? `${id} is bad for an unknown reason`,
		{
			hint: error?.hint ?? 'Keep the file, make a new backup now, and look at the storage.',
		},
	);
}

function joined(bad: readonly Verification[], total: number): BackupError | undefined {
	const [first] = bad;
	if (first === undefined) return undefined;
	const failure = failureOf(first);
	if (total === 1) return failure;
	const each = bad.map((verification) => `${verification.id}: ${failureOf(verification).message}`).join('; ');
	return new BackupError(failure.code, `${bad.length} of ${total} archives are bad: ${each}`, {
		hint: failure.hint,
	});
}
