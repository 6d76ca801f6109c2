/**
 * What one database is, as a restore and a drill need it: read in the transaction whose snapshot pg_dump dumps.
 * Throws as `psql.ts`.
 */
import {
	parseDescription,
	type Description,
	type PostgresDescription,
	type TableCount,
} from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import { answers, type PsqlSession } from './psql';
import { quoteLiteral } from './quoting';
import type { PostgresLogin } from './tools';

/** Everything but the counted tables. */
export async function describeDatabase(
	session: PsqlSession,
	login: PostgresLogin,
	database: string,
	partial: boolean,
): Promise<PostgresDescription> {
	const [properties] = await session.query(propertiesOf(database));
	const settings = await session.query(settingsOf(database));
	const grants = await session.query(grantsOf(database));
	const extensions = await session.query('select extname as name from pg_extension order by 1');
	const [objects] = await session.query(userRelations);
	const facts = answers.fields(properties);
	const description = parseDescription(
		JSON.stringify({
			version: 1,
			type: 'postgres-database',
			serverVersion: login.serverVersion,
			serverMajor: login.serverMajor,
			image: login.image,
			database,
			dumpVersion: login.dumpVersion,
			sizeBytes: facts['size'],
			properties,
			settings,
			grants: facts['granted'] === true ? grants : null,
			extensions: extensions.map((row) => answers.string(row, 'name')),
			tables: [],
			relations: answers.integer(answers.fields(objects), 'relations'),
			partial,
		} satisfies Record<keyof PostgresDescription, unknown>),
	);
	return requireDatabase(description);
}

/** The whole description, as text. */
export function withTables(description: PostgresDescription, tables: readonly TableCount[]): string {
	return JSON.stringify({ ...description, tables });
}

function requireDatabase(description: Description): PostgresDescription {
	if (description.type === 'postgres-database') return description;
	throw new BackupError('unexpected', `described a ${description.type} instead of a database`);
}

/** By way of JSON: which columns there are depends on the server's version. */
const propertiesOf = (database: string): string => `
	select pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding,
		d.datcollate as collate, d.datctype as ctype,
		case j ->> 'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as "localeProvider",
		coalesce(j ->> 'datlocale', j ->> 'daticulocale') as locale, j ->> 'daticurules' as "icuRules",
		t.spcname as tablespace, d.datconnlimit as "connectionLimit",
		shobj_description(d.oid, 'pg_database') as comment,
		d.datacl is not null as granted, pg_database_size(d.oid) as size
	from pg_database d join pg_tablespace t on t.oid = d.dattablespace, to_jsonb(d) j
	where d.datname = ${quoteLiteral(database)}`;

const settingsOf = (database: string): string => `
	select r.rolname as role, left(c, strpos(c, '=') - 1) as name, substr(c, strpos(c, '=') + 1) as value
	from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole,
		unnest(s.setconfig) with ordinality as u (c, n)
	where d.datname = ${quoteLiteral(database)} order by r.rolname nulls first, n`;

const grantsOf = (database: string): string => `
	select case when a.grantee <> 0 then pg_get_userbyid(a.grantee) end as grantee,
		pg_get_userbyid(a.grantor) as grantor, a.privilege_type as privilege, a.is_grantable as grantable
	from pg_database d, aclexplode(d.datacl) a where d.datname = ${quoteLiteral(database)} order by 2, 1 nulls first, 3`;

/** Those of the system have smaller numbers. */
const userRelations = 'select count(*) as relations from pg_class where oid >= 16384';
