/**
 * What a large backup costs n8n itself: the delay of its event loop and the growth of its memory, while a
 * real n8n runs Backup Volume over the benchmark's data, beside the same n8n doing nothing.
 * Prints a table for docs/BENCHMARKS.md.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../protocol/clock';
import { installN8n } from '../test/e2e/lab/n8n';
import { logIn, type Rest } from '../test/e2e/lab/rest';
import { backup, chain, credentials, type Workflow } from '../test/e2e/lab/workflows';

interface Figures {
	readonly p99Ms: number;
	readonly maxMs: number;
	/** Peak, bytes. */
	readonly rss: number;
}

const [volume = '', probe = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'docker-backup-bench-'));
const repository = join(folder, 'repository');
const samplesFile = join(folder, 'samples');
const idleMs = 15_000;
const smallRounds = 5;
/** Bytes. */
const settledWithin = 4 << 20;

const median = (numbers: readonly number[]) =>
	numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** What the probe has seen since it was last asked. */
async function askProbe(pid: number): Promise<Figures> {
	const lines = () => (existsSync(samplesFile) ? readFileSync(samplesFile, 'utf8').trim().split('\n') : []);
	const before = lines().length;
	process.kill(pid, 'SIGUSR2');
	while (lines().length === before) await new Promise((resolve) => setTimeout(resolve, 20));
	return JSON.parse(lines().at(-1) ?? '') as Figures;
}

/** Figures of an idle n8n, once its memory has come down from its start and stands still. */
async function settled(pid: number): Promise<Figures> {
	let before = await askProbe(pid);
	for (let look = 0; look < 12; look++) {
		await new Promise((resolve) => setTimeout(resolve, idleMs));
		const now = await askProbe(pid);
		if (Math.abs(now.rss - before.rss) < settledWithin) return now;
		before = now;
	}
	throw new Error("n8n's memory does not stand still");
}

function fillWithOneMegabyte(name: string): void {
	const directory = execFileSync('docker', ['volume', 'inspect', '--format', '{{.Mountpoint}}', name])
		.toString()
		.trim();
	for (let file = 0; file < 16; file++) writeFileSync(join(directory, `file-${file}`), randomBytes(64 << 10));
}

/** `seconds`: until n8n says that it succeeded; `nodeMs`: from the node's start to its end, by n8n. */
async function execute(rest: Rest, workflow: Workflow): Promise<{ seconds: number; nodeMs: number }> {
	const { id: _, ...document } = workflow;
	const { id } = await rest.post<{ id: string }>('/rest/workflows', document);
	const started = systemClock.monotonic();
	const execution = await rest.ended(await rest.run(id, 'Run Now'));
	if (execution.status !== 'success') throw new Error(execution.error?.message ?? execution.status);
	return { seconds: (systemClock.monotonic() - started) / 1000, nodeMs: execution.nodeMs(nodeName) };
}

const nodeName = 'Work';
const backUp = (job: string, source: string) => chain(job, [nodeName, 'backupVolume', backup(job, [source])]);
/** As long as the backup, and as often asked whether it has ended: what n8n costs by itself. */
const wait = (seconds: number) =>
	chain('wait', [
		nodeName,
		'n8n-nodes-base.wait',
		{ resume: 'timeInterval', amount: seconds, unit: 'seconds' },
	]);

async function main(): Promise<void> {
	const n8n = await installN8n(folder, { NODE_OPTIONS: `--require ${probe}`, BENCH_EVENT_LOOP: samplesFile });
	const small = `docker-backup-bench-small-${randomBytes(3).toString('hex')}`;
	execFileSync('mkdir', ['-p', repository]);
	execFileSync('docker', ['volume', 'create', small]);
	try {
		const key = randomBytes(32).toString('base64');
		await n8n.import(
			'credentials',
			credentials({ location: 'directory', directory: repository, protection: 'key', secretKey: key }),
		);
		await n8n.start();
		const rest = await logIn(n8n.url);
		fillWithOneMegabyte(small);
		// The first also loads what n8n loads at first use, which is no growth of a backup.
		const smallMs: number[] = [];
		for (let round = 0; round < smallRounds; round++)
			smallMs.push((await execute(rest, backUp('small', small))).nodeMs);
		const pid = n8n.pid ?? 0;
		const idle = await settled(pid);
		const { seconds } = await execute(rest, backUp('large', volume));
		const busy = await askProbe(pid);
		await settled(pid);
		await execute(rest, wait(Math.ceil(seconds)));
		const waiting = await askProbe(pid);
		const row = (name: string, { p99Ms, maxMs, rss }: Figures, growth: string) =>
			`| ${name} | ${p99Ms.toFixed(1)} ms | ${maxMs.toFixed(1)} ms | ${(rss / 2 ** 20).toFixed(0)} MiB | ${growth} |`;
		const growth = ({ rss }: Figures) => `${((rss - idle.rss) / 2 ** 20).toFixed(1)} MiB`;
		process.stdout.write(
			[
				'| n8n | event loop delay, p99 | maximum | peak memory | growth |',
				'|---|---|---|---|---|',
				row(`idle, ${idleMs / 1000} s`, idle, ''),
				row(`running a Wait node for as long`, waiting, growth(waiting)),
				row(`running the backup, ${seconds.toFixed(1)} s`, busy, growth(busy)),
				'',
				`A volume of 1 MB, from the node's start to its record (n8n's own timing, ${smallRounds} runs): median ${median(smallMs)} ms, slowest ${Math.max(...smallMs)} ms.`,
			].join('\n'),
		);
	} finally {
		await n8n.stop();
		execFileSync('docker', ['volume', 'rm', '-f', small]);
		rmSync(folder, { recursive: true, force: true });
	}
}

void main();
