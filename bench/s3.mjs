// A whole backup to S3 beside the AWS SDK's own multipart upload (lib-storage) of the very same sealed bytes.
//
//   ours   Backup Volume: reads the volume, indexes, compresses, encrypts, hashes and uploads, in one runner
//   peer   the archive that this makes, uploaded from a file: nothing is read, compressed, encrypted or signed
//
// In turns, against a server of the lab of its own (scripts/lab/s3-server bench), emptied after every round. Both in
// containers of the same image with the limits of a runner. The server works on the same processors: its CPU time
// is counted too.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { withHugeVolume } from './huge-volume.mjs';
import { docker, dockerQuiet, measureContainer } from './measure.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const require = createRequire(import.meta.url);
const operations = require(join(root, 'dist/operations/index.js'));
const {
	CreateBucketCommand,
	DeleteObjectsCommand,
	ListObjectsV2Command,
	S3Client,
} = require('@aws-sdk/client-s3');

const data = 'docker-backup-bench-noise';
const store = 'docker-backup-bench-sealed';
const bucket = 'bench';
const job = 'bench-s3';
const keys = { accessKeyId: 'testaccesskey', secretAccessKey: 'testsecretkey0123456789' };
const control = join(root, 'scripts/lab/s3-server');

/** 2.2 GB that don't compress: 64 files of 32 MiB and 2,000 of 50 kB. */
const makeData = `
	const { createCipheriv } = require('node:crypto');
	const fs = require('node:fs');
	if (!fs.existsSync('/data/.complete')) {
		const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 9), Buffer.alloc(16));
		const random = (length) => cipher.update(Buffer.alloc(length));
		for (let i = 0; i < 64; i++) fs.writeFileSync('/data/large-' + i, random(32 << 20));
		fs.mkdirSync('/data/small');
		for (let i = 0; i < 2000; i++) fs.writeFileSync('/data/small/' + i, random(50_000));
		fs.writeFileSync('/data/.complete', '');
	}`;

const prepareData = (image) => {
	docker('volume', 'create', data);
	docker('run', '--rm', '--network', 'none', '-v', `${data}:/data`, image, 'node', '-e', makeData);
};

const never = new AbortController().signal;

async function backUp(
	image,
	location,
	level,
	{ volume = data, signal = never, onEvent = () => undefined } = {},
) {
	const { systemClock: clock, systemRandom: random } = operations;
	const context = { clock, random, signal, workflow: null, onEvent };
	const host = {
		endpoint: { type: 'socket', socketPath: operations.defaultSocket },
		runner: { ...operations.defaultRunner, image, cpuShares: 1024, network: 'host' },
	};
	const secret = { type: 'raw', key: operations.generateKey(operations.systemRandom) };
	const repository = { location, secret, previousSecrets: [], mayCreate: true, id: null };
	const request = {
		job,
		volumes: [volume],
		directories: [],
		separate: false,
		exclude: [],
		compression: { algorithm: 'zstd', level },
		encrypt: true,
		tags: [],
		lockWaitMs: 0,
	};
	const { records } = await operations.backUpVolumes(context, host, repository, request);
	if (records[0]?.status !== 'success') throw new Error(JSON.stringify(records));
	return records[0];
}

/** The sealed archive as a file, for the peer; returns its path in the volume. */
async function sealOnce(image) {
	dockerQuiet('volume', 'rm', '-f', store);
	docker('volume', 'create', store);
	const { filePath } = await backUp(image, { type: 'volume', name: store }, 1);
	return filePath;
}

/** CPU seconds of the server's processes. */
function serverCpu() {
	const folder = execFileSync(control, ['bench', 'pids'], { encoding: 'utf8' }).trim();
	return readdirSync(folder)
		.filter((name) => name.endsWith('.pid'))
		.map((name) => readFileSync(join(folder, name), 'utf8').trim())
		.filter((pid) => existsSync(`/proc/${pid}/stat`))
		.reduce((sum, pid) => {
			const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
				.replace(/^.*\) /s, '')
				.split(' ');
			return sum + (Number(stat[11]) + Number(stat[12])) / 100;
		}, 0);
}

async function empty(client) {
	for (;;) {
		const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
		if (Contents.length === 0) return;
		const Objects = Contents.map(({ Key }) => ({ Key }));
		await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
	}
}

async function measured(work, which) {
	const before = serverCpu();
	let result;
	const figures = await measureContainer(async () => (result = await work()), which);
	return { ...figures, ...result, serverCpu: serverCpu() - before };
}

function peerOf(image, endpoint, filePath, { queueSize, partMiB }) {
	const outfile = join(root, 'node_modules/.cache/bench/s3-upload.cjs');
	buildSync({
		entryPoints: [join(here, 's3-upload.mjs')],
		outfile,
		bundle: true,
		platform: 'node',
		target: 'node24',
		format: 'cjs',
		logLevel: 'error',
	});
	const name = 'docker-backup-bench-peer';
	const { memoryBytes } = operations.defaultRunner;
	return () =>
		measured(
			async () => {
				dockerQuiet('rm', '-f', name);
				const said = await docker.output(
					...['run', '--rm', '--name', name, '--network', 'host', '--log-driver', 'none'],
					...['--memory', String(memoryBytes), '--memory-swap', String(memoryBytes)],
					...['-e', `AWS_ACCESS_KEY_ID=${keys.accessKeyId}`],
					...['-e', `AWS_SECRET_ACCESS_KEY=${keys.secretAccessKey}`],
					...['-v', `${dirname(outfile)}:/bench:ro`, '-v', `${store}:/store:ro`, image],
					...['node', '/bench/s3-upload.cjs', endpoint, bucket, 'peer', `/store/${filePath}`],
					...[String(queueSize), String(partMiB)],
				);
				const { bytes, seconds } = JSON.parse(said);
				return { stored: bytes, inside: seconds };
			},
			{ name },
		);
}

const locationAt = (endpoint) => ({
	type: 's3',
	endpoint,
	region: 'us-east-1',
	bucket,
	prefix: '',
	pathStyle: true,
	ca: null,
	...keys,
	sessionToken: null,
	storageClass: null,
	serverSideEncryption: null,
	objectLock: null,
	versions: false,
});

function oursOf(image, endpoint, { level }) {
	return () =>
		measured(
			async () => {
				const { sizeBytes, durationMs } = await backUp(image, locationAt(endpoint), level);
				return { stored: sizeBytes, inside: durationMs / 1000 };
			},
			{ label: `n8n-nodes-docker-backup.job=${job}` },
		);
}

const largeArchives = [
	{ gib: 5, parts: '8 MiB, in memory' },
	{ gib: 30, parts: '34 MiB, in memory' },
	{ gib: 56, parts: '64 MiB, in memory' },
	{ gib: 62, parts: '71 MiB, in files of the scratch volume' },
];

/** What the engine takes where parts are large: until 1.5 GB are stored, which is when the run is cancelled. */
async function measureParts(image, endpoint, client) {
	const volume = 'docker-backup-bench-huge';
	const lines = [];
	for (const { gib, parts } of largeArchives) {
		const figures = await withHugeVolume(volume, { gib, noiseMiB: 1600 }, () =>
			measured(
				async () => {
					const aborter = new AbortController();
					let stored = 0;
					const onEvent = (event) => {
						if (event.event !== 'progress') return;
						stored = event.bytesWritten;
						if (stored > 1.5e9) aborter.abort(new Error('seen enough'));
					};
					const { signal } = aborter;
					const run = backUp(image, locationAt(endpoint), 3, { volume, signal, onEvent });
					await run.catch((error) => {
						if (error.code !== 'cancelled') throw error;
					});
					return { stored, inside: 0 };
				},
				{ label: `n8n-nodes-docker-backup.job=${job}` },
			),
		);
		console.error(`${gib} GiB: ${line(figures)}`);
		lines.push(`| ${gib} GiB | ${parts} | ${figures.peakMiB.toFixed(0)} MiB |`);
		await empty(client);
	}
	return [
		'Peak memory of the runner (engine and tar) at level 3 by the size that the source claims, while the first 1.5 GB are stored:',
		'',
		'| source | parts | peak memory |',
		'|---|---|---|',
		...lines,
	].join('\n');
}

/** The table. */
export async function measureS3({ image, rounds, quick, median }) {
	execFileSync(join(root, 'scripts/lab/s3'));
	const endpoint = execFileSync(control, ['bench', 'start'], { encoding: 'utf8' }).trim();
	const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys });
	try {
		await client.send(new CreateBucketCommand({ Bucket: bucket }));
		prepareData(image);
		const filePath = await sealOnce(image);
		const runs = [
			['**Backup Volume to S3** (whole backup, level 1)', oursOf(image, endpoint, { level: 1 }), rounds],
			[
				'`lib-storage`, 8 MiB parts, 4 at once',
				peerOf(image, endpoint, filePath, { queueSize: 4, partMiB: 8 }),
				rounds,
			],
			[
				'`lib-storage`, 8 MiB parts, 10 at once',
				peerOf(image, endpoint, filePath, { queueSize: 10, partMiB: 8 }),
				rounds,
			],
			...(quick ? [] : [['Backup Volume to S3, level 3', oursOf(image, endpoint, { level: 3 }), 1]]),
		];
		const rows = runs.map(([name]) => ({ name, figures: [] }));
		for (let round = 0; round < rounds; round++) {
			for (const [index, [name, run, times]] of runs.entries()) {
				if (round >= times) continue;
				const figures = await run();
				rows[index].figures.push(figures);
				console.error(`${name}: ${line(figures)}`);
				await empty(client);
			}
		}
		const figures = table(rows, median);
		return quick ? figures : `${figures}\n\n${await measureParts(image, endpoint, client)}`;
	} finally {
		client.destroy();
		execFileSync(control, ['bench', 'remove']);
		dockerQuiet('volume', 'rm', '-f', store);
	}
}

const rate = ({ stored, seconds }) => stored / seconds / 1e6;
const line = (figures) =>
	`${figures.seconds.toFixed(1)} s (${figures.inside.toFixed(1)} s inside), ${rate(figures).toFixed(0)} MB/s, ` +
	`CPU ${figures.cpuSeconds.toFixed(1)} s, server ${figures.serverCpu.toFixed(1)} s, ${figures.peakMiB.toFixed(0)} MiB`;

function table(rows, median) {
	const of = ({ figures }, field) => median(figures.map((each) => each[field]));
	const [first] = rows;
	const ours = of(first, 'stored') / of(first, 'seconds');
	const lines = rows.map((row) => {
		const seconds = of(row, 'seconds');
		const speed = of(row, 'stored') / seconds;
		const range = `${Math.min(...row.figures.map((each) => each.seconds)).toFixed(1)}–${Math.max(...row.figures.map((each) => each.seconds)).toFixed(1)}`;
		return `| ${row.name} | ${row.figures.length} | ${seconds.toFixed(1)} s (${range}) | ${(speed / 1e6).toFixed(0)} MB/s | ${(ours / speed).toFixed(2)}× | ${of(row, 'cpuSeconds').toFixed(1)} s | ${of(row, 'serverCpu').toFixed(1)} s | ${of(row, 'peakMiB').toFixed(0)} MiB |`;
	});
	return [
		`${(of(first, 'stored') / 1e9).toFixed(2)} GB that do not compress, in 2,064 files; the server (Ceph radosgw on loopback) works on the same processors. Container start included; the peer only sends a finished file from the page cache.`,
		'',
		'| | rounds | time, median (range) | upload | ours to it | CPU | CPU of the server | peak memory |',
		'|---|---|---|---|---|---|---|---|',
		...lines,
	].join('\n');
}
