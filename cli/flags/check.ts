/**
 * A check of a drill as one text: `SQL operator value`, the last operator between spaces counting. A value in single
 * quotes (a quote in it doubled) may hold operators and spaces, or be empty. Throws `usage`.
 */
import type { DrillCheck } from '../../operations/index';
import { usage } from '../parse-arguments';

const operator = '(=|!=|<>|<=|>=|<|>)';
const quoted = new RegExp(String.raw`^\s*(\S.*?)\s+${operator}\s+'((?:[^']|'')*)'\s*$`, 's');
const plain = new RegExp(String.raw`^\s*(\S.*)\s${operator}\s+(\S.*?)\s*$`, 's');

export function parseCheck(text: string): DrillCheck {
	const inQuotes = quoted.exec(text);
	const [, statement, comparison, expected] = inQuotes ?? plain.exec(text) ?? [];
	if (statement === undefined || comparison === undefined || expected === undefined) {
		throw usage(
			`--check ${JSON.stringify(text)} has no comparison`,
			'Write e.g. "select count(*) from orders >= 1000", with spaces around the operator.',
		);
	}
	return {
		statement: statement.trim(),
		comparison: comparisonOf(comparison),
		expected: inQuotes ? expected.replaceAll("''", "'") : expected,
	};
}

function comparisonOf(text: string): DrillCheck['comparison'] {
	switch (text) {
		case '=':
		case '<':
		case '<=':
		case '>':
		case '>=':
			return text;
		default:
			return '!=';
	}
}
