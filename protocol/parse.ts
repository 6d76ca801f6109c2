/**
 * Parsers for values that came from outside (event lines, job frames, records): `unknown` in, typed out.
 * Each throws `BackupError(code)` naming the field; a `Reader` carries the code of its document.
 */
import { BackupError, type ErrorCode } from './errors';

export type Fields = Readonly<Record<string, unknown>>;

export class Reader {
	constructor(
		private readonly code: ErrorCode,
		private readonly document: string,
	) {}

	fail(what: string): never {
		throw new BackupError(this.code, `${this.document}: ${what}`);
	}

	json(text: string): unknown {
		try {
			return JSON.parse(text) as unknown;
		} catch (cause) {
			throw new BackupError(this.code, `${this.document} is not JSON`, { cause });
		}
	}

	fields(value: unknown, name = 'it'): Fields {
		if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
		return this.fail(`${name} is not an object`);
	}

	string(fields: Fields, name: string, pattern?: RegExp): string {
		const value = fields[name];
		if (typeof value === 'string' && (pattern === undefined || pattern.test(value))) return value;
		return this.fail(`${name} is not ${pattern ? 'well formed' : 'a string'}`);
	}

	/** A whole number from `least` to 2^53 − 1. */
	integer(fields: Fields, name: string, least = 0): number {
		const value = fields[name];
		if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
		return this.fail(`${name} is not a whole number of at least ${least}`);
	}

	boolean(fields: Fields, name: string): boolean {
		const value = fields[name];
		return typeof value === 'boolean' ? value : this.fail(`${name} is not true or false`);
	}

	oneOf<const T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
		const value = fields[name];
		const found = allowed.find((candidate) => candidate === value);
		return found ?? this.fail(`${name} is not one of ${allowed.join(', ')}`);
	}

	array<T>(fields: Fields, name: string, parse: (value: unknown, index: number) => T): T[] {
		const value = fields[name];
		return Array.isArray(value) ? value.map(parse) : this.fail(`${name} is not a list`);
	}

	strings(fields: Fields, name: string): string[] {
		return this.array(fields, name, (value) =>
			typeof value === 'string' ? value : this.fail(`${name} holds no string`),
		);
	}

	/** `null` and absent both read as null. */
	nullable<T>(fields: Fields, name: string, parse: (fields: Fields, name: string) => T): T | null {
		const value = fields[name];
		return value === null || value === undefined ? null : parse(fields, name);
	}
}
