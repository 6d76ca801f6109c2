/** Databases in every state that an application leaves them in, through the command and a real runner. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeTree, diffTrees } from '../../trees/describe-tree';
import { cli, docker, failure, json, lab } from '../cli/lab';
import { applications, hasSaid, namesIn, rootOf } from './lab';

const application = applications();
const { directory, job: newJob, keyFile, volume: newVolume } = lab();
const key = ['--key-file', keyFile()];

interface Taken {
	readonly status: string;
	readonly id: string;
	readonly series: string;
	readonly filePath: string;
	readonly error: { readonly code: string; readonly message: string } | null;
}

/** Makes a database as another process, which dies in the middle where it says so. */
function make(path: string, program: string): void {
	const source = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(process.argv[1]); ${program}`;
	const { status, signal, stderr } = spawnSync(process.execPath, ['--no-warnings', '-e', source, path]);
	const killed = program.includes('SIGKILL');
	if (killed ? signal !== 'SIGKILL' : status !== 0) throw new Error(stderr.toString());
}

const rows =
	'db.exec("CREATE TABLE t (a, b); WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) INSERT INTO t SELECT x, hex(randomblob(50)) FROM n");';
const die = 'process.kill(process.pid, "SIGKILL");';
const wal = 'db.exec("PRAGMA journal_mode = WAL");';

const made: Readonly<Record<string, string>> = {
	'clean.db': `${rows} db.close();`,
	'wal-closed.db': `${wal} ${rows} db.close();`,
	'wal-killed.db': `${wal} ${rows} ${die}`,
	'hot.db': `${rows} db.exec("PRAGMA cache_size = 5; BEGIN; UPDATE t SET b = 'torn'; DELETE FROM t WHERE a > 10"); ${die}`,
};

async function setUp() {
	const [volume, repository, job] = [await newVolume('states'), directory(), newJob()];
	const root = await rootOf(volume);
	const at = ['--repository', repository, '--no-encrypt', '--level', '0'];
	const backup = async (code = 0, ...paths: string[]) => {
		const line = ['backup', 'sqlite', '--volume', volume, '--job', job, ...at];
		const { records } = await json<{ records: Taken[] }>(
			[...line, ...paths.flatMap((path) => ['--path', path])],
			code,
		);
		return records;
	};
	return { volume, repository, job, root, at, backup };
}

function rowsIn(path: string): unknown {
	const db = new DatabaseSync(path, { readOnly: true });
	try {
		return db.prepare("SELECT count(*) AS n, sum(b = 'torn') AS torn FROM t").get();
	} finally {
		db.close();
	}
}

test('whatever state they are in, all are found and copied whole, and stay as they were', async () => {
	const { volume, repository, root, backup } = await setUp();
	for (const [name, program] of Object.entries(made)) make(join(root, name), program);
	// As an application leaves it whose log was copied without its shared memory.
	execFileSync('cp', [join(root, 'wal-killed.db'), join(root, 'wal-alone.db')]);
	execFileSync('cp', [join(root, 'wal-killed.db-wal'), join(root, 'wal-alone.db-wal')]);
	mkdirSync(join(root, 'deep/er'), { recursive: true });
	make(join(root, "deep/er/it's $(odd) ü.db"), made['clean.db'] ?? '');
	const owned = join(root, 'clean.db');
	chownSync(owned, 1234, 1235);
	chmodSync(owned, 0o400);
	expect(lstatSync(join(root, 'hot.db-journal')).size).toBeGreaterThan(1000);
	writeFileSync(join(root, 'no.db'), 'text');
	symlinkSync('clean.db', join(root, 'link.db'));
	const paths = [...Object.keys(made), 'wal-alone.db', "deep/er/it's $(odd) ü.db"].sort();
	const before = describeTree(root);

	const { files } = await json<{ files: { path: string; journalMode: string }[] }>([
		'find',
		'sqlite',
		'--volume',
		volume,
	]);
	expect(files.map(({ path }) => path)).toEqual(paths);
	expect(files.filter(({ journalMode }) => journalMode === 'wal').map(({ path }) => path)).toEqual([
		'wal-alone.db',
		'wal-closed.db',
		'wal-killed.db',
	]);

	const records = await backup();
	expect(records.map(({ series }) => series)).toEqual(paths.map((path) => `${volume}:${path}`));
	expect(new Set(records.map(({ id }) => id)).size).toBe(paths.length);
	for (const { filePath } of records)
		expect(rowsIn(join(repository, filePath))).toEqual({ n: 20_000, torn: 0 });
	expect(diffTrees(before, describeTree(root))).toEqual([]);
});

test('one that fails leaves its record, and the others go on', async () => {
	const { root, repository, job, backup } = await setUp();
	make(join(root, 'good.db'), made['clean.db'] ?? '');
	make(join(root, 'bad.db'), made['clean.db'] ?? '');
	const bytes = Buffer.alloc(4096, 0xff);
	execFileSync('dd', [`of=${join(root, 'bad.db')}`, 'bs=4096', 'seek=1', 'conv=notrunc', 'status=none'], {
		input: bytes,
	});
	writeFileSync(join(root, 'encrypted.db'), Buffer.alloc(8192, 0xa7));
	const records = await backup(7, 'bad.db', 'encrypted.db', 'absent.db', 'good.db');
	expect(records.map(({ status, error }) => [status, error?.code])).toEqual([
		['failed', 'source_corrupt'],
		['failed', 'sqlite_not_found'],
		['failed', 'sqlite_not_found'],
		['success', undefined],
	]);
	for (const { error } of records.slice(0, 3)) expect(error?.message).toMatch(/(bad|encrypted|absent)\.db/);
	expect(await docker('ps', '-aq', '--filter', `label=n8n-nodes-docker-backup.job=${job}`)).toBe('');
	expect(namesIn(join(repository, 'jobs', job)).filter((name) => name.endsWith('.sqlite'))).toHaveLength(1);
});

test('a database that is locked too long is told to be busy; the application notices nothing', async () => {
	const { volume, root, at, job } = await setUp();
	const program = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync('/data/app.db');
		db.exec('CREATE TABLE t (a); PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)'); console.log('locked');
		process.on('SIGTERM', () => { db.exec('COMMIT'); db.close(); console.log('committed'); process.exit(); });
		setInterval(() => {}, 1000);`;
	const app = await application(volume, program);
	await hasSaid(app, 'locked');
	const line = ['backup', 'sqlite', '--volume', volume, '--path', 'app.db', '--job', job, ...at];
	const { records } = await json<{ records: Taken[] }>([...line, '--busy-limit', '1'], 7);
	expect(records[0]?.error).toMatchObject({ code: 'source_busy' });
	await docker('stop', app);
	await hasSaid(app, 'committed');
	expect(namesIn(root)).toEqual(['app.db']);
});

test('places and paths that lead elsewhere are refused', async () => {
	const { volume, root, at, job, repository } = await setUp();
	const line = ['--job', job, ...at];
	const refused = (code: number, ...place: string[]) =>
		failure(['backup', 'sqlite', ...place, ...line], code);
	expect(await refused(7, '--volume', volume)).toMatchObject({ code: 'sqlite_not_found' });
	for (const path of ['../x.db', '/etc/passwd', 'a/../../b'])
		expect(await refused(2, '--volume', volume, `--path=${path}`)).toMatchObject({
			code: 'invalid_parameter',
		});
	expect(await refused(5, '--volume', 'dbk-no-such-volume')).toMatchObject({ code: 'volume_not_found' });
	expect(await refused(2, '--directory', repository, '--path', 'x')).toMatchObject({
		code: 'repository_in_source',
	});
	symlinkSync('/engine.js', join(root, 'out.db'));
	symlinkSync('/proc/self/exe', join(root, 'proc.db'));
	const { records } = await json<{ records: Taken[] }>(
		['backup', 'sqlite', '--volume', volume, '--path', 'out.db', '--path', 'proc.db', ...line],
		7,
	);
	expect(records.map(({ status }) => status)).toEqual(['failed', 'failed']);
	expect(records[1]?.error).toMatchObject({ code: 'invalid_parameter' });
});

test('a restore goes beside by default, in place when it is confirmed, and the old file is kept', async () => {
	const { volume, root, repository, job } = await setUp();
	const path = join(root, 'app.db');
	make(path, made['wal-killed.db'] ?? '');
	for (const suffix of ['', '-wal', '-shm']) chownSync(`${path}${suffix}`, 1000, 1001);
	chmodSync(path, 0o640);
	const at = ['--repository', repository, ...key];
	const { records } = await json<{ records: Taken[] }>([
		...['backup', 'sqlite', '--volume', volume, '--path', 'app.db', '--job', job],
		...at,
	]);
	const id = records[0]?.id ?? '';

	const restore = ['restore', 'sqlite', '--job', job, ...at];
	const before = namesIn(root);
	expect(await json([...restore, '--dry-run'])).toMatchObject({ path: `app.db.restore.${id}`, tables: 1 });
	expect(namesIn(root)).toEqual(before);
	expect(await json(restore)).toMatchObject({ path: `app.db.restore.${id}`, previousPath: null });
	const beside = join(root, `app.db.restore.${id}`);
	expect(lstatSync(beside)).toMatchObject({ uid: 1000, gid: 1001, mode: 0o100640 });
	expect(await failure(restore, 7)).toMatchObject({ code: 'target_exists' });
	expect(namesIn(root)).toEqual([...before, `app.db.restore.${id}`]);
	rmSync(beside);

	// What the application wrote since is in its log, and must not come into the restored file.
	const program = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync('/data/app.db');
		db.exec("PRAGMA wal_autocheckpoint = 0; UPDATE t SET b = 'torn'"); console.log('up'); setInterval(() => {}, 1000);`;
	chownSync(root, 1000, 1001);
	const app = await application(volume, program);
	await hasSaid(app, 'up');
	expect(await failure([...restore, '--swap', '--confirm', 'other.db'], 2)).toMatchObject({
		code: 'invalid_parameter',
	});
	const swap = [...restore, '--swap', '--confirm', 'app.db'];
	expect(await failure([...swap, '--no-stop'], 7)).toMatchObject({ code: 'target_in_use' });
	expect(rowsIn(path)).toEqual({ n: 20_000, torn: 20_000 });
	const swapped = await json<{ restarted: string[] }>(swap);
	expect(swapped).toMatchObject({
		path: 'app.db',
		previousPath: `app.db.before.${id}`,
		restarted: [app],
	});
	expect(await docker('inspect', '-f', '{{.State.Running}}', app)).toBe('true');
	expect(rowsIn(join(root, `app.db.before.${id}`))).toEqual({ n: 20_000, torn: 20_000 });
});

test('an archive of another kind is refused', async () => {
	const { volume, repository, job } = await setUp();
	const at = ['--repository', repository, ...key];
	await json(['backup', 'volume', volume, '--job', job, ...at]);
	expect(await failure(['restore', 'sqlite', '--job', job, ...at], 2)).toMatchObject({
		code: 'archive_kind_mismatch',
	});
	expect((await cli(['restore', 'sqlite', '--job', job, '--no-stop', ...at])).code).toBe(2);
});
