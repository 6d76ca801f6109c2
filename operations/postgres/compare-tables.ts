/** Whether what a restore left is what the dump recorded; pure. */
import type { TableCount } from '../../protocol/description';

export interface Comparison {
	/** Recorded tables that are there. */
	readonly found: number;
	/** One sentence each: tables that are not there, rows that differ. */
	readonly missing: readonly string[];
	readonly differing: readonly string[];
	/** Recorded tables, and none is there. */
	readonly nothing: boolean;
}

/** `actual`: rows null where they were not counted. */
export function compareTables(expected: readonly TableCount[], actual: readonly TableCount[]): Comparison {
	const rowsOf = new Map(actual.map((table) => [key(table), table.rows]));
	const found = expected.filter((table) => rowsOf.has(key(table)));
	return {
		found: found.length,
		nothing: expected.length > 0 && found.length === 0,
		missing: expected
			.filter((table) => !rowsOf.has(key(table)))
			.map((table) => `table ${named(table)} is not there`),
		differing: found.flatMap((table) => {
			const rows = rowsOf.get(key(table)) ?? null;
			if (rows === null || table.rows === null || rows === table.rows) return [];
			return [`table ${named(table)} has ${rows} rows instead of ${table.rows}`];
		}),
	};
}

/** Those that a restore of only these schemas and tables brings. */
export function expectedTables(
	recorded: readonly TableCount[],
	schemas: readonly string[],
	tables: readonly string[],
): TableCount[] {
	return recorded.filter(
		({ schema, name }) =>
			(schemas.length === 0 || schemas.includes(schema)) && (tables.length === 0 || tables.includes(name)),
	);
}

const key = ({ schema, name }: TableCount): string => JSON.stringify([schema, name]);
const named = ({ schema, name }: TableCount): string => `${JSON.stringify(schema)}.${JSON.stringify(name)}`;
