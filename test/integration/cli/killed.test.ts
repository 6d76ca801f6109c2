/** Whoever is killed in mid-backup, and however: no success, nothing half-written, and the next run goes on. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { docker, fill, filesOf, json, lab, runnersOf, start, until, type Failure, type Started } from './lab';

interface Entry {
	readonly id: string;
	readonly status: string;
	readonly error: Failure['error'] | null;
}
interface Backup {
	readonly records: readonly Entry[];
}

const { directory, file, job: newJob, volume } = lab();
const passphrase = 'never to be seen 4c1d';
const key = ['--passphrase-file', file(passphrase)];
let source: string;

beforeAll(async () => {
	source = await volume('source');
	// At level 19 this takes many seconds on any machine.
	await fill(source, { noise: noise(120 << 20, 5) });
});

interface Running {
	readonly repository: string;
	readonly at: string[];
	readonly job: string;
	readonly started: Started;
	readonly runner: string;
}

/** A backup that is writing its archive right now. */
async function running(): Promise<Running> {
	const repository = directory();
	const at = ['--repository', repository, ...key];
	const job = newJob();
	const started = start(['backup', 'volume', source, '--job', job, '--level', '19', '--json', ...at]);
	await until('bytes of the archive', () => bytesBelow(join(repository, 'jobs')) > 1 << 20);
	const [runner] = await runnersOf(job, 'running');
	expect(started.process.exitCode).toBeNull();
	return { repository, at, job, started, runner: runner! };
}

function bytesBelow(folder: string): number {
	try {
		return readdirSync(folder, { recursive: true }).reduce(
			(sum, name) => sum + statSync(join(folder, String(name))).size,
			0,
		);
	} catch (error) {
		// Not there yet, or just renamed.
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
		throw error;
	}
}

const listed = async (at: string[]): Promise<readonly Entry[]> =>
	(await json<{ entries: Entry[] }>(['list', ...at])).entries;

/** The next run closes the interrupted one and succeeds; what is left of that is its failed record. */
async function expectRecovery({ repository, at, job }: Running): Promise<void> {
	const before = await listed(at);
	expect(before.filter(({ status }) => status === 'success')).toEqual([]);
	const interrupted = before[0]!.id;
	expect(filesOf(repository, job).filter((name) => name.startsWith(interrupted))).toEqual([
		`${interrupted}.run.json`,
	]);

	const small = await volume('small');
	await fill(small, { a: 'a' });
	const { records } = await json<Backup>(['backup', 'volume', small, '--job', job, ...at]);
	expect(records).toMatchObject([{ status: 'success' }]);
	expect(await listed(at)).toMatchObject([
		{ id: records[0]!.id, status: 'success' },
		{ id: interrupted, status: 'failed', error: { code: 'run_interrupted' } },
	]);
	expect(filesOf(repository, job).filter((name) => name.startsWith(interrupted))).toEqual([
		`${interrupted}.json`,
	]);
	expect(await json(['verify', '--job', job, '--level', 'deep', ...at])).toMatchObject({
		verifications: [{ id: records[0]!.id, ok: true }],
	});
}

test('kill -9 of the command', async () => {
	const run = await running();
	run.started.process.kill('SIGKILL');
	expect(await run.started.ended).toMatchObject({ signal: 'SIGKILL' });
	await until('the runner to end by itself', async () => (await runnersOf(run.job, 'running')).length === 0);
	await expectRecovery(run);
});

test('kill -9 of the runner', async () => {
	const run = await running();
	await docker('kill', '--signal', 'KILL', run.runner);
	const { code, stdout } = await run.started.ended;
	expect([code, JSON.parse(stdout.toString())]).toMatchObject([
		7,
		{ error: { code: 'runner_died', hint: expect.any(String) as string } },
	]);
	expect(await runnersOf(run.job)).toEqual([]);
	await expectRecovery(run);
});

test.each([
	['SIGINT', 130],
	['SIGTERM', 143],
	['SIGHUP', 129],
] as const)('%s: a clean end, exit code %d', async (signal, exitCode) => {
	const { repository, at, job, started } = await running();
	started.process.kill(signal);
	const { code, stdout } = await started.ended;
	expect([code, JSON.parse(stdout.toString())]).toMatchObject([exitCode, { error: { code: 'cancelled' } }]);
	expect(await runnersOf(job)).toEqual([]);
	const entries = await listed(at);
	expect(entries).toMatchObject([{ status: 'failed', error: { code: 'cancelled' } }]);
	expect(filesOf(repository, job)).toEqual([`${entries[0]!.id}.json`]);
});

test('a second signal ends at once, whatever hangs', async () => {
	const { started, runner } = await running();
	await docker('pause', runner);
	try {
		started.process.kill('SIGINT');
		started.process.kill('SIGTERM');
		const { code } = await started.ended;
		expect([130, 143]).toContain(code);
		expect(await docker('inspect', '-f', '{{.State.Paused}}', runner)).toBe('true');
	} finally {
		await docker('rm', '-f', runner);
	}
});

test('while it runs, no secret is to be seen', async () => {
	const { started, runner, at } = await running();
	const seen = [
		await docker('inspect', runner),
		await docker('top', runner, '-eo', 'pid,args'),
		readdirSync('/proc')
			.filter((name) => /^\d+$/.test(name))
			.map((pid) => commandLine(pid))
			.join('\n'),
	].join('\n');
	expect(await listed(at)).toMatchObject([{ status: 'running' }]);
	started.process.kill('SIGINT');
	const { stdout, stderr } = await started.ended;
	for (const text of [seen, stdout.toString(), stderr]) {
		expect(text).not.toContain(passphrase);
		expect(text).not.toContain(Buffer.from(passphrase).toString('base64'));
	}
	expect(seen).toContain('--passphrase-file');
});

function commandLine(pid: string): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
	} catch (error) {
		// It has ended meanwhile.
		if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
		throw error;
	}
}
