/**
 * Holds: who has brought which container to rest. A hold is a container of ours that is never started, named after the
 * one it holds, so that of two who want the same only one gets it; its labels are the journal: whose run it is, and
 * what must be started again should nobody come back. Docker keeps it over restarts.
 */
import type { Clock } from '../../protocol/environment';
import { BackupError } from '../../protocol/errors';
import type { DockerHost } from '../api';

/** A container of others, and how it is to go on. */
export interface Held {
	readonly id: string;
	readonly name: string;
	readonly mode: 'pause' | 'stop';
	/** Of Compose; null: it belongs to none. Made anew meanwhile, it is found by these or by its name. */
	readonly project: string | null;
	readonly service: string | null;
	readonly number: string | null;
}

export interface HoldOptions {
	readonly runId: string;
	readonly job: string | null;
	/** Id of an image that the host has. */
	readonly imageId: string;
	/** How long to wait for others that hold one of them. */
	readonly waitMs: number;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

export interface Holds {
	/** That container is as it was. Any number of times. */
	release(id: string): Promise<void>;
}

/** All or none, in the order of their ids. Throws `container_held` naming the other run's job. */
export async function holdContainers(
	_host: DockerHost,
	_containers: readonly Held[],
	_options: HoldOptions,
): Promise<Holds> {
	return await Promise.reject(new BackupError('unexpected', 'not written yet'));
}
