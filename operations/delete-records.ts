/**
 * Delete: archives with everything that belongs to them, by their exact ids; also those whose record is forged or
 * can't be read. What keeps one of them is that one's outcome; deletions that earlier runs began in the same job
 * are finished on the way, or withdrawn where the archive is held by now. Throws only what prevents all of it.
 */
import { possibleJobsOf, recordKeyOf } from '../engine/index';
import { BackupError } from '../protocol/errors';
import type { ErrorReport } from '../protocol/events';
import type { StoredFact } from '../protocol/fact';
import { emptyGo, type GoFrame } from '../protocol/job';
import { isGenuine, type CatalogEntry, type Hold } from './catalog-entry';
import { requireReason, stateFact } from './facts';
import { hostNameOf } from './host-name';
import type { Keyring } from './keyring';
import { receiveCatalog, type Received } from './list-records';
import { runJob } from './run-job';
import type { Session } from './session';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface DeleteRequest {
	readonly ids: readonly string[];
	/** Up to 500 characters; may be empty. */
	readonly reason: string;
	/** How long to wait for a run of the same job to end; 0 refuses at once. */
	readonly lockWaitMs: number;
}

export interface DeleteOutcome {
	readonly id: string;
	/** Nothing of it is left. */
	readonly deleted: boolean;
	/** Null exactly when it is deleted. */
	readonly error: ErrorReport | null;
	/** Its deletion was begun by an earlier run; perhaps nobody asked for it now. */
	readonly resumed: boolean;
}

/** One outcome of each id, as asked; behind them those of deletions that were begun before. */
export async function deleteRecords(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: DeleteRequest,
): Promise<DeleteOutcome[]> {
	requireReason(request.reason);
	const host = await hostNameOf(where, context.signal);
	const outcomes = new Map<string, DeleteOutcome>();
	const asked = [...new Set(request.ids)];
	const tried = new Set<string>();
	for (;;) {
		const open = asked.filter((id) => !outcomes.has(id));
		const job = likeliestJob(open, tried);
		if (job === undefined) break;
		tried.add(job);
		const ids = open.filter((id) => possibleJobsOf(id).includes(job));
		for (const outcome of await deleteOf(context, where, repository, { ...request, host, job, ids })) {
			outcomes.set(outcome.id, outcome);
		}
	}
	const missing = (id: string): DeleteOutcome =>
		failed(
			id,
			new BackupError('record_not_found', `there is no record ${id} in this repository`, {
				hint: 'List the records to see their ids.',
			}),
		);
	const others = [...outcomes.values()].filter(({ id }) => !asked.includes(id));
	return [...asked.map((id) => outcomes.get(id) ?? missing(id)), ...others];
}

/** An id alone does not say where its job ends: the job that most of them can be of is asked first. */
function likeliestJob(ids: readonly string[], tried: ReadonlySet<string>): string | undefined {
	const counts = new Map<string, number>();
	for (const job of ids.flatMap(possibleJobsOf)) {
		if (!tried.has(job)) counts.set(job, (counts.get(job) ?? 0) + 1);
	}
	return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

interface DeletionOf extends DeleteRequest {
	readonly job: string;
	readonly host: string;
}

async function deleteOf(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ job, ids, host, reason, lockWaitMs }: DeletionOf,
): Promise<DeleteOutcome[]> {
	const work = {
		job: { verb: 'delete', job, ids, host, lockWaitMs },
		role: 'repository',
		writesRepository: true,
		labelledJob: job,
	} as const;
	const existing = { ...repository, mayCreate: false };
	return await runJob(context, where, existing, work, async (session, { keyring }) => {
		const received = await receiveCatalog(session, 'ready', keyring);
		const plan = planDeletions(received, ids, keyring);
		const facts = plan.begin.map(({ id, objects }) => {
			const statement = { name: 'deleted', job, id, reason, objects, facts: received.facts } as const;
			return stateFact(statement, keyring, context).stored;
		});
		session.send('go', { ...emptyGo, facts, finish: plan.finish, withdraw: plan.withdraw });
		return [...plan.refused, ...(await receiveOutcomes(session, plan.finish))];
	});
}

async function receiveOutcomes(session: Session, finish: GoFrame['finish']): Promise<DeleteOutcome[]> {
	const outcomes: DeleteOutcome[] = [];
	for (;;) {
		const event = await session.next('deleted', 'done');
		if (event.event === 'done') return outcomes;
		const { id, error } = event;
		const resumed = finish.some((deletion) => deletion.id === id);
		outcomes.push({ id, deleted: error === null, error, resumed });
	}
}

export interface DeletionPlan {
	readonly begin: readonly { readonly id: string; readonly objects: readonly string[] }[];
	readonly finish: GoFrame['finish'];
	readonly withdraw: GoFrame['withdraw'];
	readonly refused: readonly DeleteOutcome[];
}

/** What to do with what one job's folder holds. A deletion that nobody can vouch for was never begun. */
export function planDeletions(
	{ entries, deletions }: Pick<Received, 'entries' | 'deletions'>,
	ids: readonly string[],
	keyring: Keyring,
): DeletionPlan {
	const stored = new Map(entries.flatMap((entry) => (entry.status === 'running' ? [] : [[entry.id, entry]])));
	const running = new Set(entries.flatMap((entry) => (entry.status === 'running' ? [entry.id] : [])));
	const begin: { id: string; objects: readonly string[] }[] = [];
	const finish: StoredFact[] = [];
	const withdraw: StoredFact[] = [];
	const refused: DeleteOutcome[] = [];
	const begun = deletions.filter((deletion) => isGenuine(deletion, keyring));
	for (const deletion of begun) {
		const held = stored.get(deletion.id)?.held;
		if (held) {
			withdraw.push(deletion);
			if (!ids.includes(deletion.id))
				refused.push({ ...failed(deletion.id, heldError(deletion.id, held)), resumed: true });
		} else if (!finish.some(({ id }) => id === deletion.id)) finish.push(deletion);
	}
	for (const id of ids) {
		const entry = stored.get(id);
		if (finish.some((deletion) => deletion.id === id)) continue;
		if (entry?.held) refused.push(failed(id, heldError(id, entry.held)));
		else if (entry) begin.push({ id, objects: objectsOf(entry) });
		else if (running.has(id)) refused.push(failed(id, unended(id)));
	}
	const brief = ({ id, ulid }: StoredFact) => ({ id, ulid });
	return { begin, finish: finish.map(brief), withdraw: withdraw.map(brief), refused };
}

/** As far as its record can be read; the engine removes everything that has the id. */
function objectsOf(entry: Exclude<CatalogEntry, { status: 'running' }>): string[] {
	const files = entry.status === 'unreadable' ? [] : entry.record.files.map(({ path }) => path);
	return [recordKeyOf(entry.job, entry.id), ...files];
}

function heldError(id: string, { since, reason }: Hold): BackupError {
	const why = reason === '' ? '' : `: ${reason}`;
	return new BackupError('record_held', `${id} is held since ${since}${why}`, {
		hint: 'Release it first if it may go (docker-backup release, or Release in Backup Catalog).',
	});
}

function unended(id: string): BackupError {
	return new BackupError('record_not_found', `${id} has no record: its run did not end`, {
		hint: 'The next backup of the job records how it ended and removes what it left.',
	});
}

function failed(id: string, { code, message, hint }: BackupError): DeleteOutcome {
	return { id, deleted: false, error: { code, message, hint: hint ?? null }, resumed: false };
}
