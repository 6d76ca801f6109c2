/**
 * When each volume of a host was last backed up: by the sound backups of a repository (signed, where it has a key;
 * neither failed nor being deleted) that were made on the host of this name.
 */
import { isSound, type CatalogEntry } from './catalog-entry';
import type { Keyring } from './keyring';
import { readCatalog } from './list-records';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface Protection {
	readonly id: string;
	readonly job: string;
	/** When that backup began, ISO 8601: the volume's content is at least as new. */
	readonly at: string;
}

/** By the volume's name. */
export async function lastProtections(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	host: string,
): Promise<ReadonlyMap<string, Protection>> {
	const { entries, keyring } = await readCatalog(context, where, repository, { job: null, id: null });
	return newestOf(entries, keyring, host);
}

export function newestOf(
	entries: readonly CatalogEntry[],
	keyring: Keyring,
	host: string,
): ReadonlyMap<string, Protection> {
	const newest = new Map<string, Protection>();
	for (const entry of entries) {
		if (!isSound(entry, keyring) || entry.record.host !== host) continue;
		const { id, job, startedAt, sources } = entry.record;
		for (const { type, name } of sources) {
			if (type !== 'volume' || (newest.get(name)?.at ?? '') >= startedAt) continue;
			newest.set(name, { id, job, at: startedAt });
		}
	}
	return newest;
}
