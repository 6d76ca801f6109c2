/**
 * Backups that stop containers, each cut short by a kill at a random moment, on a Docker Engine of their own. After each
 * the applications run again (with the guard by itself, without it after one further operation), what rested before
 * rests; in the end no container of ours is left, no partial object, and every record is true: those of success
 * verify, and where one claims `stopped`, no application wrote while it was read.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { cli, filesOf, json, start, until } from '../cli/lab';
import type { EmptyEngine } from '../recovery/empty-engine';

const kinds = [
	'command',
	'command',
	'runner',
	'guard',
	'dockerd',
	'machine',
	'machine',
	'command and machine',
	'guard and command',
	'command without a guard',
] as const;
type Kind = (typeof kinds)[number];

export interface Figures {
	readonly kills: Partial<Record<Kind, number>>;
	/** Of the backups that were cut short. */
	readonly succeeded: number;
	readonly failed: number;
	/** From the kill, or dockerd's return, until all ran again; with the next operation where there was no guard. */
	readonly longestMs: number;
}

interface Entry {
	readonly id: string;
	readonly job: string;
	readonly status: string;
	readonly consistency: string;
}

const ours = 'n8n-nodes-docker-backup';

/** The same random numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** Counts into the first and the last file of the volume, all the time; ends as soon as it is asked to. */
const writer = `trap 'exit 0' TERM
while :; do i=$((i+1)); echo $i > /data/a; echo $i > /data/z; sleep 0.02; done`;

export async function chaos(
	engine: EmptyEngine,
	image: string,
	{ runs, seed, megabytes }: { runs: number; seed: number; megabytes: number },
): Promise<Figures> {
	const { docker } = engine;
	const random = randomOf(seed);
	const root = mkdtempSync(join(tmpdir(), 'docker-backup-chaos-'));
	const repository = join(root, 'repository');
	const key = join(root, 'passphrase');
	mkdirSync(repository);
	writeFileSync(key, `chaos ${seed}`, { mode: 0o600 });
	const stored = ['--repository', repository, '--passphrase-file', key];
	const at = [...stored, '--docker-host', engine.host];
	const backup = (volume: string, job: string, ...flags: string[]) =>
		start(['backup', 'volume', volume, '--job', job, '--json', ...at, ...flags]);
	const always = ['--restart', 'unless-stopped', '--network', 'none'];
	const mount = ['--mount', 'type=volume,src=data,dst=/data'];
	const states = async (...names: string[]) =>
		(await docker('inspect', '-f', '{{.State.Status}}', ...names)).split('\n');
	const allRun = async () => (await states('writer', 'user')).every((state) => state === 'running');
	const of = async (role: string) => {
		const filter = ['--filter', `label=${ours}.role=${role}`];
		return (await docker('ps', '-q', '--no-trunc', ...filter)).split('\n').filter((id) => id !== '');
	};
	const gone = (error: unknown) => expect(String(error)).toMatch(/No such container|is not running|removal/i);
	const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

	await docker('volume', 'create', 'data');
	await docker('volume', 'create', 'small');
	const place = await docker('volume', 'inspect', '-f', '{{.Mountpoint}}', 'data');
	writeFileSync(join(place, 'm'), noise(megabytes << 20, seed));
	await docker('run', '-d', '--name', 'writer', ...always, ...mount, image, 'sh', '-c', writer);
	await docker(
		'run',
		'-d',
		'--name',
		'user',
		...always,
		...mount,
		'--stop-signal',
		'KILL',
		image,
		'sleep',
		'inf',
	);
	await docker('create', '--name', 'rested', ...mount, image, 'sleep', 'inf');

	const whole = async () => {
		const began = performance.now();
		const { code, stderr } = await backup('data', 'undisturbed', '--quiesce', 'stop').ended;
		expect([code, stderr]).toEqual([0, expect.any(String)]);
		return performance.now() - began;
	};
	await whole();
	const lastsMs = await whole();
	const kills: Partial<Record<Kind, number>> = {};
	const jobs: string[] = [];
	let longestMs = 0;

	for (let run = 0; run < runs; run++) {
		// The first ones are one of each.
		const distinct = [...new Set(kinds)];
		const kind = distinct[run] ?? kinds[Math.floor(random() * kinds.length)]!;
		const job = `chaos-${run}`;
		jobs.push(job);
		kills[kind] = (kills[kind] ?? 0) + 1;
		const withoutGuard = kind === 'command without a guard';
		const flags = ['--quiesce', 'stop', '--quiesce-wait', '3m', ...(withoutGuard ? ['--no-guard'] : [])];
		const { process: command, ended } = backup('data', job, ...flags);
		const over = ended.then(() => true);
		const killed = async (role: string, hard: boolean) => {
			let ids: string[] = [];
			await Promise.race([
				over,
				until(
					`a ${role} container`,
					async () => (ids = await of(role)).length > 0 || command.exitCode !== null,
				),
			]);
			await wait(random() * lastsMs * 0.5);
			for (const id of ids) await docker(...(hard ? ['rm', '-f'] : ['kill']), id).catch(gone);
		};
		const kill = async () => {
			if (kind === 'runner') await killed('read', false);
			else if (kind === 'guard') await killed('guard', false);
			else if (kind === 'guard and command') await killed('guard', true);
			else if (random() < 0.5) await wait(random() * lastsMs);
			else {
				// The shortest part of a backup is the one that matters most.
				const rests = async () => command.exitCode !== null || !(await allRun());
				await until('the containers to rest', rests);
				await wait(random() * lastsMs * 0.2);
			}
			if (kind.includes('command')) command.kill('SIGKILL');
			if (kind === 'dockerd') await engine.kill();
			if (kind.includes('machine')) await engine.crash();
		};
		// Docker brings a container that it has ended itself, coming back, only back with this policy.
		if (kind === 'dockerd') await docker('update', '--restart', 'always', 'writer', 'user');
		await kill();
		if (kind === 'dockerd' || kind.includes('machine')) {
			await wait(random() * 2000);
			await engine.restart();
		}
		const began = performance.now();
		const { code, stdout, stderr } = await ended;
		const told = () => `run ${run} (${kind}, seed ${seed}): ${code} ${stdout.toString()} ${stderr}`;
		const unguarded = withoutGuard || kind === 'guard and command';
		// Long enough for the next operation to know that nobody comes back.
		if (unguarded) await until('the runner to end', async () => (await of('read')).length === 0);
		if (unguarded) await wait(32_000);
		else await until(`all to run: ${told()}`, allRun);
		const ranMs = performance.now() - began;
		const next = await backup('small', 'after', '--lock-wait', '60').ended;
		if (next.code !== 0) throw new Error(`${told()}\nthen ${next.stdout.toString()}${next.stderr}`);
		if (!(await allRun())) throw new Error(`not all run again: ${told()}`);
		if (kind === 'dockerd') await docker('update', '--restart', 'unless-stopped', 'writer', 'user');
		longestMs = Math.max(longestMs, unguarded ? performance.now() - began : ranMs);
		expect(await states('rested')).toEqual(['created']);
		console.log(`run ${run}: ${kind}, exit code ${code}, all ran after ${(ranMs / 1000).toFixed(1)} s`);
	}

	// What a run left open is closed by the next of its job.
	for (let first = 0; first < jobs.length; first += 3) {
		const some = jobs.slice(first, first + 3);
		const closing = await Promise.all(some.map((job) => backup('small', job, '--lock-wait', '90').ended));
		for (const { code, stdout } of closing)
			expect([code, stdout.toString()]).toEqual([0, expect.any(String)]);
	}
	await until('guards to go', async () => (await of('guard')).length === 0);
	const left = () =>
		docker('ps', '-a', '--filter', `label=${ours}.role`, '--format', '{{.Names}} {{.Status}}');
	if ((await left()) !== '') {
		// Ended runners are kept for two minutes, for whoever still wants to know.
		await wait(125_000);
		expect((await backup('small', 'after', '--lock-wait', '60').ended).code).toBe(0);
	}
	expect(await left()).toBe('');
	expect([await allRun(), await states('rested')]).toEqual([true, ['created']]);

	let [succeeded, failed] = [0, 0];
	for (const job of jobs) {
		const { entries } = await json<{ entries: Entry[] }>(['list', '--job', job, ...stored]);
		const ids = entries.map(({ id }) => id);
		const names = filesOf(repository, job);
		expect(names.filter((name) => /\.run\.json$|incoming|tmp|partial/.test(name))).toEqual([]);
		for (const { id, status, consistency } of entries) {
			const files = names.filter((name) => name.startsWith(id));
			if (status === 'failed') expect(files).toEqual([`${id}.json`]);
			else expect([status, files.length]).toEqual(['success', 3]);
			if (status === 'success')
				expect((await cli(['verify', id, '--level', 'deep', ...stored])).code).toBe(0);
			if (consistency === 'stopped') await expectStill(id);
		}
		expect(names.filter((name) => !ids.some((id) => name.startsWith(id)))).toEqual([]);
		// The last one closed it.
		const [, disturbed] = entries;
		if (disturbed?.status === 'success') succeeded++;
		else failed++;
	}
	rmSync(root, { recursive: true });
	return { kills, succeeded, failed, longestMs };

	async function expectStill(id: string): Promise<void> {
		const to = join(root, id);
		const { code, stderr } = await cli(['restore', 'directory', id, '--to', to, ...stored]);
		expect([code, stderr]).toEqual([0, expect.any(String)]);
		const [a, z] = ['a', 'z'].map((name) => readFileSync(join(to, 'data', name), 'utf8').trim());
		// Killed between the two, or in the middle of one.
		if (a !== '' && z !== '') expect([0, 1]).toContain(Number(a) - Number(z));
		rmSync(to, { recursive: true });
	}
}
