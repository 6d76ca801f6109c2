/**
 * Which roles the entries of a dump name: owners, and those in its grants, default grants and policies. Grants are
 * SQL text in the dump; of it only the role names are read, the way pg_dump writes them.
 */
import type { DumpEntry } from './dump-contents';

/** Their owner is not asked for when they are restored. */
const ownerless: ReadonlySet<string> = new Set([
	'ACL',
	'COMMENT',
	'DATABASE',
	'DATABASE PROPERTIES',
	'SECURITY LABEL',
]);

export function rolesOf(entries: readonly DumpEntry[]): Set<string> {
	const roles = new Set<string>();
	for (const { type, owner, definition } of entries) {
		if (owner !== '' && !ownerless.has(type)) roles.add(owner);
		if (type === 'ACL' || type === 'DEFAULT ACL') addAll(roles, rolesAfter(definition, grantWords));
		if (type === 'POLICY') addAll(roles, rolesAfter(beforeExpressions(definition), policyWords));
	}
	return roles;
}

/** With a selection, what pg_restore takes of the entries, and maybe some more. */
export function chosenEntries(
	entries: readonly DumpEntry[],
	schemas: readonly string[],
	tables: readonly string[],
): DumpEntry[] {
	return entries.filter(
		({ schema, tag }) =>
			(schemas.length === 0 || (schema !== null && schemas.includes(schema))) &&
			(tables.length === 0 || tables.some((table) => tag === table || tag.endsWith(` ${table}`))),
	);
}

const grantWords: ReadonlySet<string> = new Set(['TO', 'FROM', 'AUTHORIZATION', 'ROLE']);
const policyWords: ReadonlySet<string> = new Set(['TO']);

const everybody = /^(?:PUBLIC|DEFAULT|CURRENT_ROLE|CURRENT_USER|SESSION_USER)$/i;

interface Token {
	readonly text: string;
	/** A name in quotes, or a word without. */
	readonly kind: 'name' | 'word' | 'sign';
}

/** Words, names and signs outside of all brackets. */
function* tokens(sql: string): Generator<Token> {
	let depth = 0;
	for (const [token, name, literal] of sql.matchAll(
		/"((?:[^"]|"")*)"|('(?:[^']|'')*')|[\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*|\S/gu,
	)) {
		if (token === '(') depth += 1;
		else if (token === ')') depth -= 1;
		else if (depth > 0) continue;
		else if (name !== undefined) yield { text: name.replaceAll('""', '"'), kind: 'name' };
		else if (literal !== undefined) yield { text: literal.slice(1, -1).replaceAll("''", "'"), kind: 'name' };
		else yield { text: token, kind: /^[\p{L}_\u0080-\uffff]/u.test(token) ? 'word' : 'sign' };
	}
}

function rolesAfter(sql: Iterable<Token> | string, words: ReadonlySet<string>): string[] {
	const roles: string[] = [];
	let place: 'elsewhere' | 'before a role' | 'after a role' = 'elsewhere';
	for (const { text, kind } of typeof sql === 'string' ? tokens(sql) : sql) {
		if (place === 'before a role' && kind !== 'sign') {
			// Unquoted, it may be the word for everybody, or one of those for whoever asks.
			if (kind === 'name' || !everybody.test(text)) roles.push(text);
			place = 'after a role';
		} else if (place === 'after a role' && text === ',') place = 'before a role';
		else place = kind === 'word' && words.has(text) ? 'before a role' : 'elsewhere';
	}
	return roles;
}

/** What a policy lets pass may hold words like those before a role. */
function* beforeExpressions(sql: string): Generator<Token> {
	for (const token of tokens(sql)) {
		if (token.kind === 'word' && (token.text === 'USING' || token.text === 'WITH')) return;
		yield token;
	}
}

function addAll(roles: Set<string>, more: readonly string[]): void {
	for (const role of more) roles.add(role);
}
