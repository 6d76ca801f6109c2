/**
 * What the CLI's tests share: the built command as a process of its own, and things on the machine's real
 * Docker Engine (volumes, containers) that are removed when the test file ends. Needs root and `npm run build`.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { scratchDirectories } from '../../fakes/directories';

export const command = join(__dirname, '../../../dist/cli/main.js');
export const recoverScript = join(__dirname, '../../../docs/recover.py');

if (!existsSync(command)) throw new Error(`${command} is missing: run "npm run build" first`);

export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: Buffer;
	readonly stderr: string;
}

export interface Started {
	readonly process: ChildProcess;
	readonly ended: Promise<Ended>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Starts `docker-backup <line…>`; nothing of the developer's Docker settings reaches it. */
export function start(line: readonly string[], env: Environment = {}): Started {
	const inherited = {
		...process.env,
		DOCKER_HOST: undefined,
		DOCKER_TLS_VERIFY: undefined,
		NODE_OPTIONS: undefined,
	};
	const child = spawn(process.execPath, [command, ...line], {
		env: { ...inherited, ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const stdout: Buffer[] = [];
	const stderr: Buffer[] = [];
	child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
	child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
	const ended = new Promise<Ended>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code, signal) => {
			resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
		});
	});
	return { process: child, ended };
}

export const cli = (line: readonly string[], env?: Environment): Promise<Ended> => start(line, env).ended;

/** The document of a command that must succeed, or end with `code`. */
export async function json<T>(line: readonly string[], code = 0, env?: Environment): Promise<T> {
	const ended = await cli([...line, '--json', '--quiet'], env);
	if (ended.code !== code) {
		throw new Error(
			`${line.join(' ')}: exit code ${ended.code} (${ended.signal}), not ${code}\n${ended.stdout.toString()}${ended.stderr}`,
		);
	}
	expect(ended.stderr).toBe('');
	return JSON.parse(ended.stdout.toString()) as T;
}

export interface Failure {
	readonly error: { readonly code: string; readonly message: string; readonly hint: string | null };
}

/** The error of a command that must fail. */
export async function failure(
	line: readonly string[],
	code: number,
	env?: Environment,
): Promise<Failure['error']> {
	return (await json<Failure>(line, code, env)).error;
}

/** A backup that must fail before there is anything to record: its error, with a hint and no runner left. */
export async function refusal(
	job: string,
	sources: readonly string[],
	flags: readonly string[],
	exitCode: number,
	env?: Environment,
): Promise<Failure['error']> {
	const error = await failure(['backup', 'volume', ...sources, '--job', job, ...flags], exitCode, env);
	expect(error.hint).toMatch(/\w/);
	expect(await runnersOf(job)).toEqual([]);
	return error;
}

export async function docker(...args: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64 << 20 });
	return stdout.trim();
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

export const unique = (what: string): string => `dbk-cli-${what}-${randomBytes(4).toString('hex')}`;

/** Volumes and directories of one test file; call it at the top. */
export function lab() {
	const directory = scratchDirectories();
	const volumes: string[] = [];
	const jobs: string[] = [];
	afterAll(async () => {
		for (const job of jobs) {
			const left = lines(await docker('ps', '-aq', '--filter', `label=n8n-nodes-docker-backup.job=${job}`));
			if (left.length > 0) await docker('rm', '-f', ...left);
		}
		for (const name of volumes) await docker('volume', 'rm', '-f', name);
	});
	const volumeName = (what: string): string => {
		const name = unique(what);
		volumes.push(name);
		return name;
	};
	return {
		directory,
		/** A free name; a volume that gets it is removed in the end. */
		volumeName,
		async volume(what: string): Promise<string> {
			const name = volumeName(what);
			await docker('volume', 'create', name);
			return name;
		},
		/** A free job name; its containers are removed in the end. */
		job(): string {
			const job = unique('job');
			jobs.push(job);
			return job;
		},
		keyFile(): string {
			const path = join(directory(), 'key');
			execFileSync(process.execPath, [command, 'keygen', '--out', path]);
			return path;
		},
		/** A file with this text in a directory of its own. */
		file(text: string): string {
			const path = join(directory(), 'file');
			writeFileSync(path, text, { mode: 0o600 });
			return path;
		},
	};
}

export const mountpoint = (volume: string): Promise<string> =>
	docker('volume', 'inspect', '-f', '{{.Mountpoint}}', volume);

/** Writes small files into a volume, by path. */
export async function fill(volume: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
	const root = await mountpoint(volume);
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), content);
	}
}

export async function volumeExists(name: string): Promise<boolean> {
	return lines(await docker('volume', 'ls', '-q', '--filter', `name=^${name}$`)).length > 0;
}

/** The runners of a job, by id, in whatever state unless one is named. */
export async function runnersOf(job: string, status?: string): Promise<string[]> {
	const filters = ['--filter', `label=n8n-nodes-docker-backup.job=${job}`];
	if (status !== undefined) filters.push('--filter', `status=${status}`);
	return lines(await docker('ps', '-aq', '--no-trunc', ...filters));
}

/** What a job has left in a repository's directory, without the leases. */
export function filesOf(repository: string, job: string): string[] {
	const folder = join(repository, 'jobs', job);
	return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Waits for something that will happen; fails when it does not within three minutes. */
export async function until<T>(
	what: string,
	look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
	const deadline = Date.now() + 180_000;
	for (;;) {
		const seen = await look();
		if (seen !== undefined && seen !== false) return seen;
		if (Date.now() > deadline) throw new Error(`waited three minutes for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
