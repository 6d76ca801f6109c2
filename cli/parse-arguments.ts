/**
 * The command line as a verb with its operands and flags. Every mistake is a `usage` error of one sentence
 * that names the culprit: unknown commands and flags, missing and superfluous values, flags given twice.
 * `--flag value` and `--flag=value` are the same; after `--` everything is an operand.
 */
import { parseArgs } from 'node:util';
import { BackupError } from '../operations/index';
import type { Flag, RawFlags, Verb } from './verb';

/** Understood by every verb. */
export const commonFlags = [
	{ name: 'json', help: 'Print exactly one JSON document on stdout' },
	{ name: 'quiet', help: 'No progress and no warnings on stderr' },
	{ name: 'help', help: 'Show this help' },
] as const satisfies readonly Flag[];

export type Command =
	| { readonly type: 'help'; readonly verb: Verb | null }
	| { readonly type: 'version' }
	| {
			readonly type: 'run';
			readonly verb: Verb;
			readonly operands: readonly string[];
			readonly flags: RawFlags;
			readonly json: boolean;
			readonly quiet: boolean;
	  };

/** The verb that the line begins with; undefined when it names none. */
export function findVerb(line: readonly string[], verbs: readonly Verb[]): Verb | undefined {
	return verbs.find((verb) => verb.name.split(' ').every((word, position) => line[position] === word));
}

/** `line`: the arguments after the program's name. */
export function parseArguments(line: readonly string[], verbs: readonly Verb[]): Command {
	const [first, ...rest] = line;
	if (first === undefined || first === '--help' || first === '-h') return { type: 'help', verb: null };
	if (first === '--version') return { type: 'version' };
	if (first === 'help') return { type: 'help', verb: rest.length === 0 ? null : verbOf(rest, verbs) };
	const verb = verbOf(line, verbs);
	if (verb === null) return { type: 'help', verb: null };
	const { operands, flags } = parseFlags(line.slice(verb.name.split(' ').length), [
		...verb.flags,
		...commonFlags,
	]);
	if (flags['help'] === true) return { type: 'help', verb };
	const missing = verb.required.find((name) => flags[name] === undefined);
	if (missing !== undefined) throw usage(`${verb.name} needs --${missing}`);
	return { type: 'run', verb, operands, flags, json: flags['json'] === true, quiet: flags['quiet'] === true };
}

const oneOf = (words: readonly string[]): string =>
	[words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ');

/** Null when only the group was named and help was asked for. */
function verbOf(line: readonly string[], verbs: readonly Verb[]): Verb | null {
	const verb = findVerb(line, verbs);
	if (verb) return verb;
	const [first = '', second] = line;
	const group = verbs
		.filter(({ name }) => name.startsWith(`${first} `))
		.map(({ name }) => name.split(' ')[1] ?? '');
	if (group.length === 0) throw usage(`there is no command ${JSON.stringify(first)}`);
	if (second === '--help' || second === '-h') return null;
	const instead = second === undefined || second.startsWith('-') ? '' : `, not ${JSON.stringify(second)}`;
	throw usage(`${first} needs ${oneOf(group)}${instead}`);
}

function parseFlags(
	line: readonly string[],
	known: readonly Flag[],
): { operands: string[]; flags: RawFlags } {
	const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
	for (const { name, value } of known) options[name] = { type: value === undefined ? 'boolean' : 'string' };
	options['help'] = { type: 'boolean', short: 'h' };
	const { tokens } = parseArgs({
		args: [...line],
		options,
		strict: false,
		allowPositionals: true,
		tokens: true,
	});
	const operands: string[] = [];
	const given = new Map<string, string[]>();
	for (const token of tokens) {
		if (token.kind === 'positional') operands.push(token.value);
		if (token.kind !== 'option') continue;
		const flag = known.find(({ name }) => name === token.name);
		if (!flag) throw usage(`there is no flag ${token.rawName} here`);
		const earlier = given.get(flag.name) ?? [];
		if (earlier.length > 0 && !flag.repeatable) throw usage(`--${flag.name} is given twice`);
		given.set(flag.name, [...earlier, valueOf(flag, token)]);
	}
	const flags: Record<string, RawFlags[string]> = {};
	for (const { name, value, repeatable } of known) {
		const values = given.get(name) ?? [];
		flags[name] = repeatable ? values : value === undefined ? values.length > 0 : values[0];
	}
	return { operands, flags };
}

interface OptionToken {
	readonly value?: string | undefined;
	readonly inlineValue?: boolean | undefined;
}

function valueOf({ name, value }: Flag, token: OptionToken): string {
	if (value === undefined) {
		if (token.value !== undefined) throw usage(`--${name} takes no value`);
		return '';
	}
	// `--job --json` has forgotten the job; who means such a value writes `--job=--json`.
	const forgotten = token.value === undefined || (token.inlineValue !== true && /^-./.test(token.value));
	if (forgotten) throw usage(`--${name} needs a value (${value})`);
	if (token.value === '') throw usage(`the value of --${name} is empty`);
	return token.value ?? '';
}

/** A mistake on the command line: exit code 2. */
export function usage(message: string, hint?: string): BackupError {
	return new BackupError('usage', message, { hint });
}
