/** Ids of the archives of one run: two names can have one slug, and are planned within one millisecond. */
import { archiveIdOf } from '../protocol/names';
import type { OperationContext } from './settings';

export type NewIds = (part?: string) => { readonly id: string; readonly archiveId: string };

/** `part`: what tells this archive from the run's others, in any spelling. */
export function planIds(job: string, { clock, random }: OperationContext): NewIds {
	const taken = new Set<string>();
	return (part) => {
		for (let at = clock.now(); ; at += 1) {
			const id = archiveIdOf(job, part, at, random.bytes(1));
			if (taken.has(id)) continue;
			taken.add(id);
			return { id, archiveId: random.bytes(16).toString('hex') };
		}
	};
}
