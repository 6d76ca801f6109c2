/** The two comparisons of the node: from the panel's values to the request, and what it says of the result. */
import { BackupError, differenceError, type CompareRequest, type Comparison } from '../../operations';
import type { Fields } from '../shared/fields';
import { errorJson } from '../shared/node-error';
import type { ItemOutcomes } from '../shared/run-items';
import { selectionOf } from '../shared/selection';

export type ComparingLevel = 'live' | 'archive';

const mostShown = 100;
const mostNamed = 5;

export function compareRequest(parameters: Fields, level: ComparingLevel): CompareRequest {
	const selection = selectionOf(parameters);
	if (selection.by === 'all') {
		throw new BackupError(
			'invalid_parameter',
			'one archive is compared at a time, and all of a job are chosen',
			{
				hint: 'Choose one by its ID, or the latest of the job.',
			},
		);
	}
	return {
		selection,
		with:
			level === 'live'
				? { type: 'live', volumes: parameters.names('liveVolumes', 'Live Volumes'), directories: [] }
				: { type: 'archive', id: parameters.required('otherRecord', 'Other Record') },
		exclude: level === 'live' ? parameters.group('options', 'Options').lines('exclude', 'Exclude') : [],
		allowUnsigned: false,
	};
}

/** `failOnBad`: whether a difference is a failure, or a result like the others. */
export function comparisonOutcome(
	comparison: Comparison,
	level: ComparingLevel,
	failOnBad: boolean,
): ItemOutcomes {
	const { differences, pairs, other, record, ...facts } = comparison;
	const failure = failureOf(comparison);
	const data = {
		...facts,
		job: record.job,
		level,
		comparedWith: other ?? pairs,
		error: failure === undefined ? null : errorJson(failure),
		differences: differences.slice(0, mostShown),
		record,
	};
	return { outcomes: [failure !== undefined && failOnBad ? { data, failure } : { data }] };
}

function failureOf(comparison: Comparison): BackupError | undefined {
	const error = differenceError(comparison);
	if (error === undefined) return undefined;
	const several = comparison.record.sources.length > 1;
	const named = comparison.differences
		.slice(0, mostNamed)
		.map(
			({ kind, volume, path, what }) =>
				`${kind} ${JSON.stringify(several ? `${volume}/${path}` : path || '.')}${what.length === 0 ? '' : ` (${what.join(', ')})`}`,
		);
	const rest = comparison.contentSame ? ' The content is the same.' : '';
	return new BackupError(error.code, error.message, { hint: `First: ${named.join('; ')}.${rest}` });
}
