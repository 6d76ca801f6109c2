/**
 * The guard: a second small container that starts again what a backup has brought to rest, when its runner is gone or
 * the time is over, also after a restart of the Docker daemon, and whoever else is gone.
 */
import { BackupError } from '../../protocol/errors';
import type { DockerHost } from '../api';
import type { Held } from './holds';

export interface GuardSpec {
	readonly runId: string;
	readonly job: string | null;
	/** As for the runner: reference, and id of the image that the host has. */
	readonly image: string;
	readonly imageId: string;
	/** In the order in which they are started. */
	readonly containers: readonly Held[];
	readonly downtimeLimitMs: number;
	/** Of the Docker socket on the Docker host itself. */
	readonly socketPath: string;
}

export interface Guard {
	/** Ends it: everything runs again. Any number of times. */
	dismiss(): Promise<void>;
}

/** Resolves once it watches. Throws `guard_failed`. */
export async function startGuard(_host: DockerHost, _spec: GuardSpec, _signal: AbortSignal): Promise<Guard> {
	return await Promise.reject(new BackupError('guard_failed', 'not written yet'));
}
