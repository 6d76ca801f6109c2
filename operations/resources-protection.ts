/**
 * When each volume of a host was last backed up: by the sound backups of a repository (signed, where it has a key;
 * neither failed nor being deleted) that were made on the host of this name.
 */
import { toBackupError } from '../protocol/errors';
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

/** By the volume's name. A repository that the first backup is still to make protects nothing. */
export async function lastProtections(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	host: string,
): Promise<ReadonlyMap<string, Protection>> {
	try {
		const { entries, keyring } = await readCatalog(context, where, repository, { job: null, id: null });
		return newestOf(entries, keyring, host);
	} catch (error) {
		const isToBeMade = repository.mayCreate && repository.id === null;
		if (isToBeMade && toBackupError(error).code === 'repository_not_found') return new Map();
		throw error;
	}
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
