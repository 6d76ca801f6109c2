/**
 * Roles of recorded globals that a server lacks, as statements that make them. Roles that are there are never altered,
 * but for becoming members of new ones; names that begin with `pg_` are the server's own. Passwords only as hashes
 * the server takes for hashes. Tablespaces need directories on the server's host, and are only reported.
 */
import type { PostgresGlobals, PostgresMembership, PostgresRole } from '../../protocol/description';
import { quoteIdentifier, quoteLiteral } from './quoting';
import { roleSetting } from './setting-statements';

export interface GlobalsPlan {
	/** Names of the roles that are made. */
	readonly created: readonly string[];
	/** One transaction. */
	readonly statements: readonly string[];
	/** Each by itself, afterwards: a newer server may not know a setting. */
	readonly settings: readonly { readonly statement: string; readonly what: string }[];
	readonly warnings: readonly string[];
}

export interface ServerNames {
	readonly major: number;
	readonly roles: ReadonlySet<string>;
	readonly tablespaces: ReadonlySet<string>;
}

/** `wanted`: only these, and the roles that these are members of; null: all. */
export function planGlobals(
	globals: PostgresGlobals,
	{ major, roles, tablespaces }: ServerNames,
	wanted: readonly string[] | null,
): GlobalsPlan {
	const chosen = wanted === null ? null : withGroups(wanted, globals.memberships);
	const missing = globals.roles.filter(
		({ name }) => !roles.has(name) && !name.startsWith('pg_') && (chosen?.has(name) ?? true),
	);
	const created = new Set(missing.map(({ name }) => name));
	const { granted, left } = memberships(globals, created, roles);
	return {
		created: [...created],
		statements: [
			...missing.map(createRole),
			...missing.flatMap(({ name, comment }) =>
				comment === null ? [] : [`COMMENT ON ROLE ${quoteIdentifier(name)} IS ${quoteLiteral(comment)}`],
			),
			...granted.map((membership) => grantMembership(membership, major)),
		],
		settings: missing.flatMap(({ name, settings }) =>
			settings.map((setting) => ({
				statement: roleSetting(name, setting.name, setting.value),
				what: `setting ${setting.name} of role ${JSON.stringify(name)}`,
			})),
		),
		warnings: [
			...missing.filter(lacksPassword).map(withoutPassword),
			...left.map(
				({ role, member }) =>
					`Role ${JSON.stringify(member)} is not made a member of ${JSON.stringify(role)}, which this server lacks.`,
			),
			...globals.tablespaces
				.filter(({ name }) => wanted === null && !tablespaces.has(name))
				.map(
					({ name, location }) =>
						`Tablespace ${JSON.stringify(name)} (${location}) is not made: it needs a directory of the server's host.`,
				),
		],
	};
}

function withGroups(wanted: readonly string[], memberships: readonly PostgresMembership[]): Set<string> {
	const chosen = new Set(wanted);
	// What is added to a set while it is walked is walked too.
	for (const name of chosen) {
		for (const { role, member } of memberships) if (member === name) chosen.add(role);
	}
	return chosen;
}

/** Of one role in another there may be several, by several grantors; here they become one. */
function memberships(
	globals: PostgresGlobals,
	created: ReadonlySet<string>,
	there: ReadonlySet<string>,
): { granted: PostgresMembership[]; left: PostgresMembership[] } {
	const merged = new Map<string, PostgresMembership>();
	for (const membership of globals.memberships) {
		const { role, member } = membership;
		if (!created.has(role) && !created.has(member)) continue;
		const key = JSON.stringify([role, member]);
		const other = merged.get(key);
		merged.set(key, other === undefined ? membership : union(other, membership));
	}
	const exists = (name: string) => created.has(name) || there.has(name);
	const all = [...merged.values()];
	return {
		granted: all.filter(({ role, member }) => exists(role) && exists(member)),
		left: all.filter(({ role, member }) => created.has(member) && !exists(role)),
	};
}

const union = (a: PostgresMembership, b: PostgresMembership): PostgresMembership => ({
	...a,
	admin: a.admin || b.admin,
	inherit: a.inherit === null ? b.inherit : a.inherit || (b.inherit ?? false),
	set: a.set === null ? b.set : a.set || (b.set ?? false),
});

function grantMembership({ role, member, admin, inherit, set }: PostgresMembership, major: number): string {
	const grant = `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}`;
	if (major < 16) return admin ? `${grant} WITH ADMIN OPTION` : grant;
	const word = (on: boolean) => (on ? 'TRUE' : 'FALSE');
	const options = [
		`ADMIN ${word(admin)}`,
		...(inherit === null ? [] : [`INHERIT ${word(inherit)}`]),
		...(set === null ? [] : [`SET ${word(set)}`]),
	];
	return `${grant} WITH ${options.join(', ')}`;
}

function createRole(role: PostgresRole): string {
	const no = (on: boolean, word: string) => (on ? word : `NO${word}`);
	return [
		`CREATE ROLE ${quoteIdentifier(role.name)} WITH`,
		no(role.superuser, 'SUPERUSER'),
		no(role.inherit, 'INHERIT'),
		no(role.createRole, 'CREATEROLE'),
		no(role.createDatabase, 'CREATEDB'),
		no(role.login, 'LOGIN'),
		no(role.replication, 'REPLICATION'),
		no(role.bypassRls, 'BYPASSRLS'),
		`CONNECTION LIMIT ${role.connectionLimit}`,
		...(role.validUntil === null ? [] : [`VALID UNTIL ${quoteLiteral(role.validUntil)}`]),
		...(isHash(role.password) ? [`PASSWORD ${quoteLiteral(role.password)}`] : []),
	].join(' ');
}

/** What the server would not take for a hash it would hash, and so make a password of. */
const hash = /^(?:SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+|md5[0-9a-f]{32})$/;
const isHash = (password: string | null): password is string => password !== null && hash.test(password);
const lacksPassword = ({ login, password }: PostgresRole) => login && !isHash(password);
const withoutPassword = ({ name }: PostgresRole) =>
	`Role ${JSON.stringify(name)} is made without a password: set one before it can log in with one.`;
