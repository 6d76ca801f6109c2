/**
 * Roles, memberships and tablespaces of a server, as data: what a restore makes of them are statements of its own.
 * Roles of the system (`pg_*`) are left out, who is a member of them is not. Throws as `psql.ts`.
 */
import type { DockerHost } from '../../docker/api';
import { parseGlobals, type GlobalsDescription, type PostgresGlobals } from '../../protocol/description';
import { withSession } from './psql';
import type { PostgresLogin } from './tools';

/** `passwords`: needs a superuser. */
export async function readGlobals(
	host: DockerHost,
	login: PostgresLogin,
	passwords: boolean,
	signal: AbortSignal,
): Promise<PostgresGlobals> {
	return await withSession(host, login, login.maintenanceDatabase, signal, async (session) => {
		await session.execute('begin isolation level repeatable read read only;');
		const globals = {
			version: 1,
			roles: await session.query(rolesQuery(passwords)),
			memberships: await session.query(membershipsQuery),
			tablespaces: await session.query(tablespacesQuery),
		} satisfies Record<keyof PostgresGlobals, unknown>;
		return parseGlobals(JSON.stringify(globals));
	});
}

export function describeGlobals(
	{ serverVersion, serverMajor, image }: PostgresLogin,
	{ roles }: PostgresGlobals,
	passwords: boolean,
): GlobalsDescription {
	return {
		version: 1,
		type: 'postgres-globals',
		serverVersion,
		serverMajor,
		image,
		roles: roles.length,
		passwords,
	};
}

const rolesQuery = (passwords: boolean): string => `
	select r.rolname as name, r.rolsuper as superuser, r.rolinherit as inherit, r.rolcreaterole as "createRole",
		r.rolcreatedb as "createDatabase", r.rolcanlogin as login, r.rolreplication as replication,
		r.rolbypassrls as "bypassRls", r.rolconnlimit as "connectionLimit",
		case when isfinite(r.rolvaliduntil)
			then to_char(r.rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
			else r.rolvaliduntil::text end as "validUntil",
		${passwords ? 'a.rolpassword' : 'null::text'} as password, shobj_description(r.oid, 'pg_authid') as comment,
		coalesce((select json_agg(json_build_object(
			'name', left(c, strpos(c, '=') - 1), 'value', substr(c, strpos(c, '=') + 1)) order by n)
			from unnest(r.rolconfig) with ordinality as u (c, n)), '[]') as settings
	from pg_roles r ${passwords ? 'join pg_authid a on a.oid = r.oid' : ''} where r.rolname !~ '^pg_' order by r.rolname`;

/** By way of JSON: two of the columns came with version 16. */
const membershipsQuery = `
	select pg_get_userbyid(m.roleid) as role, pg_get_userbyid(m.member) as member,
		pg_get_userbyid(m.grantor) as grantor, m.admin_option as admin,
		(j ->> 'inherit_option')::boolean as inherit, (j ->> 'set_option')::boolean as set
	from pg_auth_members m, to_jsonb(m) j
	where pg_get_userbyid(m.member) !~ '^pg_' order by 1, 2, 3`;

const tablespacesQuery = `
	select spcname as name, pg_get_userbyid(spcowner) as owner, pg_tablespace_location(oid) as location
	from pg_tablespace where spcname !~ '^pg_' order by 1`;
