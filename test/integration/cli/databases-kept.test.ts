/** Archives of databases are archives: copied, downloaded, decrypted, examined and deleted as those of volumes are. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import { postgresLab } from '../postgres/lab';
import { buckets, s3Environment } from '../s3/buckets';
import { rootOf } from '../sqlite/lab';
import { failure, filesOf, json, lab, unique } from './lab';

interface Made {
	readonly id: string;
	readonly kind: string;
	readonly series: string;
	readonly status: string;
	readonly filePath: string;
	readonly checksum: string;
}
type Finding = { readonly type: string; readonly key: string; readonly adoptable: boolean };

const s3 = buckets();
const { directory, job: newJob, keyFile, volume: newVolume } = lab();
const servers = postgresLab();
const key = ['--key-file', keyFile()];
const withoutDocker = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

/** A database of its kind: how it is backed up, and whether all of it comes back from a repository. */
interface Database {
	backup(line: readonly string[]): Promise<Made>;
	comesBack(id: string, line: readonly string[]): Promise<void>;
	/** The first bytes of its archive's content. */
	readonly magic: string;
}

async function postgres(): Promise<Database> {
	const server = await servers.server(17);
	await server.create('shop', 'create table t as select n from generate_series(1, 1000) n;');
	const [at, env] = [['--container', server.container], { PGPASSWORD: server.password }];
	return {
		magic: 'PGDMP',
		backup: (line) => made(['backup', 'postgres', ...at, '--database', 'shop', ...line], env),
		async comesBack(id, line) {
			const to = unique('restored');
			await json(['restore', 'postgres', id, ...at, '--to', to, ...line], 0, env);
			expect(await server.sql(to, 'select count(*), sum(n) from t')).toBe('1000|500500');
		},
	};
}

async function sqlite(environment: Readonly<Record<string, string>> = {}): Promise<Database> {
	const volume = await newVolume('sqlite');
	const root = await rootOf(volume);
	const db = new DatabaseSync(join(root, 'app.db'));
	db.exec(
		'CREATE TABLE t (n); WITH RECURSIVE s (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM s WHERE x < 1000) INSERT INTO t SELECT x FROM s',
	);
	db.close();
	return {
		magic: 'SQLite format 3',
		backup: (line) =>
			made(['backup', 'sqlite', '--volume', volume, '--path', 'app.db', ...line], environment),
		async comesBack(id, line) {
			const { path } = await json<{ path: string }>(['restore', 'sqlite', id, ...line], 0, environment);
			expect(path).toBe(`app.db.restore.${id}`);
			const restored = new DatabaseSync(join(root, path), { readOnly: true });
			expect(restored.prepare('SELECT count(*) AS n, sum(n) AS sum FROM t').get()).toEqual({
				n: 1000,
				sum: 500500,
			});
			restored.close();
			rmSync(join(root, path));
		},
	};
}

async function made(line: readonly string[], env: Readonly<Record<string, string>>): Promise<Made> {
	const { records } = await json<{ records: Made[] }>(line, 0, env);
	expect(records).toMatchObject([{ status: 'success' }]);
	return records[0]!;
}

const examined = async (at: readonly string[], code = 0): Promise<readonly Finding[]> =>
	(await json<{ findings: Finding[] }>(['doctor', ...at], code, withoutDocker)).findings;

test.each([
	['postgres', postgres],
	['sqlite', sqlite],
] as const)('%s: copied, downloaded, examined, deleted; the copy comes back', async (kind, make) => {
	const database = await make();
	const [from, to, job] = [directory(), directory(), newJob()];
	const [at, there] = [
		['--repository', from, ...key],
		['--repository', to, ...key],
	];
	const record = await database.backup(['--job', job, ...at]);
	expect(record).toMatchObject({ kind });
	expect(await examined(at)).toEqual([]);

	const copy = ['copy', '--job', job, '--to', to, '--read-back', ...at];
	expect(await json(copy, 0, withoutDocker)).toMatchObject({
		targets: [{ selected: 1, error: null, results: [{ id: record.id, outcome: 'copied' }] }],
	});
	expect(filesOf(to, job)).toEqual(filesOf(from, job));
	expect(await json(['verify', record.id, '--level', 'deep', ...there], 0, withoutDocker)).toMatchObject({
		verifications: [{ ok: true, trust: 'signed' }],
	});

	const out = directory();
	const file = join(out, 'archive');
	await json(['download', record.id, '--out', file, ...there], 0, withoutDocker);
	expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(record.checksum);
	const plain = join(out, 'plain');
	await json(['decrypt', file, '--out', plain, ...key], 0, withoutDocker);
	const bytes = readFileSync(plain);
	const content = record.filePath.includes('.zst') ? zstdDecompressSync(bytes) : bytes;
	expect(content.subarray(0, database.magic.length).toString()).toBe(database.magic);

	// A record that was lost: its archive is seen, and is not taken for one of volumes.
	rmSync(join(to, 'jobs', job, `${record.id}.json`));
	const found = await examined(there);
	expect(found.map(({ type, key, adoptable }) => [type, key, adoptable])).toContainEqual([
		'unlisted_object',
		record.filePath,
		false,
	]);
	const left = filesOf(to, job);
	const adopt = ['doctor', '--adopt', record.id, '--job', job, ...there];
	expect(await failure(adopt, 5, withoutDocker)).toMatchObject({ code: 'record_not_found' });
	expect(filesOf(to, job)).toEqual(left);
	// Copied again it is there again.
	expect(await json(copy, 0, withoutDocker)).toMatchObject({ targets: [{ error: null }] });
	expect(await examined(there)).toEqual([]);

	expect(await json(['delete', record.id, ...at], 0, withoutDocker)).toMatchObject({
		deletions: [{ id: record.id, deleted: true, error: null }],
	});
	expect(filesOf(from, job)).toEqual([]);
	expect(await examined(at)).toEqual([]);
	await database.comesBack(record.id, there);
});

test('a SQLite snapshot in a bucket: verified, and restored from there', async () => {
	const database = await sqlite(s3Environment);
	const bucket = await s3.create('sqlite');
	const job = newJob();
	const at = ['--repository', `s3://${bucket}/some/prefix`, ...key];
	const network = ['--runner-network', 'host'];
	const record = await database.backup(['--job', job, ...at, ...network]);
	expect(await s3.keys(bucket)).toContain(`some/prefix/${record.filePath}`);
	expect(await s3.uploads(bucket)).toEqual({});
	const verified = await json(['verify', '--job', job, '--level', 'deep', ...at], 0, {
		...s3Environment,
		...withoutDocker,
	});
	expect(verified).toMatchObject({ verifications: [{ id: record.id, ok: true, trust: 'signed' }] });
	await database.comesBack(record.id, [...at, ...network]);
});
