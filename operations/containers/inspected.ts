/**
 * Looking into an inspection of a container or network, whichever version of Docker or Podman wrote it: what is absent
 * or null is empty. Throws `archive_malformed` for what is of another type.
 */
import { Reader, type Fields } from '../../protocol/parse';

const reader = new Reader('archive_malformed', 'inspection');

export const fieldsIn = (fields: Fields, name: string): Fields =>
	reader.nullable(fields, name, (f, key) => reader.fields(f[key], key)) ?? {};

export const listIn = (fields: Fields, name: string): Fields[] =>
	reader.nullable(fields, name, (f, key) => reader.array(f, key, (item) => reader.fields(item, key))) ?? [];

export const stringsIn = (fields: Fields, name: string): string[] =>
	reader.nullable(fields, name, (f, key) => reader.strings(f, key)) ?? [];

export const textIn = (fields: Fields, name: string): string =>
	reader.nullable(fields, name, (f, key) => reader.string(f, key)) ?? '';

/** A table of texts. */
export const textsIn = (fields: Fields, name: string): Record<string, string> =>
	Object.fromEntries(Object.entries(fieldsIn(fields, name)).map(([key, value]) => [key, String(value)]));

/** Those of these that say something. */
export const saying = (fields: Fields): Fields =>
	Object.fromEntries(
		Object.entries(fields).filter(([, value]) => {
			if (value === null || value === undefined || value === '') return false;
			return typeof value !== 'object' || Object.keys(value).length > 0;
		}),
	);

export const nameOf = (container: Fields): string => textIn(container, 'Name').replace(/^\//, '');
