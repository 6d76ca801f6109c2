/** Drills of dumps of real servers: what passes, what fails, and that nothing is left whatever happens. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getRecord } from '../../../operations/index';
import { dumpPostgres } from '../../../operations/postgres/dump-postgres';
import { drillPostgres } from '../../../operations/postgres/drill-postgres';
import type { DrillRequest } from '../../../operations/postgres/requests';
import type { RepositorySettings } from '../../../operations/settings';
import type { BackupRecord } from '../../../protocol/record';
import { rawSecret } from '../../engine/backups';
import { testContext } from '../../engine/in-process';
import { scratchDirectories } from '../../fakes/directories';
import { docker, unique } from '../cli/lab';
import { host, storeDump, type OddDump } from './dumps';
import { imageOf, postgresLab, type TestServer } from './lab';

const { server } = postgresLab();
const newDirectory = scratchDirectories();
const where = { type: 'runner', host } as const;

const schema = `
	create schema shop;
	create table public.users (id int primary key, name text);
	insert into public.users select n, 'user ' || n from generate_series(1, 40) n;
	create table public.orders (id int, customer int references public.users);
	insert into public.orders select n, n from generate_series(1, 10) n;
	create view public.names as select name from public.users;
	create materialized view public.totals as select count(*) as users from public.users;`;

interface Drilled {
	readonly repository: RepositorySettings;
	readonly record: BackupRecord;
	readonly job: string;
}

function newRepository(): RepositorySettings {
	const location = { type: 'directory', path: newDirectory() } as const;
	return { location, secret: rawSecret(), previousSecrets: [], mayCreate: true, id: null };
}

async function stored(dump: Partial<OddDump> = {}): Promise<Drilled> {
	const of = dump.server ?? (await small());
	const repository = newRepository();
	const job = unique('drill');
	return {
		repository,
		job,
		record: await storeDump(repository, job, { database: 'small', ...dump, server: of }),
	};
}

let made: Promise<TestServer> | undefined;
/** A server of version 17 with one small database. */
function small(): Promise<TestServer> {
	made ??= server(17).then(async (started) => {
		await started.create('small', schema);
		return started;
	});
	return made;
}

function drill(
	{ repository, record }: Pick<Drilled, 'repository' | 'record'>,
	changes: Partial<DrillRequest> = {},
	context = testContext(),
) {
	return drillPostgres(context, host, repository, {
		selection: { by: 'id', id: record.id },
		image: null,
		checks: [],
		totalLimitMs: 240_000,
		allowUnsigned: false,
		keepEvidence: true,
		...changes,
	});
}

const check = (statement: string, comparison: '=' | '>=' = '=', expected = 't') => ({
	statement,
	comparison,
	expected,
});

/** The containers of a job's drills and runners, and the volumes that they had. */
async function left(job: string): Promise<string[]> {
	const filter = ['--filter', `label=n8n-nodes-docker-backup.job=${job}`];
	const found = [await docker('ps', '-aq', ...filter), await docker('volume', 'ls', '-q', ...filter)];
	return found.flatMap((lines) => lines.split('\n')).filter((line) => line !== '');
}

test('a dump as it should be passes, and the evidence is in its record', async () => {
	const it = await stored();
	const outcome = await drill(it, {
		checks: [
			check('select count(*) from users', '>=', '40'),
			check("select name from names where name = 'user 7';", '=', 'user 7'),
			check('select users from totals', '=', '40'),
			check("select true and current_database() = 'small'"),
			check('show transaction_read_only', '=', 'on'),
		],
	});
	expect(outcome.checks.filter(({ pass }) => !pass)).toEqual([]);
	expect(outcome).toMatchObject({
		id: it.record.id,
		pass: true,
		trust: 'signed',
		image: imageOf(17),
		evidenceNotKept: null,
		checksOmitted: 0,
	});
	expect(outcome.checks.map(({ name, actual }) => [name, actual])).toEqual([
		['archive', 'whole and unchanged'],
		['restore', 'no error'],
		['tables', '2'],
		['rows of public.orders', '10'],
		['rows of public.users', '40'],
		['select count(*) from users', '40'],
		["select name from names where name = 'user 7';", 'user 7'],
		['select users from totals', '40'],
		["select true and current_database() = 'small'", 't'],
		['show transaction_read_only', 'on'],
	]);
	const entry = await getRecord(testContext(), where, it.repository, it.record.id);
	expect(entry).toMatchObject({
		verifications: [
			{ level: 'drill', pass: true, at: outcome.at, durationMs: outcome.durationMs, checks: outcome.checks },
		],
	});
	expect(await left(it.job)).toEqual([]);
});

test('what is not as it was recorded, and statements that fail or give something else, fail the drill', async () => {
	const it = await stored({
		change: (description) => ({
			...description,
			tables: [
				...description.tables.map((table) =>
					table.name === 'users' ? { ...table, rows: 41 } : { ...table, rows: null },
				),
				{ schema: 'shop', name: 'gone', rows: 3 },
			],
		}),
	});
	const checks = [
		check('select count(*) from users', '=', '41'),
		check('select * from nowhere'),
		check('select 1, 2'),
		check('select id from users'),
		check('select 1 where false'),
		check('select null'),
		check('delete from orders returning 1', '=', '1'),
		check('select 1) q; delete from orders; select (1', '=', '1'),
		check('\\! touch /tmp/owned', '=', '1'),
		check("select 'it''s \"odd\" \\\\, (yes)'", '=', 'it\'s "odd" \\\\, (yes)'),
		check("select ''", '=', ''),
	];
	const outcome = await drill(it, { checks });
	expect(outcome).toMatchObject({ pass: false, evidenceNotKept: null });
	expect(outcome.checks.slice(0, -checks.length)).toMatchObject([
		{ name: 'archive', pass: true },
		{ name: 'restore', pass: true },
		{ name: 'tables', pass: false, expected: '3', actual: '2' },
		{ name: 'rows of public.users', pass: false, expected: '41', actual: '40' },
		{ name: 'table shop.gone', pass: false, expected: 'to be there', actual: 'it is missing' },
	]);
	expect(outcome.checks.slice(-checks.length).map(({ pass, actual }) => [pass, actual])).toEqual([
		[false, '40'],
		[false, 'relation "nowhere" does not exist (42P01)'],
		[false, 'it gave 2 values'],
		[false, 'it gave more than one row'],
		[false, 'it gave no row'],
		[false, 'null'],
		[false, 'cannot execute DELETE in a read-only transaction (25006)'],
		[false, expect.stringMatching(/^syntax error at or near "\)"/)],
		[false, expect.stringMatching(/^syntax error at or near "\\"/)],
		[true, 'it\'s "odd" \\\\, (yes)'],
		[true, ''],
	]);
	expect(await getRecord(testContext(), where, it.repository, it.record.id)).toMatchObject({
		verifications: [{ pass: false, checks: outcome.checks }],
	});
	expect(await left(it.job)).toEqual([]);
});

test('a dump that pg_restore refuses', async () => {
	const dumped = await (await small()).run(['pg_dump', '-U', 'postgres', '-w', '-Fc', '-Z0', '-d', 'small']);
	const cut = await stored({ content: dumped.subarray(0, dumped.length - 500) });
	const outcome = await drill(cut);
	expect(outcome).toMatchObject({ pass: false, evidenceNotKept: null });
	expect(outcome.checks).toMatchObject([
		{ name: 'archive', pass: true },
		{
			name: 'restore',
			pass: false,
			actual: expect.stringMatching(/^pg_restore failed \(exit 1\): /) as string,
		},
	]);
	expect(await left(cut.job)).toEqual([]);
});

test('a tampered archive fails before there is a server', async () => {
	const it = await stored();
	const { location } = it.repository;
	if (location.type !== 'directory') throw new Error('it lies in a directory');
	const path = join(location.path, it.record.filePath!);
	const bytes = readFileSync(path);
	bytes[bytes.length - 100]! ^= 1;
	writeFileSync(path, bytes);
	const context = testContext();
	const outcome = await drill(it, {}, context);
	expect(outcome).toMatchObject({ pass: false, image: null, evidenceNotKept: null });
	expect(outcome.checks).toEqual([
		{
			name: 'archive',
			pass: false,
			expected: 'whole and unchanged',
			actual: expect.stringContaining(it.record.id) as string,
		},
	]);
	expect(context.told.filter(({ event }) => event === 'phase')).not.toContainEqual(
		expect.objectContaining({ name: 'restoring' }),
	);
	expect(await getRecord(testContext(), where, it.repository, it.record.id)).toMatchObject({
		verifications: [{ level: 'drill', pass: false }],
	});
});

test('a cancelled drill, and one that takes too long, leave nothing', async () => {
	const it = await stored();
	const cancel = new AbortController();
	const context = testContext(cancel.signal);
	const phases: string[] = [];
	const cancelled = drill(
		it,
		{},
		{
			...context,
			onEvent: (event) => {
				if (event.event !== 'phase') return;
				phases.push(event.name);
				if (event.name === 'restoring') cancel.abort(new Error('enough'));
			},
		},
	);
	await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
	expect(phases).toContain('restoring');
	expect(phases).not.toContain('looking at');
	expect(await left(it.job)).toEqual([]);

	const slow = { checks: [check('select pg_sleep(600)')], totalLimitMs: 4000 };
	await expect(drill(it, slow)).rejects.toMatchObject({
		code: 'timed_out',
		message: `the drill of ${it.record.id} took longer than 4 s`,
	});
	expect(await left(it.job)).toEqual([]);
	expect(await getRecord(testContext(), where, it.repository, it.record.id)).toMatchObject({
		verifications: [],
	});
});

describe('what is refused before anything starts', () => {
	test('images that are older, not there, or hold no server', async () => {
		const it = await stored();
		await expect(drill(it, { image: imageOf(15) })).rejects.toMatchObject({
			code: 'database_version_mismatch',
			message: `image ${imageOf(15)} holds postgres 15, and the dump was made by 17`,
			hint: 'Drill it with postgres:17 or newer.',
		});
		const missing = unique('image');
		await expect(drill(it, { image: missing })).rejects.toMatchObject({
			code: 'image_not_found',
			message: expect.stringContaining(missing) as string,
			hint: expect.stringContaining(`docker pull ${missing}`) as string,
		});
		await expect(drill(it, { image: host.runner.image })).rejects.toMatchObject({
			code: 'postgres_not_found',
			message: expect.stringContaining(host.runner.image) as string,
		});
		expect(await left(it.job)).toEqual([]);
	});

	test('what is no dump of a database', async () => {
		const globals = await stored({
			change: ({ serverVersion, serverMajor, image }) => {
				const facts = { serverVersion, serverMajor, image, roles: 1, passwords: false };
				return { version: 1, type: 'postgres-globals', ...facts };
			},
			content: Buffer.from('{}'),
		});
		await expect(drill(globals)).rejects.toMatchObject({
			code: 'archive_kind_mismatch',
			message: `${globals.record.id} holds the globals of a server, and a drill restores a database`,
		});
		const rowsOnly = await stored({ arguments: ['--data-only'] });
		await expect(drill(rowsOnly)).rejects.toMatchObject({
			code: 'archive_kind_mismatch',
			message: expect.stringContaining('rows without the tables') as string,
		});
		expect([...(await left(globals.job)), ...(await left(rowsOnly.job))]).toEqual([]);
	});

	test('a record that nobody vouches for, unless it is named and allowed', async () => {
		const it = await stored();
		const { location } = it.repository;
		if (location.type !== 'directory') throw new Error('it lies in a directory');
		const path = join(location.path, 'jobs', it.job, `${it.record.id}.json`);
		const [line] = readFileSync(path, 'utf8').split('\n');
		writeFileSync(path, `${line}\n{"signature":null}\n`);
		await expect(drill(it)).rejects.toMatchObject({ code: 'record_unsigned' });
		const outcome = await drill(it, { allowUnsigned: true });
		expect(outcome).toMatchObject({ pass: true, trust: 'unsigned', evidenceNotKept: null });
	});
});

describe('a database with everything in it', () => {
	test.each([
		[15, 15],
		[15, 17],
		[17, 17],
	] as const)('dumped by %d, drilled with %d', async (from, to) => {
		const of = await server(from);
		const database = `rich "${to}" ü$(x)`;
		await of.createRich(database);
		const repository = newRepository();
		const job = unique('drill');
		const { records } = await dumpPostgres(testContext(), host, repository, {
			job,
			compression: { algorithm: 'zstd', level: 1 },
			encrypt: true,
			tags: [],
			lockWaitMs: 0,
			server: of.server,
			databases: [database],
			excludeDatabases: [],
			globals: true,
			rolePasswords: false,
			schemas: [],
			excludeSchemas: [],
			tables: [],
			excludeTables: [],
			content: 'all',
			countRows: true,
			stallLimitMs: 60_000,
			totalLimitMs: null,
		});
		expect(records.map(({ status }) => status)).toEqual(['success', 'success']);
		// The globals of the run are no dump that could be meant.
		const outcome = await drill(
			{ repository, record: records[0]! },
			{
				selection: { by: 'latest', job },
				image: from === to ? null : imageOf(to),
				// By the search path that the database has.
				checks: [
					check('select count(*) from customers', '=', '500'),
					check('select lo_get(424242) is not null'),
				],
			},
		);
		expect(outcome.checks.filter(({ pass }) => !pass)).toEqual([]);
		expect(outcome).toMatchObject({
			id: records[0]!.id,
			pass: true,
			evidenceNotKept: null,
			image: imageOf(to),
		});
		expect(outcome.checks.length).toBeGreaterThan(10);
		expect(await left(job)).toEqual([]);
	});
});
