/** The node's drill: from the panel's values to the request, and what it says of the result. Throws `invalid_parameter`, `usage`. */
import {
	BackupError,
	type DrillCheck,
	type DrillOutcome,
	type DrillRequest,
	type HostSettings,
} from '../../operations';
import type { Fields } from '../shared/fields';
import { errorJson } from '../shared/node-error';
import type { ItemOutcomes } from '../shared/run-items';
import { selectionOf } from '../shared/selection';

/** By the panel's values; these are words, for n8n takes a text that begins with "=" as an expression. */
const comparisons = {
	equal: '=',
	notEqual: '!=',
	less: '<',
	lessOrEqual: '<=',
	greater: '>',
	greaterOrEqual: '>=',
} as const satisfies Record<string, DrillCheck['comparison']>;
const comparisonNames = [
	'equal',
	'notEqual',
	'less',
	'lessOrEqual',
	'greater',
	'greaterOrEqual',
] as const satisfies readonly (keyof typeof comparisons)[];

export function drillRequest(parameters: Fields): DrillRequest {
	const selection = selectionOf(parameters);
	if (selection.by === 'all') {
		throw new BackupError('invalid_parameter', 'one dump is drilled at a time, and all of a job are chosen', {
			hint: 'Choose one by its ID, or the latest of the job.',
		});
	}
	const options = parameters.group('options', 'Options');
	return {
		selection,
		image: options.text('image', 'Image') || null,
		checks: parameters.groups('checks', 'check', 'SQL Checks').map(check),
		totalLimitMs: options.whole('drillLimit', 'Time Limit (Seconds)', 1, 3600) * 1000,
		allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
		keepEvidence: options.flag('keepEvidence', 'Keep Evidence', true),
	};
}

/** An expected text is taken as it is: it may be empty, or begin with a space. */
function check(fields: Fields): DrillCheck {
	const comparison = fields.oneOf('comparison', 'Comparison', comparisonNames, 'equal');
	return {
		statement: fields.required('statement', 'Statement', 'Write a statement, or remove the check.'),
		comparison: comparisons[comparison],
		expected: fields.text('expected', 'Expected', { exact: true }),
	};
}

/** A drill needs Docker wherever the repository is. */
export function hostForDrill(host: HostSettings | null): HostSettings {
	if (host !== null) return host;
	throw new BackupError('usage', 'a drill starts a container, and no Docker host is chosen', {
		hint: 'Choose a Docker Host credential in this node.',
	});
}

/** `failOnBad`: whether a drill that fails is a failure, or a result like the others. */
export function drillOutcome({ record, ...result }: DrillOutcome, failOnBad: boolean): ItemOutcomes {
	const failure = failureOf(result);
	const data = {
		ok: result.pass,
		...result,
		job: record.job,
		level: 'drill',
		error: failure === undefined ? null : errorJson(failure),
		record,
	};
	return {
		outcomes: [failure !== undefined && failOnBad ? { data, failure } : { data }],
	};
}

function failureOf({ id, pass, checks }: Omit<DrillOutcome, 'record'>): BackupError | undefined {
	if (pass) return undefined;
	const [first, ...others] = checks.filter((candidate) => !candidate.pass);
	const what = first ? `: ${first.name}: ${first.actual} instead of ${first.expected}` : '';
	const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
	return new BackupError('drill_failed', `the drill of ${id} failed${what}${more}`, {
		hint: 'Drill an older dump to see since when, and look at the database that was dumped.',
	});
}
