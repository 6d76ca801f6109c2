/**
 * What these tests share: the machine's real Docker Engine, asked by our code through `host` and looked
 * at from outside through the docker command. Everything a test makes carries its own run label.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type Modem from 'docker-modem';
import { connectDocker, type DockerHost } from '../../../docker/client';
import { labels, runLabels } from '../../../docker/labels';
import { startRunner, type RunnerProcess, type RunnerSpec } from '../../../docker/runner';

export const image = 'node:24-bookworm-slim';
export const socketPath = '/var/run/docker.sock';
export const localHost = (): DockerHost => connectDocker({ type: 'socket', socketPath });

export const unique = (what: string): string => `dbk-test-${what}-${randomBytes(4).toString('hex')}`;

export async function docker(...args: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64 << 20 });
	return stdout.trim();
}

export function specOf(run: string, changes: Partial<RunnerSpec> = {}): RunnerSpec {
	return {
		image,
		role: 'read',
		mounts: [],
		memoryBytes: 512 << 20,
		cpuShares: 512,
		pidsLimit: 64,
		labels: runLabels({ runId: run, job: 'nightly', created: '2026-01-31T03:00:00.000Z' }),
		...changes,
	};
}

/** The real host, with lists narrowed to this test's containers: other tests' runners are not ours to reap. */
export function seeingOnly(real: DockerHost, run: string): DockerHost {
	const modem = Object.create(real.modem) as Modem;
	modem.dial = (options, callback) => {
		const query = options.options?._query as { filters?: { label?: string[] } } | undefined;
		if (options.path === '/containers/json?') query?.filters?.label?.push(`${labels.run}=${run}`);
		real.modem.dial(options, callback);
	};
	return { ...real, modem };
}

/** Ids of the run's containers, in whatever state. */
export async function containersOf(run: string): Promise<string[]> {
	const listed = await docker('ps', '-aq', '--no-trunc', '--filter', `label=${labels.run}=${run}`);
	return listed.split('\n').filter((id) => id !== '');
}

export async function text(stream: Readable): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

/** Runs an engine to its end, gathering what it says; the runner is removed. */
export async function runEngine(
	host: DockerHost,
	spec: RunnerSpec,
	engine: string,
	input: Buffer | string = '',
) {
	const runner = await startRunner(host, spec, engine);
	try {
		runner.stdin.end(input);
		const [stdout, stderr, exit] = await Promise.all([
			text(runner.stdout),
			text(runner.stderr),
			runner.exited,
		]);
		return { stdout, stderr, exit };
	} finally {
		await runner.dispose();
	}
}

export async function using<T>(
	runner: RunnerProcess,
	use: (runner: RunnerProcess) => Promise<T>,
): Promise<T> {
	try {
		return await use(runner);
	} finally {
		await runner.dispose();
	}
}
