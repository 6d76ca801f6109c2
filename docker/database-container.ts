/**
 * A throwaway container for a drill: a database server that nobody else can reach, and that leaves nothing. It has no
 * network, no port, no mount of others and no log on the host; its data is in anonymous volumes that go with it.
 *
 * It lives no longer than its owner: it runs until its input ends, which we hold and never write to; and no longer than
 * `mostLifeMs`, after which `reapOrphans` takes it even while it runs. Once `startDatabaseContainer` returned, its
 * signal has no say: the caller calls `dispose`.
 *
 * Throws `image_not_found`, `image_pull_failed`, `docker_failed` with the daemon's words, what `api.ts` throws, and the
 * signal's reason.
 */
import { joinErrors } from '../protocol/errors';
import { answers, request, segment, type DockerHost } from './api';
import { attach, type Attached } from './attach';
import { DaemonError } from './failures';
import { ensureImage, imageNotFound } from './images';
import { labels } from './labels';
import type { OnProgress } from './pull-progress';

export interface DatabaseContainerSpec {
	/** Reference of an image with `sh`, whose entrypoint takes the command. */
	readonly image: string;
	/** `runLabels`. */
	readonly labels: Readonly<Record<string, string>>;
	/** Limit of memory and swap together; default: none. */
	readonly memoryBytes?: number;
	readonly environment: Readonly<Record<string, string>>;
	/** Default: the image's own. */
	readonly command?: readonly string[];
	/** From its creation; default a day. */
	readonly mostLifeMs?: number;
	readonly onProgress?: OnProgress;
}

export interface DatabaseContainer {
	readonly id: string;
	/** The last of what it said, for an error: at most 8 KiB, and nothing secret that its image does not print. */
	lastOutput(): string;
	/** Stops and removes it with its data; any number of times. */
	dispose(): Promise<void>;
}

/** Creating and starting take long on a busy host; together less than the age of an orphan. */
const startLimitMs = 50_000;
const day = 86_400_000;
/** Proxies on the way forget connections that are silent for minutes. */
const heartbeatMs = 20_000;
const outputKept = 8 << 10;

/**
 * Around the image's own program, which becomes process 1: when our input ends, it is told to end at once. Told again
 * and again: as long as it is a shell that prepares the data it does not listen.
 */
const script = `
exec 3<&0 </dev/null
{
	while read -r line; do :; done
	while :; do kill -s QUIT 1; sleep 1; done
} <&3 >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export async function startDatabaseContainer(
	host: DockerHost,
	spec: DatabaseContainerSpec,
	signal?: AbortSignal,
): Promise<DatabaseContainer> {
	const { onProgress } = spec;
	const { id: imageId } = await ensureImage(host, spec.image, {
		...(signal && { signal }),
		...(onProgress && { onProgress }),
	});
	const body = bodyOf(spec, imageId, await programOf(host, imageId, signal));
	const id = await create(host, spec, body, signal);
	let attached: Attached | undefined;
	try {
		attached = await attach(host, id, signal);
		await request(host, {
			method: 'POST',
			path: `/containers/${segment(id)}/start`,
			doing: `start a container of ${spec.image}`,
			signal,
			limitMs: startLimitMs,
		});
		signal?.throwIfAborted();
		return held(host, id, attached);
	} catch (error) {
		attached?.close();
		throw joinErrors(error, await remove(host, id).catch((later: unknown) => later));
	}
}

function held(host: DockerHost, id: string, attached: Attached): DatabaseContainer {
	let output = Buffer.alloc(0);
	for (const stream of [attached.stdout, attached.stderr]) {
		stream.on('data', (chunk: Buffer) => (output = Buffer.concat([output, chunk]).subarray(-outputKept)));
	}
	const heartbeat = setInterval(() => attached.stdin.writable && attached.stdin.write('\n'), heartbeatMs);
	heartbeat.unref();
	const dispose = async () => {
		clearInterval(heartbeat);
		try {
			await remove(host, id);
		} finally {
			attached.close();
		}
	};
	return { id, lastOutput: () => output.toString(), dispose };
}

interface ImageProgram {
	readonly entrypoint: readonly string[];
	readonly command: readonly string[];
	/** Paths that the image wants volumes at. */
	readonly volumes: readonly string[];
}

async function programOf(host: DockerHost, imageId: string, signal?: AbortSignal): Promise<ImageProgram> {
	const answer = await request(host, {
		method: 'GET',
		path: `/images/${segment(imageId)}/json`,
		doing: 'inspect an image',
		signal,
	});
	const config = answers.fields(answers.fields(answer)['Config'], 'Config');
	const list = (name: string) => answers.nullable(config, name, (f, key) => answers.strings(f, key)) ?? [];
	const volumes = answers.nullable(config, 'Volumes', (f, name) => answers.fields(f[name], name)) ?? {};
	return { entrypoint: list('Entrypoint'), command: list('Cmd'), volumes: Object.keys(volumes) };
}

/** What official database images need: files for a user of their own, and to become that user. */
const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID'];

function bodyOf(spec: DatabaseContainerSpec, imageId: string, image: ImageProgram): object {
	const { environment, memoryBytes, mostLifeMs = day } = spec;
	const written = { ...spec.labels, [labels.role]: 'drill', [labels.image]: spec.image };
	return {
		Image: imageId,
		Entrypoint: ['sh', '-c', script, 'sh', ...image.entrypoint],
		Cmd: spec.command ?? image.command,
		Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
		Labels: { ...written, [labels.mostLife]: String(mostLifeMs) },
		AttachStdin: true,
		AttachStdout: true,
		AttachStderr: true,
		OpenStdin: true,
		// Else it never sees the end of its input.
		StdinOnce: true,
		Tty: false,
		Healthcheck: { Test: ['NONE'] },
		HostConfig: {
			// Without a name they go with the container, whoever removes it; labels tell whose they were.
			Mounts: image.volumes.map((path) => ({
				Type: 'volume',
				Target: path,
				VolumeOptions: { Labels: written },
			})),
			NetworkMode: 'none',
			CapDrop: ['ALL'],
			CapAdd: capabilities,
			SecurityOpt: ['no-new-privileges'],
			Privileged: false,
			...(memoryBytes !== undefined && { Memory: memoryBytes, MemorySwap: memoryBytes }),
			PidsLimit: 1024,
			// Docker's 64 MiB are too few for parallel work on large tables.
			ShmSize: 1 << 30,
			LogConfig: { Type: 'none', Config: {} },
			RestartPolicy: { Name: 'no' },
			AutoRemove: false,
		},
	};
}

/** Without the signal: the id comes with the answer, and with it the means to clean up. */
async function create(
	host: DockerHost,
	{ image }: DatabaseContainerSpec,
	body: object,
	signal?: AbortSignal,
): Promise<string> {
	signal?.throwIfAborted();
	const created = await request(host, {
		method: 'POST',
		path: '/containers/create',
		body,
		doing: `create a container of ${image}`,
		limitMs: startLimitMs,
		map: (error) =>
			error instanceof DaemonError && /no such image/i.test(error.message)
				? imageNotFound(image, undefined, error)
				: undefined,
	});
	return answers.string(answers.fields(created), 'Id');
}

async function remove(host: DockerHost, id: string): Promise<void> {
	await request(host, {
		method: 'DELETE',
		path: `/containers/${segment(id)}`,
		query: { force: true, v: true },
		doing: 'remove the container of a drill',
		limitMs: startLimitMs,
		// Gone, or somebody is just removing it.
		accept: [404, 409],
	});
}
