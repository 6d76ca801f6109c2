/** What a record says of its archive: which files it has, and whether there are entries in it. */
import { BackupError } from '../../protocol/errors';
import type { BackupRecord, Kind, RecordFile } from '../../protocol/record';

/** Throws `record_malformed`. */
export function fileOf(record: BackupRecord, role: RecordFile['role']): RecordFile {
	const file = record.files.find((candidate) => candidate.role === role);
	if (file) return file;
	throw new BackupError('record_malformed', `record ${record.id} names no ${role}`);
}

/** Whether archives of this kind are a tar with an index of its entries; the others are one content with a description. */
export const holdsEntries = (kind: Kind): boolean => kind === 'volume' || kind === 'container';

/** Names that the trees of a record's archive have below `volumes/`. */
export const volumeNames = ({ sources }: Pick<BackupRecord, 'sources'>): string[] =>
	sources.filter(({ type }) => type !== 'container').map(({ name }) => name);

const insteads: Readonly<Record<Kind, string>> = {
	volume: 'Restore its volumes, or extract them into a directory.',
	container: 'Restore its volumes, or extract them into a directory.',
	postgres: 'Restore it as a Postgres dump, or decrypt the file and give it to pg_restore.',
	sqlite: 'Restore it as a SQLite snapshot, or decrypt the file: it is the whole database.',
	image: 'Restore it as images, or decrypt and decompress the file and give it to docker load.',
};

/** For work on files and folders. Throws `archive_kind_mismatch`. */
export function requireEntries({ id, kind }: Pick<BackupRecord, 'id' | 'kind'>): void {
	if (holdsEntries(kind)) return;
	throw new BackupError(
		'archive_kind_mismatch',
		`${id} is a ${kind} archive, which holds no files and folders`,
		{
			hint: insteads[kind],
		},
	);
}

/** For work on one content. Throws `archive_kind_mismatch`. */
export function requireWholeContent({ id, kind }: Pick<BackupRecord, 'id' | 'kind'>): void {
	if (!holdsEntries(kind)) return;
	throw new BackupError(
		'archive_kind_mismatch',
		`${id} is a ${kind} archive, whose files are in its volumes`,
		{
			hint: insteads[kind],
		},
	);
}
