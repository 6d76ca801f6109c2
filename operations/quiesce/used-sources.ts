/** What an archive is read from. */
import type { ArchivePlan } from '../../protocol/job';
import type { Source } from '../volume-sources';

export interface UsedSources {
	/** Names of volumes. */
	readonly volumes: readonly string[];
	/** Absolute paths on the Docker host. */
	readonly directories: readonly string[];
	/** With `using`: names or ids of containers that rest too, whatever they use. */
	readonly containers: readonly string[];
}

/** `sources`: those of the run. */
export function usedSources({ sources: planned }: ArchivePlan, sources: readonly Source[]): UsedSources {
	const own = sources.filter(({ path }) => planned.some((source) => source.path === path));
	const from = (type: Source['type']) => own.filter((each) => each.type === type).map((each) => each.from);
	return { volumes: from('volume'), directories: from('directory'), containers: [] };
}
