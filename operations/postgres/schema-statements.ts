/** Schemas that a part of a dump takes for granted, or brings though a new database has them. */
import type { DumpEntry } from './dump-contents';
import { quoteIdentifier } from './quoting';

/**
 * Before pg_restore, in the order given. `chosen`: what will be restored; `whole`: nothing was chosen, so that schemas
 * which the dump makes itself come by themselves (pg_restore leaves them out of a choice). Only a new database loses
 * its `public`, and only to a dump that makes one.
 */
export function schemaStatements(
	chosen: readonly DumpEntry[],
	{ whole, isNew }: { readonly whole: boolean; readonly isNew: boolean },
): string[] {
	const own = whole ? chosen.filter(({ type }) => type === 'SCHEMA') : [];
	const needed = new Set(chosen.flatMap(({ schema }) => (schema === null ? [] : [schema])));
	for (const { tag } of own) needed.delete(tag);
	if (isNew) needed.delete('public');
	const bringsPublic = own.some(
		({ tag, definition }) => tag === 'public' && /^CREATE SCHEMA/m.test(definition),
	);
	return [
		...(isNew && bringsPublic ? ['DROP SCHEMA IF EXISTS public'] : []),
		...[...needed]
			.filter((name) => !/^(?:pg_|information_schema$)/.test(name))
			.map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`),
	];
}
