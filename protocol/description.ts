/**
 * What an archive without entries holds: one JSON document, stored as the archive's index (in zstd frames, sealed as
 * every index). A restore takes from it, as data, what the content itself does not carry: properties of the
 * database, the file's owner and mode; a drill compares counts with it. Version 1. Throws `archive_malformed`.
 */
import { Reader, type Fields } from './parse';

export interface PostgresProperties {
	readonly owner: string;
	/** As `pg_encoding_to_char` names it. */
	readonly encoding: string;
	readonly collate: string;
	readonly ctype: string;
	readonly localeProvider: 'libc' | 'icu' | 'builtin';
	/** Of the provider; null with libc. */
	readonly locale: string | null;
	readonly icuRules: string | null;
	readonly tablespace: string;
	/** −1: no limit. */
	readonly connectionLimit: number;
	readonly comment: string | null;
}

/** `ALTER DATABASE … SET`, or for one role in it. */
export interface PostgresSetting {
	/** Null: for every role. */
	readonly role: string | null;
	readonly name: string;
	readonly value: string;
}

export interface PostgresGrant {
	/** Null: PUBLIC. */
	readonly grantee: string | null;
	readonly grantor: string;
	/** `CONNECT`, `CREATE`, `TEMPORARY`. */
	readonly privilege: string;
	readonly grantable: boolean;
}

export interface TableCount {
	/** '' where there are no schemas. */
	readonly schema: string;
	readonly name: string;
	/** In the snapshot that was dumped; null: not counted. */
	readonly rows: number | null;
}

interface PostgresServerFacts {
	/** As `SHOW server_version` says. */
	readonly serverVersion: string;
	/** Such as 17. */
	readonly serverMajor: number;
	/** Image of the container; null when it was not learnt. */
	readonly image: string | null;
}

/** The archive's content is a `pg_dump -Fc`. */
export interface PostgresDescription extends PostgresServerFacts {
	readonly version: 1;
	readonly type: 'postgres-database';
	readonly database: string;
	/** As `pg_dump --version` says. */
	readonly dumpVersion: string;
	readonly sizeBytes: number;
	readonly properties: PostgresProperties;
	readonly settings: readonly PostgresSetting[];
	/** Null: the defaults, which are not written down. */
	readonly grants: readonly PostgresGrant[] | null;
	readonly extensions: readonly string[];
	readonly tables: readonly TableCount[];
	/** Relations of every kind: each takes a lock when all is restored in one transaction. */
	readonly relations: number;
	/** Whether schemas or tables were chosen, or only schema or data dumped. */
	readonly partial: boolean;
}

/** The archive's content is `PostgresGlobals` as JSON. */
export interface GlobalsDescription extends PostgresServerFacts {
	readonly version: 1;
	readonly type: 'postgres-globals';
	readonly roles: number;
	readonly passwords: boolean;
}

/** The archive's content is a whole SQLite database file. */
export interface SqliteDescription {
	readonly version: 1;
	readonly type: 'sqlite';
	/** Of the volume or directory. */
	readonly source: { readonly type: 'volume' | 'directory'; readonly name: string };
	/** Below its root. */
	readonly path: string;
	readonly journalMode: 'wal' | 'rollback';
	readonly pageSize: number;
	readonly userVersion: number;
	readonly applicationId: number;
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	readonly tables: readonly TableCount[];
}

export interface SavedImage {
	/** `sha256:…`: what the host that saved it calls it. */
	readonly id: string;
	/** With their tags; none when it was saved by its id. */
	readonly references: readonly string[];
	/** `name@sha256:…` in registries; loading does not bring them back. */
	readonly digests: readonly string[];
	readonly os: string;
	readonly architecture: string;
	/** Unpacked. */
	readonly sizeBytes: number;
	/** `sha256:…` of each layer's tar, the lowest first. */
	readonly layers: readonly string[];
}

/**
 * What an image's id stands for. `config`: its configuration, the same on every host; `manifest`: its manifest in a
 * registry's form, which another host may write anew.
 */
export const imageIdKinds = ['config', 'manifest'] as const;
export type ImageIdKind = (typeof imageIdKinds)[number];

/** The archive's content is what `docker save` gives. */
export interface ImageDescription {
	readonly version: 1;
	readonly type: 'docker-image';
	/** Of the Docker Engine that saved them. */
	readonly dockerVersion: string;
	readonly idKind: ImageIdKind;
	readonly images: readonly SavedImage[];
}

export type Description = PostgresDescription | GlobalsDescription | SqliteDescription | ImageDescription;

export interface PostgresRole {
	readonly name: string;
	readonly superuser: boolean;
	readonly inherit: boolean;
	readonly createRole: boolean;
	readonly createDatabase: boolean;
	readonly login: boolean;
	readonly replication: boolean;
	readonly bypassRls: boolean;
	readonly connectionLimit: number;
	readonly validUntil: string | null;
	/** As the server keeps it (SCRAM verifier or MD5); null without one, or when passwords were not asked for. */
	readonly password: string | null;
	readonly comment: string | null;
	readonly settings: readonly { readonly name: string; readonly value: string }[];
}

export interface PostgresMembership {
	readonly role: string;
	readonly member: string;
	readonly grantor: string;
	readonly admin: boolean;
	/** Null where the server does not know these (before 16). */
	readonly inherit: boolean | null;
	readonly set: boolean | null;
}

/** What belongs to a server and to no database. Version 1. */
export interface PostgresGlobals {
	readonly version: 1;
	readonly roles: readonly PostgresRole[];
	readonly memberships: readonly PostgresMembership[];
	readonly tablespaces: readonly {
		readonly name: string;
		readonly owner: string;
		readonly location: string;
	}[];
}

const types = ['postgres-database', 'postgres-globals', 'sqlite', 'docker-image'] as const;
const reader = new Reader('archive_malformed', 'description');

export function parseDescription(text: string): Description {
	const f = reader.fields(reader.json(text));
	requireVersion(reader, f);
	const type = reader.oneOf(f, 'type', types);
	switch (type) {
		case 'postgres-database':
			return { ...base, ...server(f), type, ...database(f) };
		case 'postgres-globals': {
			const [roles, passwords] = [reader.integer(f, 'roles'), reader.boolean(f, 'passwords')];
			return { ...base, ...server(f), type, roles, passwords };
		}
		case 'sqlite':
			return { ...base, type, ...sqlite(f) };
		case 'docker-image': {
			const dockerVersion = reader.string(f, 'dockerVersion');
			const idKind = reader.oneOf(f, 'idKind', imageIdKinds);
			return { ...base, type, dockerVersion, idKind, images: reader.array(f, 'images', parseImage) };
		}
	}
}

export function parseGlobals(text: string): PostgresGlobals {
	const from = new Reader('archive_malformed', 'globals');
	const f = from.fields(from.json(text));
	requireVersion(from, f);
	return {
		version: 1,
		roles: from.array(f, 'roles', (value) => parseRole(from, from.fields(value, 'roles'))),
		memberships: from.array(f, 'memberships', (value) => {
			const m = from.fields(value, 'memberships');
			return {
				role: from.string(m, 'role'),
				member: from.string(m, 'member'),
				grantor: from.string(m, 'grantor'),
				admin: from.boolean(m, 'admin'),
				inherit: from.nullable(m, 'inherit', (x, n) => from.boolean(x, n)),
				set: from.nullable(m, 'set', (x, n) => from.boolean(x, n)),
			};
		}),
		tablespaces: from.array(f, 'tablespaces', (value) => {
			const t = from.fields(value, 'tablespaces');
			return {
				name: from.string(t, 'name'),
				owner: from.string(t, 'owner'),
				location: from.string(t, 'location'),
			};
		}),
	};
}

function requireVersion(from: Reader, f: Fields): void {
	if (f['version'] !== 1) from.fail(`version ${String(f['version'])} is not 1`);
}

const base = { version: 1 } as const;
const nullableText = (f: Fields, name: string) => reader.nullable(f, name, (x, n) => reader.string(x, n));
const anyInteger = (from: Reader, f: Fields, name: string) => from.integer(f, name, Number.MIN_SAFE_INTEGER);

const server = (f: Fields): PostgresServerFacts => ({
	serverVersion: reader.string(f, 'serverVersion'),
	serverMajor: reader.integer(f, 'serverMajor', 1),
	image: nullableText(f, 'image'),
});

function database(f: Fields): Omit<PostgresDescription, 'version' | 'type' | keyof PostgresServerFacts> {
	const p = reader.fields(f['properties'], 'properties');
	return {
		database: reader.string(f, 'database'),
		dumpVersion: reader.string(f, 'dumpVersion'),
		sizeBytes: reader.integer(f, 'sizeBytes'),
		properties: {
			owner: reader.string(p, 'owner'),
			encoding: reader.string(p, 'encoding'),
			collate: reader.string(p, 'collate'),
			ctype: reader.string(p, 'ctype'),
			localeProvider: reader.oneOf(p, 'localeProvider', ['libc', 'icu', 'builtin']),
			locale: nullableText(p, 'locale'),
			icuRules: nullableText(p, 'icuRules'),
			tablespace: reader.string(p, 'tablespace'),
			connectionLimit: anyInteger(reader, p, 'connectionLimit'),
			comment: nullableText(p, 'comment'),
		},
		settings: reader.array(f, 'settings', (value) => {
			const s = reader.fields(value, 'settings');
			return {
				role: nullableText(s, 'role'),
				name: reader.string(s, 'name'),
				value: reader.string(s, 'value'),
			};
		}),
		grants: reader.nullable(f, 'grants', (x, n) => reader.array(x, n, parseGrant)),
		extensions: reader.strings(f, 'extensions'),
		tables: reader.array(f, 'tables', parseTable),
		relations: reader.integer(f, 'relations'),
		partial: reader.boolean(f, 'partial'),
	};
}

function parseGrant(value: unknown): PostgresGrant {
	const g = reader.fields(value, 'grants');
	return {
		grantee: nullableText(g, 'grantee'),
		grantor: reader.string(g, 'grantor'),
		privilege: reader.string(g, 'privilege'),
		grantable: reader.boolean(g, 'grantable'),
	};
}

function parseTable(value: unknown): TableCount {
	const t = reader.fields(value, 'tables');
	return {
		schema: reader.string(t, 'schema'),
		name: reader.string(t, 'name'),
		rows: reader.nullable(t, 'rows', (x, n) => reader.integer(x, n)),
	};
}

function sqlite(f: Fields): Omit<SqliteDescription, 'version' | 'type'> {
	const source = reader.fields(f['source'], 'source');
	return {
		source: {
			type: reader.oneOf(source, 'type', ['volume', 'directory']),
			name: reader.string(source, 'name'),
		},
		path: reader.string(f, 'path'),
		journalMode: reader.oneOf(f, 'journalMode', ['wal', 'rollback']),
		pageSize: reader.integer(f, 'pageSize'),
		userVersion: anyInteger(reader, f, 'userVersion'),
		applicationId: anyInteger(reader, f, 'applicationId'),
		mode: reader.integer(f, 'mode'),
		uid: reader.integer(f, 'uid'),
		gid: reader.integer(f, 'gid'),
		tables: reader.array(f, 'tables', parseTable),
	};
}

function parseImage(value: unknown): SavedImage {
	const i = reader.fields(value, 'images');
	return {
		id: reader.string(i, 'id', /^sha256:[0-9a-f]{64}$/),
		references: reader.strings(i, 'references'),
		digests: reader.strings(i, 'digests'),
		os: reader.string(i, 'os'),
		architecture: reader.string(i, 'architecture'),
		sizeBytes: reader.integer(i, 'sizeBytes'),
		layers: reader.strings(i, 'layers'),
	};
}

function parseRole(from: Reader, r: Fields): PostgresRole {
	const text = (name: string) => from.nullable(r, name, (x, n) => from.string(x, n));
	return {
		name: from.string(r, 'name'),
		superuser: from.boolean(r, 'superuser'),
		inherit: from.boolean(r, 'inherit'),
		createRole: from.boolean(r, 'createRole'),
		createDatabase: from.boolean(r, 'createDatabase'),
		login: from.boolean(r, 'login'),
		replication: from.boolean(r, 'replication'),
		bypassRls: from.boolean(r, 'bypassRls'),
		connectionLimit: anyInteger(from, r, 'connectionLimit'),
		validUntil: text('validUntil'),
		password: text('password'),
		comment: text('comment'),
		settings: from.array(r, 'settings', (value) => {
			const s = from.fields(value, 'settings');
			return { name: from.string(s, 'name'), value: from.string(s, 'value') };
		}),
	};
}
