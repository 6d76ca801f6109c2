// `npm run bench`: our backup beside what people do by hand, on one data set, in one run, in turns.
//
//   ours      Backup Volume (encrypted, level 1, indexed, published into a repository volume)
//   pipeline  tar | zstd -T0 -1 -q | age -r KEY | tee FILE | sha256sum
//   gzip      tar cz > FILE
//
// All three in a container of the same image, reading the same volume and writing the same one, warm cache.
// Writes docs/BENCHMARKS.md. Options: --rounds N (5), --gzip-rounds N (1), --only backup|n8n|s3|catalog|restore|postgres, --quick (fewer things, only printed)
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureCatalog } from './catalog.mjs';
import { docker, dockerQuiet, measureContainer } from './measure.mjs';
import { measureN8n } from './n8n.mjs';
import { measurePostgres } from './postgres.mjs';
import { measureRestores } from './restore.mjs';
import { measureS3 } from './s3.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const operations = createRequire(import.meta.url)(join(root, 'dist/operations/index.js'));
const { values: options } = parseArgs({
	options: {
		rounds: { type: 'string', default: '5' },
		'gzip-rounds': { type: 'string', default: '1' },
		quick: { type: 'boolean' },
		only: { type: 'string' },
	},
});

const baseImage = process.env.RUNNER_IMAGE ?? 'node:24-bookworm-slim';
const image = 'docker-backup-bench:latest';
const data = 'docker-backup-bench-data';
const store = 'docker-backup-bench-repository';
const job = 'bench';

/** The runner image with the peers in it. */
function prepareImage() {
	if (dockerQuiet('image', 'inspect', image)) return;
	dockerQuiet('rm', '-f', 'docker-backup-bench-image');
	const install = 'apt-get -qq update && apt-get -qq install -y --no-install-recommends age zstd';
	docker(
		'run',
		'--network',
		'host',
		'--name',
		'docker-backup-bench-image',
		baseImage,
		'bash',
		'-c',
		`${install} >/dev/null`,
	);
	docker('commit', 'docker-backup-bench-image', image);
	docker('rm', 'docker-backup-bench-image');
}

function prepareData() {
	docker('volume', 'create', data);
	const dataset = readFileSync(join(here, 'dataset.mjs'));
	return JSON.parse(
		docker.input(
			dataset,
			'run',
			'--rm',
			'--network',
			'none',
			'-i',
			'--log-driver',
			'none',
			'-v',
			`${data}:/data`,
			image,
			'node',
			'--input-type=module',
			'-',
			'/data',
		),
	);
}

/** An empty store before every round, so that no round pays for the one before it. */
function clearStore() {
	dockerQuiet('volume', 'rm', '-f', store);
	docker('volume', 'create', store);
	docker('run', '--rm', '--network', 'none', '-v', `${data}:/d:ro`, image, 'sync');
}

async function ours(level = 1) {
	const secret = { type: 'raw', key: operations.generateKey(operations.systemRandom) };
	const host = {
		endpoint: { type: 'socket', socketPath: operations.defaultSocket },
		runner: { ...operations.defaultRunner, image, cpuShares: 1024 },
	};
	const repository = {
		location: { type: 'volume', name: store },
		secret,
		previousSecrets: [],
		mayCreate: true,
		id: null,
	};
	const context = {
		clock: operations.systemClock,
		random: operations.systemRandom,
		signal: new AbortController().signal,
		workflow: null,
		onEvent: () => undefined,
	};
	const request = {
		job,
		volumes: [data],
		directories: [],
		separate: false,
		exclude: [],
		compression: { algorithm: 'zstd', level },
		encrypt: true,
		tags: [],
		lockWaitMs: 0,
	};
	let stored = 0;
	const figures = await measureContainer(
		async () => {
			const { records } = await operations.backUpVolumes(context, host, repository, request);
			if (records[0]?.status !== 'success') throw new Error(JSON.stringify(records));
			stored = records[0].sizeBytes;
		},
		{ label: `n8n-nodes-docker-backup.job=${job}` },
	);
	return { ...figures, stored };
}

async function shell(script) {
	const name = 'docker-backup-bench-shell';
	dockerQuiet('rm', '-f', name);
	const figures = await measureContainer(
		() =>
			docker.wait(
				'run',
				'--rm',
				'--name',
				name,
				'--log-driver',
				'none',
				'--network',
				'none',
				'-v',
				`${data}:/data:ro`,
				'-v',
				`${store}:/store`,
				image,
				'bash',
				'-c',
				`set -o pipefail; ${script}`,
			),
		{ name },
	);
	const stored = Number(
		docker(
			'run',
			'--rm',
			'--network',
			'none',
			'-v',
			`${store}:/store`,
			image,
			'stat',
			'-c',
			'%s',
			'/store/file',
		),
	);
	return { ...figures, stored };
}

function recipient() {
	const text = docker('run', '--rm', '--network', 'none', image, 'bash', '-c', 'age-keygen 2>&1 >/dev/null');
	return /age1\w+/.exec(text)[0];
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function summarize(name, rounds) {
	const of = (field) => median(rounds.map((round) => round[field]));
	const times = rounds.map((round) => round.seconds);
	return {
		name,
		rounds: rounds.length,
		seconds: of('seconds'),
		fastest: Math.min(...times),
		slowest: Math.max(...times),
		cpu: of('cpuSeconds'),
		peakMiB: of('peakMiB'),
		stored: of('stored'),
	};
}

function table(rows, dataset) {
	const [first] = rows;
	const lines = rows.map((row) => {
		const ratio = (field) => `${(row[field] / first[field]).toFixed(2)}×`;
		return `| ${row.name} | ${row.rounds} | ${row.seconds.toFixed(1)} s (${row.fastest.toFixed(1)}–${row.slowest.toFixed(1)}) | ${ratio('seconds')} | ${row.cpu.toFixed(1)} s | ${ratio('cpu')} | ${row.peakMiB.toFixed(0)} MiB | ${(row.stored / 1e9).toFixed(2)} GB |`;
	});
	return [
		`Data: ${dataset.files.toLocaleString('en')} files, ${(dataset.bytes / 1e9).toFixed(1)} GB, half of the bytes compressible (bench/dataset.mjs). ` +
			`Machine: ${cpus().length} processors (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB; page cache warm; container start included; CPU and peak memory are sampled sums over the container's processes.`,
		'',
		'| | rounds | time, median (range) | to ours | CPU | to ours | peak memory | stored |',
		'|---|---|---|---|---|---|---|---|',
		...lines,
	].join('\n');
}

async function measureBackups(dataset) {
	const key = recipient();
	const pipeline = `tar -C /data -c . | zstd -T0 -1 -q | age -r ${key} | tee /store/file | sha256sum`;
	const all = { ours: [], pipeline: [], gzip: [] };
	await shell('tar -C /data -c . | cat >/dev/null; : > /store/file');
	for (let round = 0; round < Number(options.rounds); round++) {
		for (const [name, run] of [
			['ours', ours],
			['pipeline', () => shell(pipeline)],
		]) {
			clearStore();
			const figures = await run();
			all[name].push(figures);
			console.error(
				`${name} ${figures.seconds.toFixed(1)} s, CPU ${figures.cpuSeconds.toFixed(1)} s, ${figures.peakMiB.toFixed(0)} MiB`,
			);
		}
	}
	for (let round = 0; round < Number(options['gzip-rounds']); round++) {
		clearStore();
		all.gzip.push(await shell('tar -C /data -cz . > /store/file'));
	}
	// Other levels once each: what they take of memory and time.
	const otherLevels = options.quick ? [] : [3, 6, 9];
	const byLevel = [];
	for (const level of otherLevels) {
		clearStore();
		byLevel.push(summarize(`Backup Volume, level ${level}`, [await ours(level)]));
	}
	const rows = [
		summarize('**Backup Volume** (index, encryption, SHA-256 per file and archive)', all.ours),
		summarize('`tar \\| zstd -T0 -1 \\| age \\| tee \\| sha256sum`', all.pipeline),
		...(all.gzip.length > 0 ? [summarize('`tar cz`', all.gzip)] : []),
		...byLevel,
	];
	dockerQuiet('volume', 'rm', '-f', store);
	return table(rows, dataset);
}

function catalogTable(results) {
	const lines = results.map(({ place, limit, milliseconds, peakMiB }) => {
		const seconds = (median(milliseconds) / 1000).toFixed(2);
		return `| ${place === 's3' ? 'S3 server on loopback' : 'directory'} | ${limit === null ? 'all' : `newest ${limit}`} | ${seconds} s | ${peakMiB} MiB |`;
	});
	return [
		'Every record with its signature checked, by the command in its own process; 10,000 backups of 4 jobs.',
		'',
		'| repository | listed | time, median of 3 | peak memory |',
		'|---|---|---|---|',
		...lines,
	].join('\n');
}

/** Writes the sections that were measured; those that were not stay as they are. */
function report(measured) {
	const file = join(root, 'docs/BENCHMARKS.md');
	const before = existsSync(file) ? readFileSync(file, 'utf8').split(/^## /m).slice(1) : [];
	const sections = Object.entries(headings).map(([name, heading]) => {
		const kept = before.find((section) => section.startsWith(heading));
		const text = measured[name] === undefined ? kept : `${heading}\n\n${measured[name]}`;
		return text === undefined ? '' : `## ${text.trim()}\n`;
	});
	const top = '# Benchmarks\n\nWritten by `npm run bench`; nothing here is typed by hand.\n';
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, [top, ...sections.filter(Boolean)].join('\n'));
}

const headings = {
	backup: 'Backup of one volume',
	n8n: 'What it costs n8n',
	s3: 'Backup to S3',
	catalog: 'Listing 10,000 records',
	restore: 'Restore of one volume',
	postgres: 'Dump of a Postgres database',
};
const n8nPreface =
	'The same backup, started in a real n8n with the package installed; the event loop is watched at a resolution of 1 ms.';
const wanted = (name) => options.only === undefined || options.only === name;

prepareImage();
const dataset = wanted('backup') || wanted('n8n') || wanted('restore') ? prepareData() : undefined;
const measured = {};
if (wanted('backup')) measured.backup = await measureBackups(dataset);
if (wanted('n8n') && !options.quick) measured.n8n = `${n8nPreface}\n\n${measureN8n(data)}`;
if (wanted('s3'))
	measured.s3 = await measureS3({ image, rounds: Number(options.rounds), quick: options.quick, median });
if (wanted('catalog')) measured.catalog = catalogTable(await measureCatalog({ rounds: 3 }));
if (wanted('restore'))
	measured.restore = await measureRestores({ image, volume: data, rounds: Number(options.rounds) });
if (wanted('postgres')) measured.postgres = await measurePostgres({ rounds: Number(options.rounds), median });
for (const text of Object.values(measured)) console.log(text);
if (!options.quick) report(measured);
