/**
 * What the node says of a copy: one outcome per archive and target, and one for a target that had nothing to
 * do or could not be worked on. Failures stop the node only after every target had its turn.
 */
import { BackupError, type ArchiveCopy, type TargetOutcome } from '../../operations';
import type { ItemOutcomes, Outcome } from '../shared/run-items';

export function outcomesOf(targets: readonly TargetOutcome[]): ItemOutcomes {
	const outcomes = targets.flatMap((target) => [
		...target.results.map((result) => ofArchive(target, result)),
		...ofTarget(target),
	]);
	return { outcomes, failure: joined(outcomes), hints: targets.flatMap(({ hints }) => hints) };
}

function ofArchive({ name, place }: TargetOutcome, { record, error, ...result }: ArchiveCopy): Outcome {
	const { id, outcome, bytes, durationMs } = result;
	const { job, sizeBytes, checksum } = record;
	const data = { target: name, place, id, job, outcome, bytes, durationMs, sizeBytes, checksum, record };
	if (error === null) return { data };
	const { code, message, hint } = error;
	return { data, failure: new BackupError(code, message, { hint: hint ?? undefined }) };
}

/** Nothing when every archive speaks for itself. */
function ofTarget({
	name,
	place,
	repositoryCreated,
	error,
	results,
	selected,
	present,
}: TargetOutcome): Outcome[] {
	const data = { target: name, place, id: null, job: null, selected, present, repositoryCreated };
	if (error) return [{ data: { ...data, outcome: 'failed' }, failure: error }];
	return results.length === 0 ? [{ data: { ...data, outcome: 'nothing to do' } }] : [];
}

function joined(outcomes: readonly Outcome[]): BackupError | undefined {
	const failed = outcomes.flatMap(({ data, failure }) => (failure ? [{ data, failure }] : []));
	const [first] = failed;
	if (first === undefined || outcomes.length === 1) return first?.failure;
	const each = failed.map(({ data, failure }) => `${nameOf(data)}: ${failure.message}`).join('; ');
	const { code, hint } = first.failure;
	return new BackupError(code, `${failed.length} of ${outcomes.length} copies failed: ${each}`, { hint });
}

function nameOf(data: object): string {
	const { id, place } = data as { readonly id: string | null; readonly place: string };
	return id === null ? place : `${id} to ${place}`;
}
