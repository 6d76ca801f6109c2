/** Operands and numbers, checked: exactly one id, an id or a job, whole numbers. Throws `usage`. */
import type { Selection } from '../../operations/index';
import { usage } from '../parse-arguments';

/** The only operand. `what` as the usage line writes it. */
export function oneOperand(operands: readonly string[], what: string): string {
	const [only, ...others] = operands;
	if (only === undefined || only === '') throw usage(`${what} is missing`);
	if (others.length > 0) throw usage(`there is one ${what}, but ${operands.length} operands were given`);
	return only;
}

export function noOperands(operands: readonly string[]): void {
	if (operands.length > 0) throw usage(`${JSON.stringify(operands[0])} has no meaning here`);
}

/** An id as the operand, or else what `job` stands for. */
export function idOrJob(
	operands: readonly string[],
	job: string | undefined,
	byJob: (job: string) => Selection,
): Selection {
	if (job !== undefined) {
		if (operands.length > 0) throw usage('an ID and --job exclude each other');
		return byJob(job);
	}
	if (operands.length === 0) throw usage('name an ID or a --job');
	return { by: 'id', id: oneOperand(operands, 'ID') };
}

/** A whole number of a flag. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
	const value = Number(text);
	if (/^\d{1,12}$/.test(text) && value >= least && value <= most) return value;
	throw usage(`--${flag} ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`);
}

/** An id as the operand, or the newest of a job; of one of its series where it has several. */
export function idOrSeries(
	operands: readonly string[],
	job: string | undefined,
	series: string | undefined,
): Selection {
	if (series !== undefined && job === undefined) throw usage('--series goes with --job');
	return idOrJob(operands, job, (name) => ({
		by: 'latest',
		job: name,
		...(series !== undefined && { series }),
	}));
}
