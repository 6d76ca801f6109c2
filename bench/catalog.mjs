// What listing a large repository costs: the newest 50 of 10,000 records and all of them, in a directory and on the
// S3 server. Alone: node bench/catalog.mjs [--records N] [--jobs N] [--rounds N] [--only directory|s3]
// (after `npm run build` and `eval "$(scripts/lab/env node24 s3)"`); `measureCatalog` is for run.mjs.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const self = fileURLToPath(import.meta.url);

/** Milliseconds of each round, the least CPU time and the highest memory of the process, per place and listing. */
export async function measureCatalog({ records = 10_000, jobs = 4, rounds = 3, only } = {}) {
	const scratch = mkdtempSync(join(tmpdir(), 'docker-backup-bench-catalog-'));
	const results = [];
	try {
		// A build meanwhile must not change what is measured.
		const built = join(scratch, 'operations.js');
		copyFileSync(join(here, '../dist/operations/index.js'), built);
		const fill = join(scratch, 'fill.js');
		await require('esbuild').build({
			entryPoints: [join(here, 'catalog-fill.ts')],
			bundle: true,
			platform: 'node',
			outfile: fill,
			logLevel: 'error',
		});
		const places = { directory: async () => directoryIn(scratch), s3: bucketOf };
		for (const [place, open] of Object.entries(places)) {
			if (only !== undefined && only !== place) continue;
			const { location, close } = await open();
			try {
				const key = randomBytes(32).toString('base64');
				const began = performance.now();
				execFileSync(process.execPath, [fill, JSON.stringify(location), records, jobs, key], {
					stdio: 'inherit',
				});
				console.error(`${place}: filled in ${Math.round(performance.now() - began)} ms`);
				for (const limit of [50, null]) {
					const runs = Array.from({ length: rounds }, () => list({ built, location, key, limit }));
					const wanted = limit ?? records;
					if (runs.some(({ entries }) => entries !== wanted))
						throw new Error(`${place}: records are missing`);
					results.push({
						place,
						records,
						limit,
						milliseconds: runs.map(({ milliseconds }) => Math.round(milliseconds)),
						// Of this process and its engine: what other work on the machine does not change.
						cpuMilliseconds: Math.min(...runs.map(({ cpuMilliseconds }) => cpuMilliseconds)),
						peakMiB: Math.max(...runs.map(({ peakMiB }) => peakMiB)),
					});
				}
			} finally {
				await close();
			}
		}
	} finally {
		rmSync(scratch, { recursive: true, force: true });
	}
	return results;
}

/** In a process of its own, so that its memory is this listing's alone; the engine is a worker thread in it. */
function list(request) {
	return JSON.parse(execFileSync(process.execPath, [self, '--child', JSON.stringify(request)]).toString());
}

async function child({ built, location, key, limit }) {
	const operations = require(built);
	const context = {
		clock: operations.systemClock,
		random: operations.systemRandom,
		signal: new AbortController().signal,
		workflow: null,
		onEvent: () => undefined,
	};
	const secret = { type: 'raw', key };
	const repository = { location, secret, previousSecrets: [], mayCreate: false, id: null };
	const cpuBefore = process.cpuUsage();
	const began = performance.now();
	const entries = await operations.listRecords(context, { type: 'process' }, repository, {
		job: null,
		limit,
	});
	const milliseconds = performance.now() - began;
	const cpu = process.cpuUsage(cpuBefore);
	const cpuMilliseconds = Math.round((cpu.user + cpu.system) / 1000);
	const odd = entries.find(({ trust }) => trust !== 'signed');
	if (odd) throw new Error(`${odd.id} is ${odd.trust}`);
	const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
	process.stdout.write(JSON.stringify({ entries: entries.length, milliseconds, cpuMilliseconds, peakMiB }));
}

function directoryIn(scratch) {
	const path = mkdtempSync(join(scratch, 'repository-'));
	return { location: { type: 'directory', path }, close: () => undefined };
}

async function bucketOf() {
	const {
		CreateBucketCommand,
		DeleteBucketCommand,
		DeleteObjectsCommand,
		ListObjectsV2Command,
		S3Client,
	} = require('@aws-sdk/client-s3');
	const credentials = {
		accessKeyId: process.env.S3_ACCESS_KEY_ID,
		secretAccessKey: process.env.S3_SECRET_ACCESS_KEY,
	};
	const endpoint = process.env.S3_ENDPOINT;
	const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
	const Bucket = `dbk-bench-catalog-${randomBytes(5).toString('hex')}`;
	await client.send(new CreateBucketCommand({ Bucket }));
	const location = {
		type: 's3',
		endpoint,
		region: 'us-east-1',
		bucket: Bucket,
		prefix: 'backups',
		pathStyle: true,
		ca: null,
		...credentials,
		sessionToken: null,
		storageClass: null,
		serverSideEncryption: null,
		objectLock: null,
		versions: false,
	};
	const close = async () => {
		for (;;) {
			const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
			if (Contents.length === 0) break;
			const Objects = Contents.map(({ Key }) => ({ Key }));
			await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
		}
		await client.send(new DeleteBucketCommand({ Bucket }));
		client.destroy();
	};
	return { location, close };
}

if (process.argv[1] === self) {
	if (process.argv[2] === '--child') {
		await child(JSON.parse(process.argv[3]));
	} else {
		const { values } = parseArgs({
			options: {
				records: { type: 'string', default: '10000' },
				jobs: { type: 'string', default: '4' },
				rounds: { type: 'string', default: '3' },
				only: { type: 'string' },
			},
		});
		const results = await measureCatalog({
			records: Number(values.records),
			jobs: Number(values.jobs),
			rounds: Number(values.rounds),
			only: values.only,
		});
		console.table(results);
	}
}
