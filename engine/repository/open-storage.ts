/** The storage of a location. That it is there shows in its first call (`repository_not_found`). */
import type { Location } from '../../protocol/job';
import { createLocalStorage } from './local-storage';
import type { Storage } from './storage';

export async function openStorage(location: Location, signal: AbortSignal): Promise<Storage> {
	signal.throwIfAborted();
	switch (location.type) {
		case 'directory':
			return createLocalStorage(location.path);
	}
}
