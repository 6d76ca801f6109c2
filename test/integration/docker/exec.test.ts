/** Programs in real containers: what goes in and comes out of them, and that none outlives us. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectDocker } from '../../../docker/client';
import { runExec, startExec, type ExecSpec } from '../../../docker/exec';
import { docker, image, localHost, socketPath, text, unique } from './lab';
import { bundleProgram } from './orphan';
import { startLossyProxy } from './lossy-proxy';

const host = localHost();
const container = unique('exec');
const others: string[] = [];
const limitMs = 60_000;

async function start(name: string, ...args: string[]): Promise<string> {
	others.push(name);
	await docker('run', '-d', '--init', '--network', 'none', '--name', name, ...args, image, 'sleep', '3600');
	return name;
}

beforeAll(() => start(container));
afterAll(async () => {
	host.close();
	await docker('rm', '-f', '-v', ...others);
});

const sh = (script: string, more: Partial<Omit<ExecSpec, 'input'>> = {}) => ({
	container,
	command: ['sh', '-c', script] as const,
	limitMs,
	...more,
});
/** How many processes in the container have this word among their arguments. */
async function count(word: string, where = container): Promise<number> {
	const listed = await docker('top', where, '-eo', 'pid,args');
	return listed.split('\n').filter((line) => line.includes(word)).length;
}
async function until(what: string, met: () => Promise<boolean>, patienceMs = 40_000): Promise<void> {
	const end = Date.now() + patienceMs;
	while (!(await met())) {
		if (Date.now() > end) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
		await sleep(100);
	}
}
const gone = (word: string, where?: string) =>
	until(`no ${word}`, async () => (await count(word, where)) === 0);

describe('what goes in and comes out', () => {
	test('stdout, stderr and the exit code come apart', async () => {
		const result = await runExec(host, sh('echo out; echo err >&2; exit 7'));
		expect(result).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
	});

	test('arguments arrive byte for byte', async () => {
		const args = [
			'',
			' ',
			'a b',
			"'",
			'"',
			'$(id)',
			'`id`',
			'$HOME',
			'*',
			'\\',
			'\\n',
			'a\nb\n',
			'-n',
			'--',
			'=',
			'a=b',
			'!',
			'~',
			'#',
			';ls',
			'&',
			'|',
			'\t',
			'ü€😀',
			'%s',
			'\r',
			'\u0001',
		];
		const program = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
		const command = ['node', '-e', program, '--', ...args] as const;
		const { stdout } = await runExec(host, { container, command, limitMs });
		expect(JSON.parse(stdout)).toEqual(args);
		await expect(runExec(host, { container, command: ['echo', 'a\0b'], limitMs })).rejects.toMatchObject({
			code: 'invalid_parameter',
		});
	});

	test('the environment is added to the container’s own, as the user asked for', async () => {
		const result = await runExec(
			host,
			sh('printf "%s|%s|%s" "$SECRET" "$PATH" "$(id -u)"; env | grep -c docker_backup', {
				environment: { SECRET: 'a=b\n"\'$x', PGDATABASE: '' },
				user: 'nobody',
			}),
		);
		expect(result.stdout).toMatch(/^a=b\n"'\$x\|\/.*bin\|65534/);
		expect(result.stdout).toMatch(/0\n$/);
	});

	test('input is empty without input, and ends where it ends with it', async () => {
		expect(await runExec(host, sh('cat; echo end'))).toMatchObject({ stdout: 'end\n', exitCode: 0 });
		expect(await runExec(host, { ...sh('cat; echo end'), input: 'go\nin\n' })).toMatchObject({
			stdout: 'go\nin\nend\n',
		});
	});

	test('output and exit code still come after the end of the input', async () => {
		const script = 'cat >/dev/null; sleep 1; head -c 3000000 /dev/zero; echo late >&2; exit 3';
		const program = await startExec(host, { ...sh(script), input: true });
		program.stdin.end('x');
		const [out, err] = await Promise.all([text(program.stdout), text(program.stderr)]);
		expect({ length: out.length, err, exit: await program.exited }).toEqual({
			length: 3_000_000,
			err: 'late\n',
			exit: 3,
		});
	});

	test('a program that does not read its input ends with its own exit code', async () => {
		const input = 'x'.repeat(8 << 20);
		expect(await runExec(host, { ...sh('exit 4'), input })).toMatchObject({ exitCode: 4 });
	});

	test('one that closes its outputs and goes on is waited for', async () => {
		const result = await runExec(host, sh('exec >/dev/null 2>&1; sleep 2; exit 9'));
		expect(result.exitCode).toBe(9);
	});

	test('nothing is a terminal', async () => {
		const result = await runExec(host, {
			...sh('for fd in 0 1 2; do test -t $fd && echo $fd; done; exit 0'),
			input: '',
		});
		expect(result.stdout).toBe('');
	});

	test('a gigabyte for a slow reader keeps memory bounded', async () => {
		const program = await startExec(host, { ...sh('head -c 1073741824 /dev/zero'), input: false });
		const before = process.memoryUsage.rss();
		let most = 0;
		let bytes = 0;
		const slow = new Writable({
			highWaterMark: 1 << 16,
			write: (chunk: Buffer, _encoding, done) => {
				bytes += chunk.length;
				most = Math.max(most, process.memoryUsage.rss() - before);
				if (Math.floor(bytes / (16 << 20)) > Math.floor((bytes - chunk.length) / (16 << 20)))
					setTimeout(done, 20);
				else setImmediate(done);
			},
		});
		program.stderr.resume();
		await pipeline(program.stdout, slow);
		expect(await program.exited).toBe(0);
		expect(bytes).toBe(1 << 30);
		expect(most).toBeLessThan(128 << 20);
	});

	test('200 MB of input arrive whole', async () => {
		const block = randomBytes(1 << 20);
		const sent = createHash('sha256');
		const program = await startExec(host, { container, command: ['sha256sum'], input: true });
		const blocks = function* () {
			for (let each = 0; each < 200; each++) {
				sent.update(block);
				yield block;
			}
		};
		await pipeline(Readable.from(blocks(), { objectMode: false }), program.stdin);
		expect(await text(program.stdout)).toBe(`${sent.digest('hex')}  -\n`);
		expect(await program.exited).toBe(0);
	});
});

describe('nobody else learns', () => {
	test('a secret of the environment', async () => {
		const secret = unique('secret');
		const program = await startExec(host, {
			...sh('read -r x; echo $PGPASSWORD'),
			environment: { PGPASSWORD: secret },
			input: true,
		});
		const inspected = JSON.parse(await docker('inspect', container))[0] as { ExecIDs: string[] };
		expect(inspected.ExecIDs).toHaveLength(2);
		expect(JSON.stringify(inspected)).not.toContain(secret);
		for (const id of inspected.ExecIDs) {
			const answer = await fetchSocket(`/exec/${id}/json`);
			expect(answer).toContain('ProcessConfig');
			expect(answer).not.toContain(secret);
		}
		expect(await docker('top', container, '-eo', 'pid,args')).not.toContain(secret);
		const inside = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "';
		expect(await docker('exec', container, 'sh', '-c', inside)).not.toContain(secret);
		program.stdin.end('\n');
		expect(await text(program.stdout)).toBe(`${secret}\n`);
	});
});

async function fetchSocket(path: string): Promise<string> {
	const { request } = await import('node:http');
	const asked = request({ socketPath, path }).end();
	const [answer] = (await once(asked, 'response')) as [Readable];
	return text(answer);
}

describe('a program ends', () => {
	test.each([false, true])('when it is killed (input: %s)', async (input) => {
		const mark = unique('kill');
		const script = `sleep 600 & trap 'exit 33' TERM; : ${mark}; wait`;
		const program = await startExec(host, { ...sh(script), input });
		await until('it runs', async () => (await count(mark)) > 0);
		await Promise.all([program.kill(), program.kill()]);
		expect(await count(mark)).toBe(0);
		expect(await program.exited).toBe(33);
		await program.kill();
	});

	test('by SIGKILL when it does not listen, with its children', async () => {
		const mark = unique('deaf');
		const script = `trap '' TERM; sh -c 'while :; do sleep 0.3; done; : ${mark}' & wait; : ${mark}`;
		const program = await startExec(host, { ...sh(script), input: false });
		await until('it runs', async () => (await count(mark)) > 1);
		await program.kill();
		expect(await program.exited).toBe(137);
		await gone(mark);
	});

	test('though nobody reads what it writes', async () => {
		const program = await startExec(host, { container, command: ['yes', unique('yes')], input: false });
		await sleep(500);
		await program.kill();
		expect(await program.exited).toBeGreaterThan(128);
	});

	test.each([false, true])('when its signal aborts (input: %s)', async (input) => {
		const mark = unique('abort');
		const aborting = new AbortController();
		const program = await startExec(host, { ...sh(`echo x; sleep 600; : ${mark}`), input }, aborting.signal);
		const reason = new Error('enough');
		const reading = text(program.stdout);
		aborting.abort(reason);
		await expect(reading).rejects.toBe(reason);
		expect(await program.exited).toBe(143);
		await gone(mark);
	});

	test('when time is up, or it says too much', async () => {
		const mark = unique('late');
		await expect(runExec(host, { ...sh(`sleep 600; : ${mark}`), limitMs: 1_500 })).rejects.toMatchObject({
			code: 'timed_out',
			message: `sh in container "${container}" did not end within 1.5 s`,
		});
		expect(await count(mark)).toBe(0);
		const long = runExec(host, { ...sh(`yes; : ${mark}`), mostOutputBytes: 1000 });
		await expect(long).rejects.toMatchObject({ code: 'docker_failed' });
		expect(await count(mark)).toBe(0);
	});

	test.each([false, true])('when our process is killed with SIGKILL (input: %s)', async (input) => {
		const mark = unique('orphan');
		const script = `echo started; sleep 600; : ${mark}`;
		const { file, remove } = await bundleProgram(`
			import { connectDocker } from './docker/client';
			import { startExec } from './docker/exec';
			const host = connectDocker({ type: 'socket', socketPath: '/var/run/docker.sock' });
			startExec(host, ${JSON.stringify({ ...sh(script), input })})
				.then((program) => program.stdout.pipe(process.stdout));
			setInterval(() => {}, 1000);
		`);
		const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
		await once(child.stdout, 'data');
		expect(await count(mark)).toBeGreaterThan(0);
		child.kill('SIGKILL');
		await once(child, 'exit');
		await remove();
		await gone(mark);
	});

	test('when connections were lost and the daemon has not noticed', async () => {
		const mark = unique('lost');
		const proxy = await startLossyProxy(socketPath);
		const far = connectDocker({ type: 'tcp', host: '127.0.0.1', port: proxy.port });
		try {
			const program = await startExec(far, { ...sh(`sleep 600; : ${mark}`), input: true });
			proxy.lose();
			await program.kill();
			expect(await count(mark)).toBe(0);
		} finally {
			far.close();
			await proxy.close();
		}
	});

	test('with its container', async () => {
		const other = await start(unique('stopped'));
		const program = await startExec(host, { ...sh('sleep 600'), container: other, input: false });
		const reading = Promise.all([text(program.stdout), text(program.stderr)]);
		await docker('kill', other);
		await reading;
		expect([137, -1]).toContain(await program.exited);
		await program.kill();
		await expect(runExec(host, { ...sh('true'), container: other })).rejects.toMatchObject({
			code: 'container_not_running',
			message: `container "${other}" is not running: it is stopped`,
		});
	});

	test('and leaves nothing behind when it ends by itself', async () => {
		await runExec(host, sh('true'));
		await gone('sh -c');
		const left = (await docker('top', container, '-eo', 'pid,args')).split('\n').slice(1);
		expect(left.filter((line) => !/sleep 3600/.test(line))).toEqual([]);
	});
});

describe('what cannot start', () => {
	test('a program that the image does not have', async () => {
		const result = await runExec(host, { container, command: ['no-such-program'], limitMs });
		expect(result.exitCode).toBe(127);
		expect(result.stderr).toContain('no-such-program');
	});

	test.each([
		[
			'there is no such container',
			{ container: 'no-such' },
			'container_not_found',
			/"no-such" does not exist/,
		],
		['there is no such user', { user: 'nosuchuser' }, 'docker_failed', /could be started .*nosuchuser/],
	])('where %s', async (_what, more, code, message) => {
		const failing = runExec(host, sh('true', more));
		await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
	});

	test('where the container is paused, or has no shell', async () => {
		const other = await start(unique('bare'));
		await docker('pause', other);
		await expect(runExec(host, { ...sh('true'), container: other })).rejects.toMatchObject({
			code: 'container_not_running',
			hint: expect.stringContaining('docker unpause'),
		});
		await docker('unpause', other);
		await docker('exec', other, 'rm', '/bin/sh');
		await expect(runExec(host, { container: other, command: ['true'], limitMs })).rejects.toMatchObject({
			code: 'docker_failed',
			message: expect.stringContaining(`no program could be started in container "${other}"`),
			hint: expect.stringContaining('(sh)'),
		});
	});

	test('with a signal that has aborted', async () => {
		const reason = new Error('no');
		await expect(startExec(host, { ...sh('true'), input: false }, AbortSignal.abort(reason))).rejects.toBe(
			reason,
		);
	});
});
