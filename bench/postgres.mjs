// A dump of one Postgres database with a table of about 2 GB, in turns:
//
//   ours   Dump Postgres: one snapshot, rows counted, encrypted, hashed, into a repository in a volume
//   peer   docker exec … pg_dump -Fc > FILE (its default compression)
//
// And how much this process, which relays the dump as n8n would, grows meanwhile; once more with a store that takes
// 5 MB/s (bench/slow-store.mjs before an S3 server). run.mjs calls `measurePostgres`.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docker, dockerQuiet } from './measure.mjs';
import { withSlowStore } from './slow-store.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const operations = createRequire(import.meta.url)(join(root, 'dist/operations/index.js'));

const container = 'docker-backup-bench-postgres';
const store = 'docker-backup-bench-dumps';
const database = 'bench';
/** Half of a row compresses well. */
const fill = `create table rows as select g as id, md5(g::text) || md5((g * 7)::text) as random,
	repeat('the same words again ', 4) || g % 1000 as plain from generate_series(1, 12500000) as g`;

const context = (onEvent = () => undefined) => ({
	clock: operations.systemClock,
	random: operations.systemRandom,
	signal: new AbortController().signal,
	workflow: null,
	onEvent,
});

async function prepare(image) {
	dockerQuiet('rm', '-f', '-v', container);
	const settings = ['-c', 'fsync=off', '-c', 'max_wal_size=8GB'];
	docker('run', '-d', '--name', container, '-e', 'POSTGRES_PASSWORD=bench', image, ...settings);
	while (!dockerQuiet('exec', container, 'pg_isready', '-q', '-h', '127.0.0.1'))
		await new Promise((resolve) => setTimeout(resolve, 500));
	docker('exec', container, 'createdb', '-U', 'postgres', database);
	await docker.wait('exec', container, 'psql', '-q', '-U', 'postgres', '-d', database, '-c', fill);
	docker('exec', container, 'psql', '-q', '-U', 'postgres', '-d', database, '-c', 'vacuum analyze');
	const size = ['-tAc', `select pg_database_size('${database}')`];
	return Number(docker('exec', container, 'psql', '-U', 'postgres', ...size));
}

/** Seconds, bytes stored, and how much more memory this process held than before, MiB. */
async function ours(location, network) {
	const host = {
		endpoint: { type: 'socket', socketPath: operations.defaultSocket },
		runner: { ...operations.defaultRunner, cpuShares: 1024, network },
	};
	const secret = { type: 'raw', key: operations.generateKey(operations.systemRandom) };
	const repository = { location, secret, previousSecrets: [], mayCreate: true, id: null };
	const server = { container, user: null, password: null, host: null, port: null };
	const lists = { excludeDatabases: [], schemas: [], excludeSchemas: [], tables: [], excludeTables: [] };
	const request = {
		...{ job: 'bench', compression: { algorithm: 'zstd', level: 1 }, encrypt: true, tags: [], lockWaitMs: 0 },
		...{ server, databases: [database], ...lists, content: 'all', countRows: true },
		...{ globals: false, rolePasswords: false, stallLimitMs: 300_000, totalLimitMs: null },
	};
	global.gc?.();
	const before = process.memoryUsage.rss();
	let peak = before;
	const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 100);
	const started = performance.now();
	try {
		const { records } = await operations.dumpPostgres(context(), host, repository, request);
		if (records[0]?.status !== 'success') throw new Error(JSON.stringify(records));
		const seconds = (performance.now() - started) / 1000;
		return { seconds, stored: records[0].sizeBytes, grownMiB: (peak - before) / 2 ** 20 };
	} finally {
		clearInterval(sampling);
	}
}

async function peer(folder) {
	const file = join(folder, 'dump');
	const output = openSync(file, 'w');
	const line = ['exec', container, 'pg_dump', '-Fc', '-U', 'postgres', '-d', database];
	const started = performance.now();
	await new Promise((resolve, reject) => {
		const child = spawn('docker', line, { stdio: ['ignore', output, 'inherit'] });
		child.once('error', reject);
		child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`pg_dump: ${code}`))));
	});
	const seconds = (performance.now() - started) / 1000;
	const stored = statSync(file).size;
	rmSync(file);
	return { seconds, stored };
}

/** Gives a table of Markdown. */
export async function measurePostgres({ rounds, median }) {
	const size = await prepare(process.env.POSTGRES_17_IMAGE ?? 'postgres:17');
	const folder = mkdtempSync(join(tmpdir(), 'docker-backup-bench-'));
	const all = { ours: [], peer: [] };
	try {
		await ours(emptied(), 'none');
		for (let round = 0; round < rounds; round++) {
			all.ours.push(await ours(emptied(), 'none'));
			all.peer.push(await peer(folder));
			const [a, b] = [all.ours.at(-1), all.peer.at(-1)];
			console.error(
				`ours ${a.seconds.toFixed(1)} s (grown ${a.grownMiB.toFixed(0)} MiB), peer ${b.seconds.toFixed(1)} s`,
			);
		}
		const slow = await withSlowStore(5e6, (location) => ours(location, 'host'));
		return table(all, slow, size, median);
	} finally {
		rmSync(folder, { recursive: true });
		dockerQuiet('rm', '-f', '-v', container);
		dockerQuiet('volume', 'rm', '-f', store);
	}
}

function emptied() {
	dockerQuiet('volume', 'rm', '-f', store);
	docker('volume', 'create', store);
	return { type: 'volume', name: store };
}

function table({ ours, peer }, slow, size, median) {
	const of = (rounds, field) => median(rounds.map((round) => round[field]));
	const peerSeconds = of(peer, 'seconds');
	const line = (name, rounds) => {
		const times = rounds.map(({ seconds }) => seconds);
		const range = `${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)}`;
		return `| ${name} | ${of(rounds, 'seconds').toFixed(1)} s (${range}) | ${(of(rounds, 'seconds') / peerSeconds).toFixed(2)}× | ${(of(rounds, 'stored') / 1e9).toFixed(2)} GB |`;
	};
	const grown = Math.max(...ours.map(({ grownMiB }) => grownMiB));
	return [
		`A database of ${(size / 1e9).toFixed(1)} GB on Postgres 17; ${ours.length} rounds in turns.`,
		'',
		'| | time, median (range) | to the peer | stored |',
		'|---|---|---|---|',
		line('**Dump Postgres** (one snapshot, rows counted, encrypted, SHA-256)', ours),
		line('`docker exec … pg_dump -Fc > FILE`', peer),
		'',
		`The process that relays the dump grew by at most ${grown.toFixed(0)} MiB; with a store that takes 5 MB/s by ${slow.grownMiB.toFixed(0)} MiB (${slow.seconds.toFixed(0)} s, ${(slow.stored / 1e9).toFixed(2)} GB stored).`,
	].join('\n');
}
