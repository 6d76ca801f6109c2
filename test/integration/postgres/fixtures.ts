/** What a database of the tests holds: of every kind of object that a dump can lose, at least one. */

/** Names that a shell, a connection string or an option parser would take for something else. */
export const hostileNames: readonly string[] = [
	'with space',
	"quo'te",
	'double"quote',
	'$(touch /tmp/owned) `id`',
	'dbname=postgres host=evil',
	'-leading --dash',
	'back\\slash\\',
	'new\nline\ttab',
	'größe-日本-🐘',
	'postgresql://evil/db',
	'percent%20d;drop',
];

/** Roles of the server; they may be there already. */
export const roles = `
	do $do$ begin
		if not exists (select from pg_roles where rolname = 'shop_owner') then
			create role shop_owner;
			create role shop_reader noinherit;
			create role "odd ""role"" 'x'" login password 'secret-of-the-odd-role' connection limit 7 valid until '2040-01-02 03:04:05+00';
			comment on role shop_reader is 'reads, ''quotes'' and more';
			alter role shop_reader set work_mem = '8MB';
			grant shop_reader to "odd ""role"" 'x'" with admin option;
			grant shop_owner to shop_reader;
		end if;
	end $do$;`;

/** Sequences, large objects, extensions, views, partitions, policies and more; some thousand rows. */
export const richSchema = `
	create extension pg_trgm;
	create extension hstore;
	create extension citext;
	create schema shop authorization shop_owner;
	create schema "odd schema ""x""";
	comment on schema shop is 'a ''quoted'' schema';

	create domain shop.positive as integer check (value > 0);
	create type shop.mood as enum ('happy', 'so so', 'it''s bad');
	create type shop.pair as (a integer, b text);

	create table shop.customers (
		id integer generated always as identity (start 100 increment 5) primary key,
		name citext not null,
		attributes hstore,
		mood shop.mood default 'so so',
		score shop.positive,
		pair shop.pair,
		full_text text generated always as (upper(name::text)) stored,
		tags text[]
	);
	insert into shop.customers (name, attributes, score, pair, tags)
		select 'Customer ' || n, hstore('n', n::text), n, row(n, md5(n::text))::shop.pair, array['t' || n, 'grün', null]
		from generate_series(1, 500) n;
	comment on table shop.customers is E'customers\\nin two lines';
	comment on column shop.customers.name is 'with "quotes"';
	create index customers_trgm on shop.customers using gin ((full_text) gin_trgm_ops);
	create unique index customers_partial on shop.customers (id) where score > 10;

	create sequence shop.invoice_numbers start 1000 increment 3 cache 5;
	select nextval('shop.invoice_numbers') from generate_series(1, 20);
	select setval('shop.invoice_numbers', 123456789, true);
	create table shop.counters (id bigserial primary key, n integer);
	insert into shop.counters (n) select n from generate_series(1, 50) n;

	create table shop.events (at date not null, payload jsonb, customer integer references shop.customers)
		partition by range (at);
	create table shop.events_2025 partition of shop.events for values from ('2025-01-01') to ('2026-01-01');
	create table shop.events_2026 partition of shop.events for values from ('2026-01-01') to ('2027-01-01');
	create table shop.events_rest partition of shop.events default;
	insert into shop.events select '2025-06-01'::date + n, jsonb_build_object('n', n, 'ü', 'ß'), 100 + 5 * (n % 500)
		from generate_series(1, 1000) n;

	create materialized view shop.totals as select mood, count(*) as customers from shop.customers group by mood;
	create unique index totals_mood on shop.totals (mood);
	create materialized view shop.unfilled as select 1 as one with no data;
	create view shop.happy with (security_barrier) as select * from shop.customers where mood = 'happy';

	create function shop.touch() returns trigger language plpgsql as $touch$
	begin
		new.n := coalesce(new.n, 0) + 1;
		return new;
	end $touch$;
	create trigger touched before update on shop.counters for each row execute function shop.touch();
	create procedure shop.nothing() language sql as 'select 1';
	create rule no_delete as on delete to shop.counters do instead nothing;

	alter table shop.customers enable row level security;
	create policy readers on shop.customers for select to shop_reader using (score > 5);
	alter table shop.customers owner to shop_owner;
	grant select on shop.customers to shop_reader with grant option;
	grant usage on schema shop to shop_reader;
	grant update (name) on shop.customers to public;
	alter default privileges in schema shop grant select on tables to shop_reader;

	create table "odd schema ""x"""."odd table 'y'" ("a col" text, "größe" integer, bytes bytea);
	insert into "odd schema ""x"""."odd table 'y'" values (E'tab\\t nl\\n bs\\\\ q'' é 🐘', 1, '\\x00ff10'), (null, null, null);
	create table public.empty_one ();
	create unlogged table public.unlogged_one (a integer);
	insert into public.unlogged_one values (1);

	select lo_from_bytea(424242, decode(repeat('00ff41', 1000), 'hex'));
	select lo_from_bytea(424243, '\\x');
	comment on large object 424242 is 'a large object';
	grant select on large object 424242 to shop_reader;
	create publication everything for all tables;
	create statistics shop.spread (dependencies) on id, score from shop.customers;
	create collation shop.german from "C";
	create cast (shop.mood as integer) with inout;`;

/** Of the database itself, whose name is given in quotes. */
export const databaseSettings = (database: string): string => `
	alter database ${database} set work_mem = '5MB';
	alter database ${database} set search_path = shop, "odd schema ""x""", public;
	alter role shop_reader in database ${database} set statement_timeout = '12s';
	alter database ${database} connection limit 77;
	comment on database ${database} is 'a ''database'' with a comment';
	revoke connect on database ${database} from public;
	grant connect, temporary on database ${database} to shop_reader with grant option;
	alter database ${database} owner to shop_owner;`;
