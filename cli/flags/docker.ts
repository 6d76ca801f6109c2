/**
 * The Docker host and what its runner may use. `--docker-host`, else DOCKER_HOST, else the local socket;
 * TLS as for Docker's own command: with DOCKER_TLS_VERIFY set, ca.pem, cert.pem and key.pem of
 * DOCKER_CERT_PATH (default ~/.docker) are used; SSH as `ssh.ts` says. Throws `usage`, and `docker_failed` for
 * certificates that can't be read.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
	BackupError,
	defaultRunner,
	defaultSocket,
	type DockerEndpoint,
	type HostSettings,
	type RepositorySettings,
	type RunnerSettings,
	type Where,
} from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';
import { isSsh, parseSsh, sshEndpoint, sshFlags } from './ssh';

export const dockerFlags = [
	{
		name: 'docker-host',
		value: 'URL',
		help: 'unix:///path, tcp://host:port or ssh://user@host; default: DOCKER_HOST, else the local socket',
	},
	...sshFlags,
	{
		name: 'runner-image',
		value: 'IMAGE',
		help: `Image with Node.js and GNU tar; default ${defaultRunner.image}`,
	},
	{
		name: 'runner-memory',
		value: 'SIZE',
		help: `Memory limit of the runner, e.g. 1g; default ${defaultRunner.memoryBytes >> 20}m`,
	},
	{
		name: 'runner-network',
		value: 'NETWORK',
		help: `Docker network of runners that reach an S3 store; default ${defaultRunner.network}`,
	},
] as const satisfies readonly Flag[];

export type DockerValues = Values<typeof dockerFlags>;
type Environment = Shell['env'];

const leastMemory = 64 << 20;

export async function hostOf(flags: DockerValues, shell: Shell): Promise<HostSettings> {
	const fromEnvironment = shell.env['DOCKER_HOST'] || undefined;
	const [origin, text] =
		flags['docker-host'] === undefined
			? (['DOCKER_HOST', fromEnvironment ?? `unix://${defaultSocket}`] as const)
			: (['--docker-host', flags['docker-host']] as const);
	const endpoint = isSsh(text)
		? await sshEndpoint(parseSsh(text, origin), flags, shell)
		: await withTls(parseEndpoint(text, origin), shell.env);
	return { endpoint, runner: runnerOf(flags) };
}

/**
 * Verbs that touch nothing but a repository need no Docker for one in S3, or in a directory of this machine,
 * unless a host is named.
 */
export async function whereOf(
	flags: DockerValues,
	{ location }: RepositorySettings,
	shell: Shell,
): Promise<Where> {
	if (location.type !== 'volume' && flags['docker-host'] === undefined) return { type: 'process' };
	return { type: 'runner', host: await hostOf(flags, shell) };
}

/** `origin`: where the text stands, for the message. */
export function parseEndpoint(text: string, origin: string): DockerEndpoint {
	const socketPath = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
	if (socketPath !== undefined) return { type: 'socket', socketPath };
	const tcp = /^tcp:\/\/(\[[0-9a-f:.]+\]|[^\s/:[\]@]+):(\d{1,5})\/?$/i.exec(text);
	const port = Number(tcp?.[2]);
	if (tcp?.[1] !== undefined && port >= 1 && port <= 65_535) {
		return { type: 'tcp', host: tcp[1].replace(/^\[|\]$/g, ''), port };
	}
	throw usage(
		`${origin}: ${JSON.stringify(text)} is no Docker host`,
		'Write unix:///path/to/docker.sock, tcp://host:port or ssh://user@host.',
	);
}

async function withTls(endpoint: DockerEndpoint, env: Environment): Promise<DockerEndpoint> {
	if (endpoint.type !== 'tcp' || !env['DOCKER_TLS_VERIFY']) return endpoint;
	const folder = env['DOCKER_CERT_PATH'] || join(env['HOME'] ?? '/', '.docker');
	const [ca, cert, key] = await Promise.all(
		['ca.pem', 'cert.pem', 'key.pem'].map((name) => pem(join(folder, name))),
	);
	return { ...endpoint, tls: { ca, cert, key } };
}

async function pem(path: string): Promise<string> {
	try {
		return await readFile(path, 'utf8');
	} catch (cause) {
		throw new BackupError('docker_failed', `the certificate file ${path} can't be read`, {
			hint: 'DOCKER_TLS_VERIFY is set: DOCKER_CERT_PATH must hold ca.pem, cert.pem and key.pem.',
			cause,
		});
	}
}

function runnerOf(flags: DockerValues): RunnerSettings {
	const memory = flags['runner-memory'];
	return {
		...defaultRunner,
		image: flags['runner-image'] ?? defaultRunner.image,
		memoryBytes: memory === undefined ? defaultRunner.memoryBytes : parseMemory(memory),
		network: parseNetwork(flags['runner-network'] ?? defaultRunner.network),
	};
}

function parseNetwork(name: string): string {
	if (name !== 'none' && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return name;
	throw usage(
		`--runner-network ${JSON.stringify(name)} is no network for runners`,
		'Write bridge, host, or the name of a network on the Docker host.',
	);
}

/** Bytes of `536870912`, `512m`, `1g` (powers of 1024, as Docker reads them). */
export function parseMemory(text: string): number {
	const [, digits, unit = ''] = /^(\d{1,15})([bkmg]?)$/i.exec(text) ?? [];
	const bytes = Number(digits) * 1024 ** 'bkmg'.indexOf(unit.toLowerCase() || 'b');
	if (digits === undefined || !Number.isSafeInteger(bytes)) {
		throw usage(`--runner-memory ${JSON.stringify(text)} is no size`, 'Write e.g. 512m or 1g.');
	}
	if (bytes < leastMemory)
		throw usage(`--runner-memory ${text} is too little`, `Give it at least ${leastMemory >> 20}m.`);
	return bytes;
}
