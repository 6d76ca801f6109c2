/** The storage of a location. Throws `repository_not_found` and the storage's own errors. */
import type { Location } from '../../protocol/job';
import { createLocalStorage } from './local-storage';
import type { Storage } from './storage';

export async function openStorage(location: Location, signal: AbortSignal): Promise<Storage> {
	signal.throwIfAborted();
	switch (location.type) {
		case 'directory':
			return await createLocalStorage(location.path);
	}
}
