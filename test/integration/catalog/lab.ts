/**
 * A repository with real archives for the tests of the catalog: in a new directory, or in a bucket of the S3 server.
 * The operations run as from the command line: the engine in a worker thread, from the last build.
 */
import type { Storage } from '../../../engine/repository/storage';
import { openStorage } from '../../../engine/repository/open-storage';
import type { RepositorySettings } from '../../../operations/settings';
import { systemClock } from '../../../protocol/clock';
import type { Location } from '../../../protocol/location';
import { systemRandom } from '../../../protocol/random';
import type { BackupRecord } from '../../../protocol/record';
import { idOf, makeBackup, rawSecret, settingsFor } from '../../engine/backups';
import { scratchDirectories } from '../../fakes/directories';
import { buckets, locationIn } from '../s3/buckets';

export const where = { type: 'process' } as const;
export const job = 'nightly';

export interface CatalogLab {
	readonly storage: Storage;
	readonly repository: RepositorySettings;
	/** Of three backups, oldest first. */
	readonly records: readonly BackupRecord[];
}

/** Call it at the top of a test file. */
export function catalogLab() {
	const newDirectory = scratchDirectories();
	const { create } = buckets();
	const fill = async (location: Location, changes: Partial<RepositorySettings>): Promise<CatalogLab> => {
		const surroundings = {
			scratch: null,
			clock: systemClock,
			random: systemRandom,
			signal: new AbortController().signal,
		};
		const storage = await openStorage(location, surroundings);
		const repository = settingsFor(location, rawSecret(), changes);
		const records: BackupRecord[] = [];
		const scratch = newDirectory();
		for (const second of [1, 2, 3]) {
			records.push(await makeBackup(storage, repository, { job, second, scratch, volumes: ['app', 'db'] }));
		}
		return { storage, repository, records };
	};
	return {
		newDirectory,
		inDirectory: (changes: Partial<RepositorySettings> = {}) =>
			fill({ type: 'directory', path: newDirectory() }, changes),
		inBucket: async (changes: Partial<RepositorySettings> = {}) =>
			fill(locationIn(await create('catalog'), 'backups'), changes),
	};
}

export const idAt = (second: number): string => idOf(job, second);
