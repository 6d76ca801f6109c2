/** An entry of the catalog as an item: flat, with the record's own names, and its trust. */
import type { CatalogEntry } from '../../operations';

export function entryJson(entry: CatalogEntry): object {
	switch (entry.status) {
		case 'running':
			return { ...entry.run, status: entry.status };
		case 'unreadable':
			return { id: entry.id, status: entry.status, problem: entry.problem };
		case 'success':
		case 'failed':
			return { ...entry.record, trust: entry.trust };
	}
}
