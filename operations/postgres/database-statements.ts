/**
 * A recorded database as the statements that make it again. Everything recorded is quoted data in them; nothing is
 * replayed. Settings, grants and the connection limit come after the content: some would stand in its way.
 */
import type { PostgresDescription, PostgresGrant, PostgresProperties } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import { quoteIdentifier, quoteLiteral } from './quoting';

/** `tablespace`: null leaves it to the server. Runs outside of a transaction. */
export function createDatabase(
	name: string,
	properties: PostgresProperties,
	{ major, tablespace }: { readonly major: number; readonly tablespace: string | null },
): string {
	return [
		`CREATE DATABASE ${quoteIdentifier(name)} WITH OWNER ${quoteIdentifier(properties.owner)} TEMPLATE template0`,
		`ENCODING ${quoteLiteral(properties.encoding)}`,
		`LC_COLLATE ${quoteLiteral(properties.collate)} LC_CTYPE ${quoteLiteral(properties.ctype)}`,
		...provider(properties, major),
		...(tablespace === null ? [] : [`TABLESPACE ${quoteIdentifier(tablespace)}`]),
	].join(' ');
}

/** Before 15 there is no other provider than libc, and no word for it. */
function provider({ localeProvider, locale, icuRules }: PostgresProperties, major: number): string[] {
	if (localeProvider === 'libc') return major < 15 ? [] : ['LOCALE_PROVIDER libc'];
	const since = { icu: 15, builtin: 17 }[localeProvider];
	if (major < since) {
		throw new BackupError(
			'database_version_mismatch',
			`PostgreSQL ${major} does not know the locale provider ${localeProvider} that the dump names`,
			{ hint: `Restore into a server of version ${since} or newer.` },
		);
	}
	const option = { icu: 'ICU_LOCALE', builtin: 'BUILTIN_LOCALE' }[localeProvider];
	return [
		`LOCALE_PROVIDER ${localeProvider}`,
		...(locale === null ? [] : [`${option} ${quoteLiteral(locale)}`]),
		...(icuRules === null || major < 16 ? [] : [`ICU_RULES ${quoteLiteral(icuRules)}`]),
	];
}

/** What follows once the content is in; one transaction. */
export function completeDatabase(name: string, { properties, grants }: PostgresDescription): string[] {
	const database = quoteIdentifier(name);
	return [
		...(grants === null ? [] : grantStatements(name, properties.owner, grants)),
		...(properties.comment === null
			? []
			: [`COMMENT ON DATABASE ${database} IS ${quoteLiteral(properties.comment)}`]),
		...(properties.connectionLimit === -1
			? []
			: [`ALTER DATABASE ${database} CONNECTION LIMIT ${properties.connectionLimit}`]),
	];
}

const privileges: ReadonlySet<string> = new Set(['CONNECT', 'CREATE', 'TEMPORARY']);

/** Exactly these: the defaults are taken away first. Each in the name of who granted it, after that one could. */
function grantStatements(name: string, owner: string, grants: readonly PostgresGrant[]): string[] {
	const database = quoteIdentifier(name);
	const statements = [
		`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
		`REVOKE ALL ON DATABASE ${database} FROM ${quoteIdentifier(owner)}`,
	];
	for (const { grantee, grantor, privilege, grantable } of inOrder(owner, grants)) {
		if (!privileges.has(privilege)) {
			throw new BackupError(
				'archive_malformed',
				`description: ${JSON.stringify(privilege)} is no privilege of a database`,
			);
		}
		const to = grantee === null ? 'PUBLIC' : quoteIdentifier(grantee);
		const grant = `GRANT ${privilege} ON DATABASE ${database} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`;
		if (grantor === owner) statements.push(grant);
		else statements.push(`SET LOCAL ROLE ${quoteIdentifier(grantor)}`, grant, 'RESET ROLE');
	}
	return statements;
}

function inOrder(owner: string, grants: readonly PostgresGrant[]): PostgresGrant[] {
	const able = new Set([owner]);
	const ordered: PostgresGrant[] = [];
	let waiting = [...grants];
	for (;;) {
		const ready = waiting.filter(({ grantor }) => able.has(grantor));
		if (ready.length === 0) return [...ordered, ...waiting];
		ordered.push(...ready);
		for (const { grantee, grantable } of ready) if (grantable && grantee !== null) able.add(grantee);
		waiting = waiting.filter((grant) => !ready.includes(grant));
	}
}
