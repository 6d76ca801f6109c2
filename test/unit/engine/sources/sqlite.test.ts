/** Snapshots of real databases in real files; what a read-only mount takes away is for the integration tests. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { copyWhenStill } from '../../../../engine/sources/sqlite-copy';
import { journalModeOf, remoteFileSystem } from '../../../../engine/sources/sqlite-file';
import { snapshot } from '../../../../engine/sources/sqlite';
import { parseDescription } from '../../../../protocol/description';
import { scratchDirectories } from '../../../fakes/directories';

const directory = scratchDirectories();
const { signal } = new AbortController();

function makeDatabase(path: string, mode = 'delete'): DatabaseSync {
	const db = new DatabaseSync(path);
	db.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = ${mode}; PRAGMA user_version = -7`);
	db.exec('PRAGMA application_id = 42; CREATE TABLE "odd ""name" (a); CREATE TABLE empty (b)');
	db.exec('INSERT INTO "odd ""name" VALUES (1), (2), (3)');
	return db;
}

function place(path: string, place_ = 'data') {
	const root = directory();
	return { root, source: { type: 'file', name: `${place_}/${path}`, path: `${root}/./${path}` } as const };
}

async function take(source: ReturnType<typeof place>['source'], { busyLimitMs = 500, abort = signal } = {}) {
	const scratch = directory();
	const taken = await snapshot(source, { scratch, busyLimitMs, signal: abort });
	const chunks: Buffer[] = [];
	for await (const chunk of taken.content) chunks.push(chunk);
	const content = Buffer.concat(chunks);
	const description = parseDescription(await taken.description());
	await taken.close();
	expect(readdirSync(scratch)).toEqual([]);
	expect(content.length).toBe(taken.expectedBytes);
	return { content, description };
}

/** By another process, as applications do: one process does not lock itself out. */
async function lock(path: string): Promise<() => Promise<unknown>> {
	const program = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(process.argv[1]);
		db.exec('BEGIN EXCLUSIVE'); console.log('locked'); process.stdin.resume();`;
	const holder = spawn(process.execPath, ['--no-warnings', '-e', program, path], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	await once(holder.stdout, 'data');
	return async () => {
		const ended = once(holder, 'exit');
		holder.stdin.end();
		await ended;
	};
}

async function refusal(source: ReturnType<typeof place>['source'], options = {}): Promise<unknown> {
	return await take(source, options).catch((error: unknown) => error);
}

test('the copy is a whole database, and what it does not say itself is described', async () => {
	const { root, source } = place('deep/app.db', '/srv/app');
	mkdirSync(join(root, 'deep'));
	makeDatabase(join(root, 'deep/app.db')).close();
	const { content, description } = await take(source);
	expect(description).toEqual({
		version: 1,
		type: 'sqlite',
		source: { type: 'directory', name: '/srv/app' },
		path: 'deep/app.db',
		journalMode: 'rollback',
		pageSize: 8192,
		userVersion: -7,
		applicationId: 42,
		mode: 0o644,
		uid: process.getuid?.(),
		gid: process.getgid?.(),
		tables: [
			{ schema: '', name: 'empty', rows: 0 },
			{ schema: '', name: 'odd "name', rows: 3 },
		],
	});
	const copy = join(root, 'copy.db');
	writeFileSync(copy, content);
	const db = new DatabaseSync(copy);
	expect(db.prepare('SELECT count(*) AS n FROM "odd ""name"').get()).toEqual({ n: 3 });
	db.close();
});

test('a database with a log that somebody has open is read with what is only in its log', async () => {
	const { root, source } = place('app.db');
	const db = makeDatabase(join(root, 'app.db'), 'wal');
	const before = readdirSync(root);
	const { description } = await take(source);
	expect(description).toMatchObject({ journalMode: 'wal', source: { type: 'volume', name: 'data' } });
	expect(readdirSync(root)).toEqual(before);
	db.close();
});

test('one that is locked for longer than the limit is told so', async () => {
	const { root, source } = place('app.db');
	makeDatabase(join(root, 'app.db')).close();
	const release = await lock(join(root, 'app.db'));
	expect(await refusal(source)).toMatchObject({ code: 'source_busy', message: 'data/app.db is locked' });
	const waiting = take(source, { busyLimitMs: 60_000 });
	const aWhile = new Promise((resolve) => setTimeout(resolve, 1000, 'waits'));
	expect(await Promise.race([waiting, aWhile])).toBe('waits');
	await release();
	await waiting;
});

test('one that waits ends at once when the run is cancelled', async () => {
	const { root, source } = place('app.db');
	makeDatabase(join(root, 'app.db')).close();
	const release = await lock(join(root, 'app.db'));
	const aborter = new AbortController();
	const taking = refusal(source, { busyLimitMs: 600_000, abort: aborter.signal });
	setTimeout(() => aborter.abort(new Error('enough')), 200);
	expect(await taking).toMatchObject({ message: 'enough' });
	await release();
});

test.each([
	['no file', undefined, 'sqlite_not_found', 'data/app.db does not exist'],
	['nothing in it', Buffer.alloc(0), 'sqlite_not_found', 'data/app.db is empty'],
	[
		'something else, or an encrypted one',
		Buffer.alloc(8192, 0xa7),
		'sqlite_not_found',
		'data/app.db does not begin like a SQLite database',
	],
])('%s: refused by name', async (_, content, code, message) => {
	const { root, source } = place('app.db');
	if (content) writeFileSync(join(root, 'app.db'), content);
	expect(await refusal(source)).toMatchObject({ code, message, hint: expect.stringMatching(/\w/) as string });
});

test.each([
	['a page', 8192, 0xff, 'malformed'],
	['the schema', 100, 0xff, 'malformed'],
])('damage in %s fails the snapshot', async (_, at, value, said) => {
	const { root, source } = place('app.db');
	const path = join(root, 'app.db');
	makeDatabase(path).close();
	const bytes = readFileSync(path);
	bytes.fill(value, at, at + 16);
	writeFileSync(path, bytes);
	expect(await refusal(source)).toMatchObject({
		code: 'source_corrupt',
		message: expect.stringContaining(said) as string,
	});
});

test('what only integrity_check finds fails the snapshot too', async () => {
	const { root, source } = place('app.db');
	const path = join(root, 'app.db');
	const db = makeDatabase(path);
	db.exec("CREATE TABLE n (a TEXT UNIQUE); INSERT INTO n VALUES ('needle')");
	db.close();
	const bytes = readFileSync(path);
	bytes.write('noodle', bytes.indexOf('needle'));
	writeFileSync(path, bytes);
	expect(await refusal(source)).toMatchObject({
		code: 'source_corrupt',
		message: expect.stringContaining('missing from index') as string,
	});
});

test.each(['../x.db', 'a/../../x.db', '/etc/x.db', '', 'a//b', './x.db'])(
	'the path %p is refused',
	async (path) => {
		expect(await refusal(place(path).source)).toMatchObject({ code: 'invalid_parameter' });
	},
);

test('a link inside the place is followed, one that leads out is refused', async () => {
	const { root, source } = place('link.db');
	makeDatabase(join(root, 'real.db')).close();
	symlinkSync('real.db', join(root, 'link.db'));
	expect((await take(source)).description).toMatchObject({ path: 'link.db' });

	const outside = directory();
	makeDatabase(join(outside, 'real.db')).close();
	const { root: other, source: leaving } = place('link.db');
	symlinkSync(join(outside, 'real.db'), join(other, 'link.db'));
	expect(await refusal(leaving)).toMatchObject({ code: 'invalid_parameter' });
});

test('a copy of what changes meanwhile is worth nothing', async () => {
	const root = directory();
	const path = join(root, 'app.db');
	makeDatabase(path).close();
	expect(await copyWhenStill(path, join(root, 'copy-1'), signal)).toBe(true);
	const writing = setInterval(() => writeFileSync(`${path}-journal`, randomBytes(10)), 1);
	try {
		expect(await copyWhenStill(path, join(root, 'copy-2'), signal)).toBe(false);
	} finally {
		clearInterval(writing);
	}
});

test('a journal that belongs to a transaction over several files is not believed', async () => {
	const root = directory();
	const path = join(root, 'app.db');
	makeDatabase(path).close();
	const tail = Buffer.from('2f782f79d9d505f920a163d7', 'hex');
	writeFileSync(`${path}-journal`, Buffer.concat([Buffer.alloc(512, 1), tail]));
	await expect(copyWhenStill(path, join(root, 'copy'), signal)).rejects.toMatchObject({
		code: 'source_failed',
	});
});

test('headers and file systems are told apart', () => {
	const root = directory();
	makeDatabase(join(root, 'a')).close();
	const header = readFileSync(join(root, 'a')).subarray(0, 100);
	expect(journalModeOf(header)).toBe('rollback');
	header.writeUInt8(2, 18);
	expect(journalModeOf(header)).toBe('wal');
	expect(journalModeOf(header.subarray(0, 19))).toBeNull();
	copyFileSync(join(root, 'a'), join(root, 'b'));
	expect(remoteFileSystem(0x6969)).toBe('NFS');
	expect(remoteFileSystem(0xff534d42 | 0)).toBe('CIFS');
	expect(remoteFileSystem(0xef53)).toBeUndefined();
});
