/**
 * Hold and release: signed facts about one archive. While it is held nothing deletes it, neither by hand nor by
 * retention; the newest of both counts. A hold that comes while the archive is being deleted fails.
 */
import { BackupError } from '../protocol/errors';
import { emptyGo } from '../protocol/job';
import { parseArchiveId } from '../protocol/names';
import type { CatalogEntry, Hold } from './catalog-entry';
import { requireReason, stateFact } from './facts';
import { receiveCatalog } from './list-records';
import { runJob } from './run-job';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface HoldRequest {
	readonly id: string;
	/** Up to 500 characters; may be empty. */
	readonly reason: string;
}

export interface HoldOutcome {
	readonly id: string;
	readonly job: string;
	/** As it is now. */
	readonly held: Hold | null;
}

export async function holdRecord(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: HoldRequest,
): Promise<HoldOutcome> {
	return await note(context, where, repository, request, 'hold');
}

/** Of an archive that is not held, too: nothing is stated then. */
export async function releaseRecord(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: HoldRequest,
): Promise<HoldOutcome> {
	return await note(context, where, repository, request, 'release');
}

async function note(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: HoldRequest,
	name: 'hold' | 'release',
): Promise<HoldOutcome> {
	const id = parseArchiveId(request.id);
	const reason = requireReason(request.reason);
	const work = {
		job: { verb: 'note', id },
		role: 'repository',
		writesRepository: true,
		labelledJob: null,
	} as const;
	const existing = { ...repository, mayCreate: false };
	return await runJob(context, where, existing, work, async (session, { keyring }) => {
		const { entries, facts } = await receiveCatalog(session, 'ready', keyring);
		const { job, held } = requireStored(entries, id, name);
		const stated = stateFact({ name, job, id, reason, facts }, keyring, context);
		const needed = name === 'hold' || held !== null;
		session.send('go', { ...emptyGo, facts: needed ? [stated.stored] : [] });
		if (needed) await session.next('noted');
		await session.next('done');
		return { id, job, held: name === 'hold' ? { since: stated.at, reason } : null };
	});
}

type Stored = Exclude<CatalogEntry, { status: 'running' }>;

function requireStored(entries: readonly CatalogEntry[], id: string, name: string): Stored {
	const entry = entries.find((candidate) => candidate.status !== 'running');
	if (entry === undefined) {
		const why =
			entries.length > 0 ? `${id} is still being written` : `there is no record ${id} in this repository`;
		throw new BackupError('record_not_found', why, { hint: 'List the records to see their ids.' });
	}
	if (name === 'hold' && entry.deleting) {
		throw new BackupError('record_not_found', `${id} is being deleted and can't be held any more`, {
			hint: 'Hold another copy of it, or another record.',
		});
	}
	return entry;
}
