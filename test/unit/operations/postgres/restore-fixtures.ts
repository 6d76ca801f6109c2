/** A small description, globals and request, for tests to change. */
import type { RestorePostgresRequest } from '../../../../operations/postgres/requests';
import type {
	PostgresDescription,
	PostgresGlobals,
	PostgresMembership,
	PostgresProperties,
	PostgresRole,
} from '../../../../protocol/description';

export const properties: PostgresProperties = {
	owner: 'owner',
	encoding: 'UTF8',
	collate: 'C.UTF-8',
	ctype: 'C.UTF-8',
	localeProvider: 'libc',
	locale: null,
	icuRules: null,
	tablespace: 'pg_default',
	connectionLimit: -1,
	comment: null,
};

export const description: PostgresDescription = {
	version: 1,
	type: 'postgres-database',
	serverVersion: '15.18',
	serverMajor: 15,
	image: 'postgres:15',
	database: 'shop',
	dumpVersion: '15.18',
	sizeBytes: 1,
	properties,
	settings: [],
	grants: null,
	extensions: [],
	tables: [
		{ schema: 'public', name: 'a', rows: 3 },
		{ schema: 's', name: 'b', rows: null },
	],
	relations: 10,
	partial: false,
};

export const request: RestorePostgresRequest = {
	selection: { by: 'latest', job: 'nightly' },
	server: { container: 'db', user: null, password: null, host: null, port: null },
	way: 'new',
	database: null,
	confirm: '',
	previous: 'keep',
	connections: 'refuse',
	schemas: [],
	tables: [],
	globals: false,
	allowUnsigned: false,
	dryRun: false,
	stallLimitMs: 60_000,
};

export const role = (name: string, changes: Partial<PostgresRole> = {}): PostgresRole => ({
	name,
	superuser: false,
	inherit: true,
	createRole: false,
	createDatabase: false,
	login: false,
	replication: false,
	bypassRls: false,
	connectionLimit: -1,
	validUntil: null,
	password: null,
	comment: null,
	settings: [],
	...changes,
});

export const globalsOf = (
	roles: readonly PostgresRole[],
	memberships: readonly PostgresMembership[],
): PostgresGlobals => ({
	version: 1,
	roles,
	memberships,
	tablespaces: [
		{ name: 'fast', owner: 'postgres', location: '/mnt/fast' },
		{ name: 'pg_default', owner: 'postgres', location: '' },
	],
});
