/**
 * Paths and globs by which users name entries: `*` and `?` within a component, `**` for any number of components,
 * a backslash before a character that shall stand for itself. They start at a volume's root; a leading and trailing
 * slash mean nothing. Compared byte by byte, so `?` is one UTF-8 character or one byte of something else.
 * Throws `invalid_parameter`.
 */
import { BackupError } from '../../protocol/errors';

export interface Glob {
	/** As the user wrote it. */
	readonly text: string;
	/** The leading components without wildcards, as bytes: nothing outside of this folder can match. */
	readonly folder: Buffer;
	/** Whether there are no wildcards at all. */
	readonly literal: boolean;
	/** Whether it matches this path (bytes below the volume's root). */
	matches(path: Buffer): boolean;
	/** Whether it matches this path or a folder above it. */
	covers(path: Buffer): boolean;
}

const mostCharacters = 4096;

type Component = { readonly literal: string } | { readonly pattern: RegExp } | { readonly anyDepth: true };

export function parseGlob(text: string): Glob {
	const refuse = (why: string): never => {
		throw new BackupError('invalid_parameter', `the path ${JSON.stringify(text)} ${why}`, {
			hint: 'Paths start at the root of the volume, e.g. "conf/app.ini", "logs" or "**/*.conf".',
		});
	};
	if (text === '') refuse('is empty');
	if (text.length > mostCharacters) refuse('is too long');
	if (text.includes('\0')) refuse('holds a NUL');
	const names = bytesOf(Buffer.from(text))
		.split('/')
		.filter((name) => name !== '');
	if (names.some((name) => name === '.' || name === '..')) refuse('holds "." or ".."');
	const components = names.map(parseComponent);
	const wild = components.findIndex((component) => !('literal' in component));
	const folder = components
		.slice(0, wild === -1 ? components.length : wild)
		.flatMap((component) => ('literal' in component ? [component.literal] : []));
	const test = (path: Buffer, orAbove: boolean) => match(components, bytesOf(path), orAbove);
	return {
		text,
		folder: Buffer.from(folder.join('/'), 'latin1'),
		literal: wild === -1,
		matches: (path) => test(path, false),
		covers: (path) => test(path, true),
	};
}

/** One character a byte. */
const bytesOf = (path: Buffer): string => path.toString('latin1');

function parseComponent(name: string): Component {
	if (name === '**') return { anyDepth: true };
	if (!/[*?\\]/.test(name)) return { literal: name };
	let literal = '';
	let source = '';
	let wild = false;
	for (const [token] of name.matchAll(/\\.|\*+|[^]/gs)) {
		if (token.startsWith('*')) source += '[^]*';
		else if (token === '?') source += '(?:[\\xc0-\\xff][\\x80-\\xbf]+|[^])';
		else {
			const character = token.length === 2 ? token.slice(1) : token;
			literal += character;
			source += character.replace(
				/[^\w]/,
				(other) => `\\x${other.charCodeAt(0).toString(16).padStart(2, '0')}`,
			);
		}
		wild ||= token === '?' || token.startsWith('*');
	}
	return wild ? { pattern: new RegExp(`^${source}$`) } : { literal };
}

/** Follows all ways through the components at once, so the time is bounded by both lengths. */
function match(components: readonly Component[], path: string, orAbove: boolean): boolean {
	const end = components.length;
	/** Positions that can be reached, those behind a `**` of no components included. */
	const closed = (positions: Iterable<number>): Set<number> => {
		const all = new Set(positions);
		for (const position of all) {
			const component = components[position];
			if (component && 'anyDepth' in component) all.add(position + 1);
		}
		return all;
	};
	let reached = closed([0]);
	for (const name of path === '' ? [] : path.split('/')) {
		if (orAbove && reached.has(end)) return true;
		const next: number[] = [];
		for (const position of reached) {
			const component = components[position];
			if (component === undefined) continue;
			if ('anyDepth' in component) next.push(position);
			else if ('literal' in component ? component.literal === name : component.pattern.test(name))
				next.push(position + 1);
		}
		if (next.length === 0) return false;
		reached = closed(next);
	}
	return reached.has(end);
}
