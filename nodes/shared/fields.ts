/**
 * Typed reading of what n8n hands over (parameters, credentials): any expression may have put any value
 * there. Everything throws `invalid_parameter` naming the field as the user sees it.
 */
import { BackupError } from '../../operations';

export interface Fields {
	/** Trimmed unless `exact`; absent reads as '', a resource locator as its value. */
	text(name: string, label: string, how?: { readonly exact?: boolean }): string;
	/** As `text`, and not empty. */
	required(name: string, label: string, hint?: string): string;
	/** Absent reads as `otherwise`, which is false by default. */
	flag(name: string, label: string, otherwise?: boolean): boolean;
	/** A whole number of at least `least`; absent reads as `otherwise`. */
	whole(name: string, label: string, least: number, otherwise: number): number;
	/** Absent reads as `otherwise`, where one is given. */
	oneOf<const T extends string>(name: string, label: string, allowed: readonly T[], otherwise?: T): T;
	/** A list, or its names in one text with commas or line breaks between; empty ones left out. */
	names(name: string, label: string): string[];
	/** A list, or one a line; empty ones left out. Unlike names, items may hold commas. */
	lines(name: string, label: string): string[];
	/** As `names`, but what comes as a list is taken as it is: names that may begin or end with a space. */
	exactNames(name: string, label: string): string[];
	/** The fields of a collection; absent reads as an empty one. */
	group(name: string, label: string): Fields;
	/** The entries of a collection that may hold several of `entry`. */
	groups(name: string, entry: string, label: string): Fields[];
}

/** `read`: the raw value of a field. */
export function fieldsOf(read: (name: string) => unknown): Fields {
	const text: Fields['text'] = (name, label, { exact = false } = {}) => {
		const value = asText(read(name), label);
		return exact ? value : value.trim();
	};
	const list = (name: string, label: string, separator: RegExp): string[] => {
		const value = read(name) ?? [];
		const items = Array.isArray(value)
			? value.map((item) => asText(item, label))
			: asText(value, label).split(separator);
		return items.map((item) => item.trim()).filter((item) => item !== '');
	};
	return {
		text,
		required(name, label, hint) {
			const value = text(name, label);
			if (value === '') throw invalid(`"${label}" is empty`, hint);
			return value;
		},
		flag(name, label, otherwise = false) {
			const value = read(name) ?? otherwise;
			if (typeof value === 'boolean') return value;
			throw invalid(`"${label}" is ${shown(value)}, not true or false`);
		},
		whole(name, label, least, otherwise) {
			const given = read(name) ?? otherwise;
			const value = typeof given === 'string' && /^\d+$/.test(given.trim()) ? Number(given) : given;
			if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
			throw invalid(`"${label}" is ${shown(given)}, not a whole number of at least ${least}`);
		},
		oneOf(name, label, allowed, otherwise) {
			const value = read(name) ?? otherwise;
			const found = allowed.find((candidate) => candidate === value);
			if (found === undefined)
				throw invalid(`"${label}" is ${shown(value)}, not one of ${allowed.join(', ')}`);
			return found;
		},
		names: (name, label) => list(name, label, /[,\n]/),
		lines: (name, label) => list(name, label, /\n/),
		exactNames(name, label) {
			const value = read(name);
			if (!Array.isArray(value)) return list(name, label, /[,\n]/);
			return value.map((item) => asText(item, label)).filter((item) => item !== '');
		},
		group: (name, label) => fieldsIn(read(name) ?? {}, label),
		groups(name, entry, label) {
			const entries = asObject(read(name) ?? {}, label)[entry] ?? [];
			if (!Array.isArray(entries)) throw invalid(`"${label}" is not a list`);
			return entries.map((item) => fieldsIn(item, label));
		},
	};
}

/** The fields of an object, e.g. of a credential. */
export function fieldsIn(value: unknown, label: string): Fields {
	const object = asObject(value, label);
	return fieldsOf((name) => object[name]);
}

function asObject(value: unknown, label: string): Readonly<Record<string, unknown>> {
	if (typeof value === 'object' && value !== null && !Array.isArray(value))
		return value as Record<string, unknown>;
	throw invalid(`"${label}" is ${shown(value)}, not an object`);
}

function asText(value: unknown, label: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value === 'string') return value;
	if (typeof value === 'number') return String(value);
	if (typeof value === 'object' && '__rl' in value && 'value' in value) return asText(value.value, label);
	throw invalid(`"${label}" is ${shown(value)}, not a text`);
}

/** Never a text: it may be a secret in the wrong field. */
function shown(value: unknown): string {
	if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
	return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}

function invalid(message: string, hint?: string): BackupError {
	return new BackupError('invalid_parameter', message, { hint });
}
