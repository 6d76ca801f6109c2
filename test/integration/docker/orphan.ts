/** An orchestrator that is killed with -9 while its runner works: our code in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { RunnerSpec } from '../../../docker/runner';
import { specOf } from './lab';

/** Bundles this TypeScript program (imports relative to the project) into one file; the caller removes its folder. */
export async function bundleProgram(program: string): Promise<{ file: string; remove(): Promise<void> }> {
	const folder = await mkdtemp(join(tmpdir(), 'dbk-program-'));
	const file = join(folder, 'program.js');
	await chmod(folder, 0o755); // for other users too
	await build({
		stdin: { contents: program, resolveDir: join(__dirname, '../../..'), loader: 'ts' },
		bundle: true,
		platform: 'node',
		loader: { '.node': 'empty' },
		external: ['cpu-features'],
		outfile: file,
		logLevel: 'error',
	});
	return { file, remove: () => rm(folder, { recursive: true }) };
}

/** The id of the runner that is left behind. */
export async function startedAndKilled(
	run: string,
	engine: string,
	changes: Partial<RunnerSpec> = {},
): Promise<string> {
	const { file, remove } = await bundleProgram(`
		import { connectDocker } from './docker/client';
		import { startRunner } from './docker/runner';
		const host = connectDocker({ type: 'socket', socketPath: '/var/run/docker.sock' });
		startRunner(host, ${JSON.stringify(specOf(run, changes))}, ${JSON.stringify(engine)})
			.then((runner) => process.stdout.write(runner.containerId + '\\n'));
		setInterval(() => {}, 1000);
	`);
	const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
	const [id] = await once(child.stdout, 'data');
	child.kill('SIGKILL');
	await once(child, 'exit');
	await remove();
	return String(id).trim();
}
