/** An entry of the catalog as an item: flat, with the record's own names, its trust, and what was stated later. */
import type { CatalogEntry } from '../../operations';

export function entryJson(entry: CatalogEntry): object {
	switch (entry.status) {
		case 'running':
			return { ...entry.run, status: entry.status };
		case 'unreadable':
			return entry;
		case 'success':
		case 'failed':
			return {
				...entry.record,
				trust: entry.trust,
				held: entry.held,
				deleting: entry.deleting,
				verifications: entry.verifications,
			};
	}
}
