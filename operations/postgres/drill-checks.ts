/** What a drill looks at, as results; pure. */
import type { TableCount } from '../../protocol/description';
import type { DrillCheckResult } from '../../protocol/fact';
import type { DrillCheck } from './requests';

/** What one of the request's statements gave, or why it gave nothing. */
export type Answer =
	/** As the server writes it; null: it is null. */
	{ readonly value: string | null } | { readonly problem: string };

/** A table that is there; rows null: not counted, or they could not be. */
export interface FoundTable extends TableCount {
	readonly problem?: string;
}

/**
 * The number of recorded tables that are there; each recorded table's rows, or that it is missing. Not one table where
 * some were recorded is a failed check; none where none were recorded is not.
 */
export function tableChecks(
	expected: readonly TableCount[],
	actual: readonly FoundTable[],
): DrillCheckResult[] {
	const there = new Map(actual.map((table) => [key(table), table]));
	const found = expected.filter((table) => there.has(key(table))).length;
	return [
		compared('tables', String(expected.length), String(found)),
		...expected.flatMap((table) => {
			const { rows } = table;
			const same = there.get(key(table));
			if (!same) return [compared(`table ${named(table)}`, 'to be there', 'it is missing')];
			const counted = same.problem ?? same.rows;
			if (rows === null || counted === null) return [];
			return [compared(`rows of ${named(table)}`, String(rows), String(counted))];
		}),
	];
}

function compared(name: string, expected: string, actual: string): DrillCheckResult {
	return { name, pass: expected === actual, expected, actual };
}

export function statementCheck(
	{ statement, comparison, expected }: DrillCheck,
	answer: Answer,
): DrillCheckResult {
	const told = { name: statement, expected: `${comparison} ${expected}` };
	if ('problem' in answer) return { ...told, pass: false, actual: answer.problem };
	const { value } = answer;
	if (value === null) return { ...told, pass: false, actual: 'null' };
	return { ...told, pass: holds(value, comparison, expected), actual: value };
}

/** Numbers as numbers where both are; yes and no in any of the spellings that the server reads; else as text. */
export function holds(actual: string, comparison: DrillCheck['comparison'], expected: string): boolean {
	const order = orderOf(actual, expected);
	switch (comparison) {
		case '=':
			return order === 0;
		case '!=':
			return order !== 0;
		case '<':
			return order < 0;
		case '<=':
			return order <= 0;
		case '>':
			return order > 0;
		case '>=':
			return order >= 0;
	}
}

function orderOf(actual: string, expected: string): number {
	const [left, right] = [decimalOf(actual), decimalOf(expected)];
	if (left !== null && right !== null) return compareDecimals(left, right);
	const text = truth.test(expected) && /^[tf]$/.test(actual) ? expected.slice(0, 1).toLowerCase() : expected;
	return actual === text ? 0 : actual < text ? -1 : 1;
}

const truth = /^(?:t|f|true|false)$/i;

interface Decimal {
	readonly digits: bigint;
	/** How many of them follow the point. */
	readonly scale: number;
}

/** Exactly: the server's numbers have more digits than ours. Null: no number, or one with an absurd exponent. */
function decimalOf(text: string): Decimal | null {
	const [, sign = '', whole = '', fraction = '', exponent = '0'] =
		/^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?\s*$/i.exec(text) ?? [];
	if (whole + fraction === '') return null;
	const scale = fraction.length - Number(exponent);
	const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
	return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function compareDecimals(a: Decimal, b: Decimal): number {
	const scale = Math.max(a.scale, b.scale);
	const left = a.digits * 10n ** BigInt(scale - a.scale);
	const right = b.digits * 10n ** BigInt(scale - b.scale);
	return left === right ? 0 : left < right ? -1 : 1;
}

const key = ({ schema, name }: TableCount): string => JSON.stringify([schema, name]);

/** As people write it; in quotes only where it would be another name without. */
function named({ schema, name }: TableCount): string {
	return [schema, name].map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoted(part))).join('.');
}

const quoted = (part: string): string => `"${part.replaceAll('"', '""')}"`;
