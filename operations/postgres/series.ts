/**
 * Series of Postgres archives, `<container>:<database>` and `<container>:globals`, and which archive the latest of a
 * job is.
 */
import type { BackupRecord } from '../../protocol/record';
import type { CatalogEntry, StoredEntry } from '../catalog-entry';
import type { Keyring } from '../keyring';
import { selectOne, type Selection } from '../select';
import { quoteIdentifier } from './quoting';

/** A database's name within its server's series: never `globals`, which is the series of the roles. */
export function seriesPart(database: string): string {
	return database === 'globals' || database.startsWith('"') ? quoteIdentifier(database) : database;
}

export const isGlobals = ({ kind, series }: Pick<BackupRecord, 'kind' | 'series'>): boolean =>
	kind === 'postgres' && /^[^:]*:globals$/.test(series);

/**
 * The archive that is meant. Of a job's latest, the dump of a database: the globals beside it count only where their
 * series is named, or where there is nothing else. Throws as `selectOne`.
 */
export function selectDump(
	entries: readonly CatalogEntry[],
	selection: Selection,
	keyring: Keyring,
): StoredEntry {
	const asNamed = selection.by === 'id' || ('series' in selection && selection.series !== undefined);
	const dumps = asNamed ? [] : entries.filter((entry) => 'record' in entry && isDump(entry.record));
	return selectOne(dumps.length > 0 ? dumps : entries, selection, keyring);
}

const isDump = (record: BackupRecord): boolean => record.kind === 'postgres' && !isGlobals(record);
