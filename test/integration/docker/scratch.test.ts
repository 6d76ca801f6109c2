/** A runner's scratch volume: there while it works, gone with it however it ends. */
import type { DockerHost } from '../../../docker/client';
import { labels } from '../../../docker/labels';
import { reapOrphans } from '../../../docker/reap';
import { startRunner } from '../../../docker/runner';
import { systemClock } from '../../../protocol/clock';
import { containersOf, docker, localHost, runEngine, seeingOnly, specOf, unique } from './lab';
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
	if (left.length > 0) await docker('rm', '-f', '-v', ...left);
	const volumes = await scratchVolumes();
	if (volumes.length > 0) await docker('volume', 'rm', '-f', ...volumes);
	expect({ left, volumes }).toEqual({ left: [], volumes: [] });
});

const scratch = { scratch: true } as const;

async function scratchVolumes(): Promise<string[]> {
	const listed = await docker('volume', 'ls', '-q', '--filter', `label=${labels.run}=${run}`);
	return listed.split('\n').filter((name) => name !== '');
}

/** Fills 100 MiB, says so, and waits for the end of its input. */
const filler = `
	const fs = require('node:fs');
	fs.writeFileSync('/scratch/part', Buffer.alloc(100 << 20, 7));
	const { size } = fs.statSync('/scratch/part');
	process.stderr.write(JSON.stringify({ size, tree: fs.readdirSync('/scratch') }) + '\\n');
	process.stdin.resume();`;

test("it is empty, writable, on a disk, and in nobody's memory", async () => {
	const { stderr, exit } = await runEngine(host, specOf(run, { ...scratch, memoryBytes: 256 << 20 }), filler);
	expect(JSON.parse(stderr)).toEqual({ size: 100 << 20, tree: ['part'] });
	expect(exit).toMatchObject({ exitCode: 0 });
	expect(await scratchVolumes()).toEqual([]);
});

test('a runner without one has no such directory', async () => {
	const { stderr } = await runEngine(
		host,
		specOf(run),
		`process.stderr.write(String(require('node:fs').existsSync('/scratch')));`,
	);
	expect(stderr).toBe('false');
});

test('gone after an engine that failed', async () => {
	const { exit } = await runEngine(
		host,
		specOf(run, scratch),
		`require('node:fs').writeFileSync('/scratch/part', 'x'); process.exit(7);`,
	);
	expect(exit).toMatchObject({ exitCode: 7 });
	expect(await scratchVolumes()).toEqual([]);
});

test('gone after an engine that was stopped while it worked', async () => {
	const runner = await startRunner(host, specOf(run, scratch), filler);
	await new Promise((resolve) => runner.stderr.once('data', resolve));
	expect(await scratchVolumes()).toHaveLength(1);
	await runner.stop();
	await runner.dispose();
	expect(await scratchVolumes()).toEqual([]);
});

test('gone when the start is cancelled', async () => {
	const aborter = new AbortController();
	const starting = startRunner(host, specOf(run, scratch), filler, aborter.signal);
	aborter.abort(new Error('enough'));
	await expect(starting).rejects.toThrow('enough');
	expect(await scratchVolumes()).toEqual([]);
});

test('left by a killed orchestrator, it goes with the orphan', async () => {
	const id = await startedAndKilled(run, filler, scratch);
	await docker('wait', id);
	expect(await scratchVolumes()).toHaveLength(1);
	await reapOrphans(seeingOnly(host, run), { clock: systemClock, minAgeMs: 0 });
	expect(await containersOf(run)).toEqual([]);
	expect(await scratchVolumes()).toEqual([]);
});
