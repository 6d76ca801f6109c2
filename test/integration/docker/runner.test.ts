import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { DockerHost } from '../../../docker/client';
import { labels } from '../../../docker/labels';
import { startRunner } from '../../../docker/runner';
import { engineDied } from '../../../protocol/engine-process';
import { decodeFrames, encodeFrame } from '../../../protocol/frames';
import { containersOf, docker, image, localHost, runEngine, specOf, text, unique, using } from './lab';
import { startedAndKilled } from './orphan';

let host: DockerHost;
let run: string;
beforeEach(() => {
	host = localHost();
	run = unique('run');
});
afterEach(async () => {
	host.close();
	const left = await containersOf(run);
	if (left.length > 0) await docker('rm', '-f', ...left);
	expect(left).toEqual([]);
});

const echo = 'process.stdin.pipe(process.stdout);';
/** Waits for the end of its input, then tells its length and digest. */
const digest = `
	const hash = require('node:crypto').createHash('sha256');
	let length = 0;
	process.stdin.on('data', (c) => { hash.update(c); length += c.length; });
	process.stdin.on('end', () => console.log(length, hash.digest('hex')));`;
/** Never ends by itself, not even at the end of its input. */
const idle = `process.stderr.write('up\\n'); setInterval(() => {}, 1000);`;

describe('a started runner', () => {
	test('is locked down', async () => {
		const [source, repository] = [unique('source'), unique('repository')];
		await docker('volume', 'create', source);
		await docker('volume', 'create', repository);
		const mounts = [
			{ type: 'volume', source, target: '/sources/0', readOnly: true },
			{ type: 'volume', source: repository, target: '/repository', readOnly: false },
			{ type: 'bind', source: '/etc', target: '/sources/1', readOnly: true },
		] as const;
		await using(
			await startRunner(host, specOf(run, { mounts }), idle),
			async ({ containerId, imageDigest }) => {
				const [seen] = JSON.parse(await docker('inspect', containerId));
				const [itsImage] = JSON.parse(await docker('image', 'inspect', image));
				expect(seen.HostConfig).toMatchObject({
					ReadonlyRootfs: true,
					NetworkMode: 'none',
					CapDrop: ['ALL'],
					Privileged: false,
					PublishAllPorts: false,
					SecurityOpt: ['no-new-privileges'],
					LogConfig: { Type: 'none' },
					Memory: 512 << 20,
					MemorySwap: 512 << 20,
					PidsLimit: 64,
					CpuShares: 512,
					AutoRemove: false,
					Binds: null,
					Tmpfs: { '/tmp': expect.stringMatching(/nosuid.*nodev.*size=/) },
					RestartPolicy: { Name: 'no' },
				});
				expect([...seen.HostConfig.CapAdd].sort()).toEqual(['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH']);
				expect(seen.HostConfig.Devices ?? []).toEqual([]);
				expect(seen.Config).toMatchObject({
					User: '0:0',
					Tty: false,
					OpenStdin: true,
					StdinOnce: true,
					Entrypoint: ['node'],
					Cmd: ['--no-warnings', '-e', expect.any(String)],
				});
				// Nothing of ours in the environment: only what the image and the daemon put there.
				const ofImage: string[] = itsImage.Config.Env ?? [];
				const added = ((seen.Config.Env ?? []) as string[]).filter((entry) => !ofImage.includes(entry));
				expect(added.filter((entry) => !entry.startsWith('PATH='))).toEqual([]);
				expect(seen.Config.Labels).toMatchObject({
					[labels.role]: 'read',
					[labels.run]: run,
					[labels.job]: 'nightly',
					[labels.image]: image,
				});
				expect(seen.Mounts).toEqual(
					expect.arrayContaining([
						expect.objectContaining({ Name: source, Destination: '/sources/0', RW: false }),
						expect.objectContaining({ Name: repository, Destination: '/repository', RW: true }),
						expect.objectContaining({ Source: '/etc', Destination: '/sources/1', RW: false }),
					]),
				);
				expect(seen.Mounts).toHaveLength(3);
				expect(seen.Image).toBe(itsImage.Id);
				expect(imageDigest).toBe(itsImage.RepoDigests[0]?.split('@')[1] ?? itsImage.Id);
			},
		);
		await docker('volume', 'rm', source, repository);
	});

	test('feels it from the inside', async () => {
		const volume = unique('volume');
		await docker('volume', 'create', volume);
		const engine = `
			const fs = require('node:fs');
			const tried = (f) => { try { f(); return 'done'; } catch (e) { return e.code; } };
			const status = fs.readFileSync('/proc/self/status', 'utf8');
			console.log(JSON.stringify({
				root: tried(() => fs.writeFileSync('/x', '')),
				source: tried(() => fs.writeFileSync('/source/x', '')),
				tmp: tried(() => fs.writeFileSync('/tmp/x', '')),
				interfaces: Object.keys(require('node:os').networkInterfaces()),
				noNewPrivs: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
				capabilities: /CapEff:\\s*(\\w+)/.exec(status)[1],
				uid: process.getuid(),
				cwd: process.cwd(),
				docker: fs.existsSync('/var/run/docker.sock'),
			}));`;
		const mounts = [{ type: 'volume', source: volume, target: '/source', readOnly: true }] as const;
		const { stdout } = await runEngine(host, specOf(run, { mounts }), engine);
		expect(JSON.parse(stdout)).toEqual({
			root: 'EROFS',
			source: 'EROFS',
			tmp: 'done',
			interfaces: ['lo'],
			noNewPrivs: '1',
			capabilities: (1 << 2).toString(16).padStart(16, '0'), // CAP_DAC_READ_SEARCH alone
			uid: 0,
			cwd: '/',
			docker: false,
		});
		await docker('volume', 'rm', volume);
	});

	test('takes frames and gives bytes back, both ways at once', async () => {
		const bodies = Array.from({ length: 40 }, (_, i) => randomBytes(i * 20_011));
		const digestOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');
		await using(await startRunner(host, specOf(run), echo), async ({ stdin, stdout, exited }) => {
			const write = async () => {
				for (const body of bodies) if (!stdin.write(encodeFrame('data', body))) await once(stdin, 'drain');
				stdin.end();
			};
			const read = async () => {
				const back: string[] = [];
				for await (const { body } of decodeFrames(stdout)) back.push(digestOf(body));
				return back;
			};
			const [, back] = await Promise.all([write(), read()]);
			expect(back).toEqual(bodies.map(digestOf));
			expect(await exited).toEqual({ exitCode: 0, outOfMemory: false, error: null });
		});
	});

	test('answers a frame before the next one is sent', async () => {
		await using(await startRunner(host, specOf(run), echo), async ({ stdin, stdout }) => {
			const frames = decodeFrames(stdout);
			for (const word of ['one', 'two', 'three']) {
				stdin.write(encodeFrame('data', Buffer.from(word)));
				const { value } = await frames.next();
				expect(String(value?.body)).toBe(word);
			}
		});
	});

	test('gets nothing on stdin but what the caller wrote', async () => {
		for (let i = 0; i < 10; i++) {
			const { stdout } = await runEngine(host, specOf(run), digest, 'x');
			expect(stdout).toBe(`1 ${createHash('sha256').update('x').digest('hex')}\n`);
		}
	});

	test('known failure 30: half-closing stdin still returns output and exit code', async () => {
		const engine = `
			process.stdin.resume().on('end', () => {
				for (let i = 0; i < 80; i++) process.stdout.write(Buffer.alloc(65536, 'x'));
				process.stderr.write('last words\\n', () => { process.exitCode = 7; });
			});`;
		const { stdout, stderr, exit } = await runEngine(host, specOf(run), engine, 'input');
		expect(stdout.length).toBe(80 * 65_536);
		expect(stderr).toBe('last words\n');
		expect(exit.exitCode).toBe(7);
	});

	test('sees the end of its input when stdin is destroyed, and can still answer', async () => {
		await using(await startRunner(host, specOf(run), digest), async ({ stdin, stdout }) => {
			stdin.write('half');
			stdin.destroy(new Error('the producer failed'));
			expect(await text(stdout)).toMatch(/^4 /);
		});
	});

	test('makes a writer wait while it does not read', async () => {
		const engine = `
			const idle = setInterval(() => {}, 1000);
			process.on('SIGUSR2', () => { clearInterval(idle); ${digest} });
			process.stderr.write('up\\n');`;
		await using(
			await startRunner(host, specOf(run), engine),
			async ({ stdin, stdout, stderr, containerId }) => {
				await once(stderr, 'data');
				const chunk = Buffer.alloc(1 << 20, 'x');
				let taken = 0;
				const writeAll = async () => {
					for (let i = 0; i < 64; i++) {
						await new Promise((resolve, reject) => stdin.write(chunk, (e) => (e ? reject(e) : resolve(e))));
						taken++;
					}
					stdin.end();
				};
				const written = writeAll();
				// Taken is what kernel and daemon hold; it stops while the container's input is not read.
				for (let before = -1; before !== taken; ) {
					before = taken;
					await docker('inspect', containerId);
					await docker('inspect', containerId);
				}
				expect(taken).toBeLessThan(16);
				await docker('kill', '--signal', 'USR2', containerId);
				const [said] = await Promise.all([text(stdout), written]);
				expect(said).toMatch(new RegExp(`^${64 << 20} `));
			},
		);
	});

	test('known failure 29: waits for a slow reader in bounded memory, wherever in a gigabyte that stops', async () => {
		const engine = `
			const fs = require('node:fs');
			const chunk = Buffer.alloc(1 << 20, 'x');
			let written = 0;
			(function more() {
				while (written < 1024) {
					fs.writeFileSync('/tmp/written', String(++written));
					if (!process.stdout.write(chunk)) return process.stdout.once('drain', more);
				}
			})();`;
		await using(
			await startRunner(host, specOf(run), engine),
			async ({ stdin, stdout, exited, containerId }) => {
				stdin.end();
				const written = async () => Number(await docker('exec', containerId, 'cat', '/tmp/written')) << 20;
				const standstill = async () => {
					let [before, now] = [-1, await written()];
					while (before !== now) [before, now] = [now, await written()];
					return now;
				};
				let received = 0;
				let stops = 0;
				for await (const chunk of stdout as AsyncIterable<Buffer>) {
					received += chunk.length;
					if (received < (stops + 1) << 27 || stops === 7) continue;
					stops++;
					// In the pipe, the daemon, the sockets and our sink; without back-pressure all the rest would be.
					expect((await standstill()) - received).toBeLessThan(6 << 20);
				}
				expect(stops).toBe(7);
				expect(received).toBe(1 << 30);
				expect((await exited).exitCode).toBe(0);
			},
		);
	});

	test('five at once do not mix', async () => {
		const all = await Promise.all(
			Array.from({ length: 5 }, (_, i) => runEngine(host, specOf(run), echo, `input of runner ${i}`)),
		);
		expect(all.map(({ stdout }) => stdout)).toEqual([0, 1, 2, 3, 4].map((i) => `input of runner ${i}`));
	});
});

describe('the end of a runner', () => {
	test('stop kills at once, and says so', async () => {
		await using(await startRunner(host, specOf(run), idle), async (runner) => {
			await once(runner.stderr, 'data');
			await runner.stop();
			expect(await runner.exited).toEqual({ exitCode: 137, outOfMemory: false, error: null });
			await runner.stop();
			expect(await containersOf(run)).toHaveLength(1);
		});
	});

	test('dispose kills what runs, can be called again, and lets named volumes be', async () => {
		const volume = unique('volume');
		await docker('volume', 'create', volume);
		const engine = `require('node:fs').writeFileSync('/target/kept', ''); ${idle}`;
		const mounts = [{ type: 'volume', source: volume, target: '/target', readOnly: false }] as const;
		const runner = await startRunner(host, specOf(run, { mounts }), engine);
		await once(runner.stderr, 'data');
		await Promise.all([runner.dispose(), runner.dispose()]);
		await runner.dispose();
		expect(await containersOf(run)).toEqual([]);
		expect((await runner.exited).exitCode).toBe(137);
		const list = `console.log(require('node:fs').readdirSync('/target').join())`;
		expect((await runEngine(host, specOf(run, { mounts }), list)).stdout).toBe('kept\n');
		await docker('volume', 'rm', volume);
	});

	test('a container that somebody removed meanwhile is no trouble', async () => {
		await using(await startRunner(host, specOf(run), idle), async ({ containerId, exited }) => {
			await docker('rm', '-f', containerId);
			expect(await exited).toMatchObject({ exitCode: 137, outOfMemory: false });
		});
	});

	test('closing the connection is the end of the input too', async () => {
		const id = await startedAndKilled(run, digest);
		await docker('wait', id);
		expect(await docker('inspect', '-f', '{{.State.ExitCode}}', id)).toBe('0');
		await docker('rm', id);
	});

	test('memory that runs out is told plainly', async () => {
		const engine = `const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));`;
		const { exit, stderr } = await runEngine(host, specOf(run, { memoryBytes: 96 << 20 }), engine);
		expect(exit).toMatchObject({ exitCode: 137, outOfMemory: true });
		expect(engineDied(exit, stderr)).toMatchObject({
			code: 'runner_out_of_memory',
			hint: expect.stringContaining('Docker Host credential'),
		});
	});

	test('so is a JavaScript heap that ran full', async () => {
		const engine = `const all = []; for (let i = 0; ; i++) all.push({ i, s: 'x' + i });`;
		const { exit, stderr } = await runEngine(host, specOf(run, { memoryBytes: 256 << 20 }), engine);
		expect(engineDied(exit, stderr)).toMatchObject({ code: 'runner_out_of_memory' });
	});

	test('and a child process of the engine that ran out', async () => {
		const engine = `
			const child = require('node:child_process').spawn(process.execPath,
				['-e', 'const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));']);
			child.on('exit', (code, signal) => { console.log(signal); process.exitCode = 1; });`;
		const { exit, stdout } = await runEngine(host, specOf(run, { memoryBytes: 160 << 20 }), engine);
		expect(stdout).toBe('SIGKILL\n');
		expect(exit).toMatchObject({ exitCode: 1, outOfMemory: true });
	});
});
