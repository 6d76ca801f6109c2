/**
 * A TypeScript program in a process of its own, for what only a real process shows: death by a signal, other
 * users, contention. It answers each line on its stdin with one line on its stdout; both are JSON.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface TestProcess {
	readonly child: ChildProcess;
	/** Sends a command; resolves to its answer, in the order of sending. Rejects when the process ends first. */
	ask<T = unknown>(command: object): Promise<T>;
	/** Sends a signal and, unless it only stops or continues, waits for the end. */
	kill(signal: NodeJS.Signals): Promise<void>;
}

export interface ProcessOptions {
	/** Runs as this user and group (needs root). */
	readonly uid?: number;
}

const repository = join(__dirname, '../..');

/** Bundles the program for all tests of this file; the result starts it. Processes left over are killed. */
export function testProgram(path: string): (options?: ProcessOptions) => TestProcess {
	const directory = mkdtempSync(join(tmpdir(), 'docker-backup-process-'));
	const bundle = join(directory, 'program.cjs');
	const started: TestProcess[] = [];
	beforeAll(() => {
		execFileSync(
			join(repository, 'node_modules/.bin/esbuild'),
			[path, '--bundle', '--platform=node', '--log-level=warning', `--outfile=${bundle}`],
			{ cwd: __dirname, stdio: 'inherit' },
		);
		// Other users run it too.
		execFileSync('chmod', ['-R', 'a+rX', directory]);
	});
	afterAll(async () => {
		for (const one of started) await one.kill('SIGKILL');
		rmSync(directory, { recursive: true, force: true });
	});
	return (options) => {
		const one = startProcess(bundle, options);
		started.push(one);
		return one;
	};
}

function startProcess(bundle: string, { uid }: ProcessOptions = {}): TestProcess {
	// Changed from inside: the other user may have no access to where this Node.js lies.
	const become = `process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});`;
	const program = `${uid === undefined ? '' : become} require(${JSON.stringify(bundle)});`;
	const child = spawn(process.execPath, ['--no-warnings', '--eval', program], {
		stdio: ['pipe', 'pipe', 'inherit'],
		cwd: '/',
	});
	const waiting: { resolve(value: never): void; reject(error: Error): void }[] = [];
	const ended = new Promise<void>((resolve) => {
		child.once('error', () => resolve()); // never started
		child.once('close', () => {
			for (const { reject } of waiting.splice(0)) reject(new Error('the process ended'));
			resolve();
		});
	});
	createInterface({ input: child.stdout }).on('line', (line) =>
		waiting.shift()?.resolve(JSON.parse(line) as never),
	);
	// Writing to a process that was killed fails; its answers fail too.
	child.stdin.on('error', () => undefined);
	return {
		child,
		ask: (command) =>
			new Promise((resolve, reject) => {
				if (child.exitCode !== null || child.signalCode !== null)
					return reject(new Error('the process ended'));
				waiting.push({ resolve, reject });
				child.stdin.write(`${JSON.stringify(command)}\n`);
			}),
		async kill(signal) {
			child.kill(signal);
			if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended;
		},
	};
}
