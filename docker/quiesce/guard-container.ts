/** What a guard may do, and the container that allows no more: a pure function. It holds no secret. */
import { labels } from '../labels';
import type { GuardSpec } from './guard';
import { guardSource, guardsSocket, type GuardPlan } from './guard-program';
import { holdPrefix } from './ours';

/** The orchestrator has its own limit: the guard's is for when that does not keep it. */
const graceMs = 15_000;

/** The body of the create request. */
export function guardContainer(spec: GuardSpec): object {
	const plan: GuardPlan = {
		runId: spec.runId,
		limitMs: spec.downtimeLimitMs + graceMs,
		order: spec.containers.map(({ id }) => id),
		roleLabel: labels.role,
		holdPrefix,
	};
	return {
		Image: spec.imageId,
		Entrypoint: ['node'],
		Cmd: ['--no-warnings', '--max-old-space-size=24', '-e', guardSource, JSON.stringify(plan)],
		// Owner of the socket; without any capability it may not open the socket of another one.
		User: '0:0',
		WorkingDir: '/',
		Env: [],
		Labels: {
			[labels.role]: 'guard',
			[labels.image]: spec.image,
			[labels.run]: spec.runId,
			...(spec.job !== null && { [labels.job]: spec.job }),
		},
		AttachStdout: true,
		AttachStderr: true,
		Tty: false,
		StopTimeout: 2,
		Healthcheck: { Test: ['NONE'] },
		HostConfig: {
			Mounts: [{ Type: 'bind', Source: spec.socketPath, Target: guardsSocket, ReadOnly: true }],
			NetworkMode: 'none',
			ReadonlyRootfs: true,
			CapDrop: ['ALL'],
			// SELinux lets no container use the socket that is not exempt.
			SecurityOpt: ['no-new-privileges', 'label=disable'],
			Privileged: false,
			Memory: memoryBytes,
			MemorySwap: memoryBytes,
			PidsLimit: 32,
			LogConfig: { Type: 'none', Config: {} },
			// Comes back with the daemon; and not once it has done its work.
			RestartPolicy: { Name: 'on-failure' },
			AutoRemove: false,
		},
	};
}

/** It uses 14 MB beside pages of the image, which it can do without. */
const memoryBytes = 64 << 20;
