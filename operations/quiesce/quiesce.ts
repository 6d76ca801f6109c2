/**
 * Brings the containers that use an archive's sources to rest while these are read: chosen, protected, held, guarded,
 * stopped or paused in the order of their dependencies, and as they were again afterwards. One `Quieting` for a run.
 */
import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext } from '../settings';
import type { Quieting } from './quieting';
import type { QuiesceRequest } from './requests';

/** What an archive is read from. */
export interface UsedSources {
	/** Names of volumes. */
	readonly volumes: readonly string[];
	/** Absolute paths on the Docker host. */
	readonly directories: readonly string[];
	/** With `using`: names or ids of containers that rest too, whatever they use. */
	readonly containers: readonly string[];
}

export interface QuietingSpec {
	/** As the labels of the run's runner have it (`newRunId`, `BackupRun.runId`). */
	readonly runId: string;
	readonly job: string | null;
	readonly request: QuiesceRequest;
	/** By the id of the archive (`ArchivePlan.id`). */
	readonly sources: ReadonlyMap<string, UsedSources>;
	/** Id of the container that this process runs in; null: in none; default: found out. */
	readonly own?: string | null;
}

/** Undefined when nothing is asked: no containers, and no commands. */
export function createQuieting(
	_context: OperationContext,
	_hostSettings: HostSettings,
	{ request: { mode, before, after } }: QuietingSpec,
): Quieting | undefined {
	if (mode === 'none' && before.length + after.length === 0) return undefined;
	throw new BackupError('unexpected', 'not written yet');
}
