/** Browse: what an archive of volumes holds, page by page. Reads its index alone. */
import type { ArchiveEntry } from '../protocol/events';
import { emptyGo } from '../protocol/job';
import type { BackupRecord } from '../protocol/record';
import { findId, receiveEntries } from './list-records';
import { chooseSources } from './restore-volumes';
import { runJob } from './run-job';
import { requireRestorable, selectOne, type Selection } from './select';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface BrowseRequest {
	readonly selection: Selection;
	/** Volumes of the archive; empty means all. */
	readonly volumes: readonly string[];
	/** A path below every volume's root, in one of them at least; '' for everything. */
	readonly under: string;
	/** Globs from the volume's root; empty means everything. */
	readonly patterns: readonly string[];
	readonly offset: number;
	/** Null: all. */
	readonly limit: number | null;
	readonly allowUnsigned: boolean;
}

export interface Browsed {
	readonly record: BackupRecord;
	/** Of this page, in the order of their paths. */
	readonly entries: readonly ArchiveEntry[];
	/** How many match in all, and the bytes of their content. */
	readonly total: number;
	readonly totalBytes: number;
}

export async function browseArchive(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ selection, allowUnsigned, ...request }: BrowseRequest,
): Promise<Browsed> {
	const id = await findId(context, where, repository, selection);
	const work = { job: { verb: 'browse', id, ...request }, role: 'repository', labelledJob: null } as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const found = await receiveEntries(session, 'ready', keyring);
		const entry = selectOne(found, { by: 'id', id }, keyring);
		requireRestorable(entry, keyring, allowUnsigned);
		const { record } = entry;
		chooseSources(record, request.volumes);
		session.send('go', { ...emptyGo, archives: [{ record, key: await keyring.keyOf(record) }] });
		const entries: ArchiveEntry[] = [];
		for (;;) {
			const event = await session.next('entries', 'done');
			if (event.event === 'done') return { record, entries, total: event.entries, totalBytes: event.bytes };
			entries.push(...event.entries);
		}
	});
}
