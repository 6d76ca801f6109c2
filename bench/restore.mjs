// A whole restore into a new volume beside what people type, of the same archive, in turns, warm cache; and what one
// small file out of that archive takes.
//
//   ours   Restore: reads, hashes, decrypts, decompresses, checks every entry and its SHA-256, extracts
//   peer   zstd -dc ARCHIVE | tar x: the same archive, decrypted before
//
// Both in a container of the same image. `npm run bench -- --only restore` measures it alone.
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docker, dockerQuiet, measureContainer } from './measure.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const operations = createRequire(import.meta.url)(join(root, 'dist/operations/index.js'));

const store = 'docker-backup-bench-restore-repository';
const plain = 'docker-backup-bench-restore-plain';
const target = 'docker-backup-bench-restored';
const job = 'bench-restore';

const context = {
	clock: operations.systemClock,
	random: operations.systemRandom,
	signal: new AbortController().signal,
	workflow: null,
	onEvent: () => undefined,
};
const mountpoint = (volume) => docker('volume', 'inspect', '--format', '{{.Mountpoint}}', volume);

/** `volume`: what is backed up, restored again and again. Gives a table of Markdown. */
export async function measureRestores({ image, volume, rounds }) {
	const host = {
		endpoint: { type: 'socket', socketPath: operations.defaultSocket },
		runner: { ...operations.defaultRunner, image, cpuShares: 1024 },
	};
	const secret = { type: 'raw', key: operations.generateKey(operations.systemRandom) };
	const location = { type: 'volume', name: store };
	const repository = { location, secret, previousSecrets: [], mayCreate: true, id: null };
	for (const name of [store, plain]) {
		dockerQuiet('volume', 'rm', '-f', name);
		docker('volume', 'create', name);
	}
	try {
		const record = await makeArchive(host, repository, volume);
		await operations.decryptFile(
			join(mountpoint(store), record.filePath),
			[secret],
			createWriteStream(join(mountpoint(plain), 'archive.tar.zst')),
			context.signal,
		);
		const all = { ours: [], peer: [] };
		for (let round = 0; round < rounds; round++) {
			all.ours.push(await ours(host, repository, record.id));
			all.peer.push(await peer(image));
			const [a, b] = [all.ours.at(-1), all.peer.at(-1)];
			console.error(
				`ours ${a.seconds.toFixed(1)} s (CPU ${a.cpuSeconds.toFixed(1)} s, ${a.peakMiB.toFixed(0)} MiB), peer ${b.seconds.toFixed(1)} s (CPU ${b.cpuSeconds.toFixed(1)} s)`,
			);
		}
		const single = await oneFile(host, repository, record);
		return table(all, single, record, rounds);
	} finally {
		for (const name of [store, plain, target]) dockerQuiet('volume', 'rm', '-f', name);
	}
}

async function makeArchive(host, repository, volume) {
	const { records } = await operations.backUpVolumes(context, host, repository, {
		job,
		volumes: [volume],
		directories: [],
		separate: false,
		exclude: [],
		compression: { algorithm: 'zstd', level: 1 },
		encrypt: true,
		tags: [],
		lockWaitMs: 0,
	});
	if (records[0]?.status !== 'success') throw new Error(JSON.stringify(records));
	return records[0];
}

const restoreRequest = (id, paths = []) => ({
	selection: { by: 'id', id },
	volumes: [],
	nameFor: () => target,
	allowUnsigned: false,
	paths,
});

async function ours(host, repository, id) {
	dockerQuiet('volume', 'rm', '-f', target);
	return await measureContainer(
		() => operations.restoreVolumes(context, host, repository, restoreRequest(id)),
		{
			label: `n8n-nodes-docker-backup.job=${job}`,
		},
	);
}

async function peer(image) {
	const name = 'docker-backup-bench-restore-peer';
	dockerQuiet('rm', '-f', name);
	dockerQuiet('volume', 'rm', '-f', target);
	docker('volume', 'create', target);
	const mounts = ['-v', `${plain}:/plain:ro`, '-v', `${target}:/target`];
	const script = 'set -o pipefail; zstd -dcq /plain/archive.tar.zst | tar -x -p -C /target';
	return await measureContainer(
		() =>
			docker.wait(
				...['run', '--rm', '--name', name, '--log-driver', 'none', '--network', 'none'],
				...mounts,
				image,
				...['bash', '-c', script],
			),
		{ name },
	);
}

/** The median time of three, from the command to the file, runners included. */
async function oneFile(host, repository, record) {
	const where = { type: 'runner', host };
	const request = {
		id: record.id,
		volumes: [],
		under: '',
		patterns: [],
		offset: 0,
		limit: null,
		allowUnsigned: false,
	};
	const seconds = async (work) => {
		const started = performance.now();
		await work();
		return (performance.now() - started) / 1000;
	};
	let entries = [];
	const listing = await seconds(
		async () => ({ entries } = await operations.browseArchive(context, where, repository, request)),
	);
	const wanted = entries.filter(({ type }) => type === 'file').reduce((a, b) => (near(a) <= near(b) ? a : b));
	const times = [];
	for (let round = 0; round < 3; round++) {
		dockerQuiet('volume', 'rm', '-f', target);
		times.push(
			await seconds(() =>
				operations.restoreVolumes(context, host, repository, restoreRequest(record.id, [wanted.path])),
			),
		);
	}
	return { listing, entries: entries.length, size: wanted.size, file: median(times) };
}

const near = ({ size }) => Math.abs(size - 10_240);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function table({ ours, peer }, single, record, rounds) {
	const line = (name, all) => {
		const times = all.map(({ seconds }) => seconds);
		const range = `${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)}`;
		const of = (field) => median(all.map((round) => round[field]));
		return `| ${name} | ${of('seconds').toFixed(1)} s (${range}) | ${(of('seconds') / median(peer.map((round) => round.seconds))).toFixed(2)}× | ${of('cpuSeconds').toFixed(1)} s | ${of('peakMiB').toFixed(0)} MiB |`;
	};
	return [
		`${(record.contentBytes / 1e9).toFixed(1)} GB in ${record.entries.toLocaleString('en')} entries, ${(record.sizeBytes / 1e9).toFixed(2)} GB stored; ${rounds} rounds in turns, container starts included.`,
		'',
		'| | time, median (range) | to the peer | CPU | peak memory |',
		'|---|---|---|---|---|',
		line('**Restore** (SHA-256 of archive and of every file, decryption, checks)', ours),
		line('`zstd -dc \\| tar x`', peer),
		'',
		`One file of ${single.size.toLocaleString('en')} bytes out of it: ${single.file.toFixed(2)} s; listing its ${single.entries.toLocaleString('en')} entries: ${single.listing.toFixed(2)} s (runners included, repository in a volume).`,
	].join('\n');
}
