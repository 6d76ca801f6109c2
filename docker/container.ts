/**
 * What a runner may do, and the container that allows no more: a pure function of the spec.
 *
 * It runs as root without any privilege but those its work needs, from a read-only root file system, with
 * nothing in its environment that is ours, no network unless asked for, and no log on the host.
 */
import type { ErrorCode } from '../protocol/errors';
import { labels } from './labels';

/** `read`: sources into a repository; `repository`: only the repository; `extract`: out into targets. */
export type RunnerRole = 'read' | 'extract' | 'repository';

export interface RunnerMount {
	readonly type: 'volume' | 'bind';
	/** Name of the volume, or absolute path on the Docker host. It must exist: nothing is ever created. */
	readonly source: string;
	/** Absolute path in the runner. */
	readonly target: string;
	readonly readOnly: boolean;
	/** Code of the error when the source does not exist; default `volume_not_found` or `source_missing`. */
	readonly missingCode?: ErrorCode;
}

export interface RunnerSpec {
	/** Reference or id of an image that the host has (`ensureImage`). */
	readonly image: string;
	readonly role: RunnerRole;
	readonly mounts: readonly RunnerMount[];
	/** Docker network; default `none`. */
	readonly network?: string;
	/** Limit of memory and swap together. */
	readonly memoryBytes: number;
	/** Relative weight, 1024 being a container's usual one. */
	readonly cpuShares: number;
	readonly pidsLimit: number;
	/** `runLabels` and what else the journal needs. */
	readonly labels: Readonly<Record<string, string>>;
	/** Whether there is an empty volume of its own at `scratchDirectory`, which goes with the container. */
	readonly scratch?: boolean;
	/** Whether `trusted.*` attributes are read and written, which takes CAP_SYS_ADMIN. */
	readonly adminXattrs?: boolean;
}

/** Where a runner finds its scratch volume. */
export const scratchDirectory = '/scratch';

/** Every capability the runner keeps, and what for. */
export function capabilitiesOf({ role, mounts, adminXattrs }: RunnerSpec): string[] {
	const wanted = new Set<string>();
	const add = (...names: string[]) => names.forEach((name) => wanted.add(name));
	if (role === 'extract') {
		// Owners, modes, set-id bits, devices and file capabilities as they were, in directories of any owner.
		add('CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP');
	} else {
		// Files that root does not own, whatever their mode.
		add('DAC_READ_SEARCH');
		// A repository may belong to any user, and what is put there takes its owner.
		if (mounts.some((mount) => !mount.readOnly)) add('DAC_OVERRIDE', 'CHOWN');
	}
	if (adminXattrs) add('SYS_ADMIN');
	return [...wanted].sort();
}

/**
 * A backup has a small heap beside large buffers, which it gives back itself; V8 counts them and collects the whole
 * heap every 12 MB, for a third of the engine's CPU time (2.2 GB to S3: 11.2 s with 203 full collections, 6.5 s with
 * 3 at the same peak memory). Set while it runs: a version of Node.js that does not know it only says so.
 */
const fewerCollections = "require('v8').setFlagsFromString('--heap-growing-percent=400');";

/** The body of the create request; `imageId` and `loader` as the daemon and node take them. */
export function containerOf(spec: RunnerSpec, imageId: string, loader: string): object {
	return {
		Image: imageId,
		Entrypoint: ['node'],
		Cmd: ['--no-warnings', '-e', spec.role === 'read' ? `${loader}\n${fewerCollections}` : loader],
		User: '0:0',
		WorkingDir: '/',
		Env: [],
		Labels: { ...spec.labels, [labels.role]: spec.role, [labels.image]: spec.image },
		AttachStdin: true,
		AttachStdout: true,
		AttachStderr: true,
		OpenStdin: true,
		// Else the engine never sees the end of its input.
		StdinOnce: true,
		Tty: false,
		StopTimeout: 2,
		Healthcheck: { Test: ['NONE'] },
		HostConfig: {
			Mounts: [...spec.mounts.map(mountOf), ...(spec.scratch ? [scratchOf(spec)] : [])],
			NetworkMode: spec.network ?? 'none',
			ReadonlyRootfs: true,
			Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
			CapDrop: ['ALL'],
			CapAdd: capabilitiesOf(spec),
			SecurityOpt: ['no-new-privileges'],
			Privileged: false,
			Memory: spec.memoryBytes,
			MemorySwap: spec.memoryBytes,
			PidsLimit: spec.pidsLimit,
			CpuShares: spec.cpuShares,
			LogConfig: { Type: 'none', Config: {} },
			RestartPolicy: { Name: 'no' },
			AutoRemove: false,
		},
	};
}

function mountOf({ type, source, target, readOnly }: RunnerMount): object {
	const mount = { Type: type, Source: source, Target: target, ReadOnly: readOnly };
	// An empty volume must stay empty, whatever the image has at that path.
	return type === 'volume' ? { ...mount, VolumeOptions: { NoCopy: true } } : mount;
}

/**
 * Without a name, so that removing the container removes it too (`v=true`), whoever does; its labels tell whose
 * it was should the daemon ever leave one. Root owns it: no capability is needed.
 */
function scratchOf(spec: RunnerSpec): object {
	const written = { ...spec.labels, [labels.role]: 'scratch' };
	return {
		Type: 'volume',
		Target: scratchDirectory,
		ReadOnly: false,
		VolumeOptions: { NoCopy: true, Labels: written },
	};
}
