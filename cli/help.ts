/** Help texts, made from the verbs' own words; lines of at most 100 columns. */
import { commonFlags } from './parse-arguments';
import type { Flag, Verb } from './verb';

export const program = 'docker-backup';
const width = 100;
const indent = '  ';

/** `docker-backup show ID --repository REPOSITORY [flags]` */
export function usageLine(verb: Verb | null): string {
	if (verb === null) return `${program} <command> [flags]   (${program} --help lists the commands)`;
	const required = verb.flags.filter(({ name }) => verb.required.includes(name)).map(synopsis);
	return [program, verb.name, verb.operands, ...required, '[flags]'].filter((word) => word !== '').join(' ');
}

export function overview(verbs: readonly Verb[], version: string): string {
	const names = verbs.map(({ name, operands }) => `${name} ${operands}`.trimEnd());
	return lines(
		`${program} ${version}: backs up Docker volumes and databases, verifies and restores them.`,
		'',
		`usage: ${program} <command> [flags]`,
		'',
		...twoColumns(
			names,
			verbs.map(({ summary }) => summary),
		),
		'',
		`${program} <command> --help tells more.`,
		'Exit codes: 0 done, 1 unexpected, 2 usage, 3 integrity, 4 key, 5 not found, 6 locked,',
		'7 source or target failed, 8 storage failed.',
	);
}

export function helpOf(verb: Verb): string {
	const flags: readonly Flag[] = [...verb.flags, ...commonFlags];
	return lines(
		`${verb.summary}.`,
		'',
		`usage: ${usageLine(verb)}`,
		...(verb.details.length === 0 ? [] : ['', ...verb.details.flatMap((sentence) => wrap(sentence, width))]),
		'',
		'flags:',
		...twoColumns(
			flags.map(synopsis),
			flags.map((flag) => (flag.repeatable ? `${flag.help} (repeatable)` : flag.help)),
		),
		'',
		'examples:',
		...verb.examples.map((example) => `${indent}${example}`),
	);
}

const synopsis = ({ name, value }: Flag): string =>
	value === undefined ? `--${name}` : `--${name} ${value}`;

function twoColumns(left: readonly string[], right: readonly string[]): string[] {
	const column = Math.max(...left.map((text) => text.length)) + 2;
	return left.flatMap((text, row) =>
		wrap(right[row] ?? '', width - indent.length - column).map(
			(line, position) => `${indent}${(position === 0 ? text : '').padEnd(column)}${line}`,
		),
	);
}

function wrap(text: string, columns: number): string[] {
	const wrapped: string[] = [];
	for (const word of text.split(' ')) {
		const last = wrapped.at(-1);
		if (last !== undefined && last.length + 1 + word.length <= columns)
			wrapped[wrapped.length - 1] = `${last} ${word}`;
		else wrapped.push(word);
	}
	return wrapped;
}

const lines = (...parts: readonly string[]): string => `${parts.join('\n')}\n`;
