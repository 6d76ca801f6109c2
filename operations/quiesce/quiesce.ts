/**
 * Brings the containers that use an archive's sources to rest while these are read: chosen, protected, held, guarded,
 * stopped or paused in the order of their dependencies, and as they were again afterwards. One `Quieting` for a run;
 * its archives follow each other.
 */
import { ownContainer } from '../../docker/own-container';
import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext } from '../settings';
import { ArchiveRest } from './archive-rest';
import type { Quieting, Rested } from './quieting';
import type { QuiesceRequest } from './requests';
import type { UsedSources } from './used-sources';

export type { UsedSources } from './used-sources';

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
	context: OperationContext,
	hostSettings: HostSettings,
	spec: QuietingSpec,
): Quieting | undefined {
	const { mode, before, after } = spec.request;
	if (mode === 'none' && before.length + after.length === 0) return undefined;
	const archives = new Map<string, ArchiveRest>();
	return {
		async begin(id) {
			const sources = spec.sources.get(id);
			if (!sources) throw new BackupError('unexpected', `nobody knows what ${id} is read from`);
			// Two archives may be read from what the same containers use.
			for (const earlier of archives.values()) await earlier.end();
			const own = spec.own === undefined ? await ownContainer() : spec.own;
			const archive = new ArchiveRest(context, hostSettings, { ...spec, own, sources });
			archives.set(id, archive);
			await archive.begin();
		},
		async end(id) {
			return (await archives.get(id)?.end()) ?? nothingRested;
		},
	};
}

const nothingRested: Rested = {
	consistency: 'live',
	downtimeMs: 0,
	warnings: [],
	refusal: null,
	problems: [],
};
