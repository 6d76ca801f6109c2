/** List: the records of a repository, newest first, each with its trust; and the runs under way. */
import type { StoredFact } from '../protocol/fact';
import { parseJobName } from '../protocol/names';
import { readEntry, type CatalogEntry } from './catalog-entry';
import type { Keyring } from './keyring';
import { runJob } from './run-job';
import { filterOf, selectEntries, selectOne, type Selection } from './select';
import type { Session } from './session';
import type { OperationContext, RepositorySettings, Where } from './settings';

export async function listRecords(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: { readonly job: string | null; readonly limit: number | null },
): Promise<CatalogEntry[]> {
	const job = request.job === null ? null : parseJobName(request.job);
	const filter = { job, id: null, limit: request.limit };
	const { entries } = await readCatalog(context, where, repository, filter);
	return request.limit === null ? entries : entries.slice(0, request.limit);
}

/** One record, by its exact id. */
export async function getRecord(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	id: string,
): Promise<CatalogEntry> {
	const selection = { by: 'id', id } as const;
	const { entries, keyring } = await readCatalog(context, where, repository, { job: null, id });
	const running = entries.find((entry) => entry.status === 'running');
	const [found] = running ? [running] : selectEntries(entries, selection, keyring);
	return found;
}

/** For what reads one record by its id: which one the latest of a job is, only the whole list says. */
export async function findId(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	selection: Selection,
): Promise<string> {
	const filter = filterOf(selection);
	if (filter.id !== null) return filter.id;
	const { entries, keyring } = await readCatalog(context, where, repository, filter);
	return selectOne(entries, selection, keyring).id;
}

export interface Catalog extends Received {
	readonly keyring: Keyring;
}

export interface Received {
	readonly entries: CatalogEntry[];
	/** Deletions that have begun, as stated: unchecked, and perhaps of archives whose record is gone. */
	readonly deletions: StoredFact[];
	/** What was stated about the entries; unchecked. */
	readonly facts: StoredFact[];
}

export async function readCatalog(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	filter: { readonly job: string | null; readonly id: string | null; readonly limit?: number | null },
): Promise<Catalog> {
	const work = {
		job: { verb: 'list', ...filter, limit: filter.limit ?? null },
		role: 'repository',
		labelledJob: filter.job,
	} as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => ({
		...(await receiveCatalog(session, 'done', keyring)),
		keyring,
	}));
}

/** Entries until the event that closes them. */
export async function receiveEntries(
	session: Session,
	closing: 'done' | 'ready',
	keyring: Keyring,
): Promise<CatalogEntry[]> {
	return (await receiveCatalog(session, closing, keyring)).entries;
}

export async function receiveCatalog(
	session: Session,
	closing: 'done' | 'ready',
	keyring: Keyring,
): Promise<Received> {
	const entries: CatalogEntry[] = [];
	const deletions: StoredFact[] = [];
	const facts: StoredFact[] = [];
	for (;;) {
		const event = await session.next('records', closing);
		if (event.event !== 'records') return { entries, deletions, facts };
		deletions.push(...event.deletions);
		facts.push(...event.records.flatMap((stored) => stored.facts));
		entries.push(
			...event.running.map((run) => ({ status: 'running', id: run.id, job: run.job, run }) as const),
		);
		entries.push(...event.records.map((stored) => readEntry(stored, keyring)));
	}
}
