/** Browse: what an archive of volumes holds, page by page. Reads its index alone; in one engine. */
import type { ArchiveEntry } from '../protocol/events';
import { emptyGo } from '../protocol/job';
import { parseArchiveId } from '../protocol/names';
import type { BackupRecord } from '../protocol/record';
import { receiveEntries } from './list-records';
import { chooseSources } from './restore-volumes';
import { runJob } from './run-job';
import { requireRestorable, selectOne } from './select';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface BrowseRequest {
	readonly id: string;
	/** Volumes of the archive; empty means all. */
	readonly volumes: readonly string[];
	/** A path below every volume's root; '' for everything. */
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
	{ allowUnsigned, ...request }: BrowseRequest,
): Promise<Browsed> {
	const selection = { by: 'id', id: parseArchiveId(request.id) } as const;
	const work = { job: { verb: 'browse', ...request }, role: 'repository', labelledJob: null } as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const found = await receiveEntries(session, 'ready', keyring);
		const entry = selectOne(found, selection, keyring);
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
