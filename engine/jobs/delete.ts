/**
 * Delete: under the job's lease, shows the archives that are meant and the deletions that earlier runs began,
 * is told which of them to delete, finish or withdraw, and does so, archive by archive.
 */
import { BackupError, joinErrors } from '../../protocol/errors';
import { reportOf } from '../../protocol/events';
import { parseGoFrame, type DeleteJob, type GoFrame } from '../../protocol/job';
import type { Engine } from '../environment';
import { deleteAll, type Deletion } from '../repository/deletion';
import { factKeyOf } from '../repository/layout';
import { acquireLease, type Lease } from '../repository/lease';
import { findRecords, tellFound, type Filter, type Found } from './list';
import { meetRepository } from './meet';

export async function deleteArchives(job: DeleteJob, engine: Engine): Promise<void> {
	const { conversation, storage, clock } = engine;
	await meetRepository(engine);
	// A job that has none of them need not be locked, and may not even exist.
	if (!holdsAny(await findWanted(job, engine))) {
		conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
		await conversation.receive('go');
		conversation.say({ event: 'done', entries: 0, bytes: 0 });
		return;
	}
	const lease = await acquireLease(storage, job.job, {
		runId: job.runId,
		host: job.host,
		waitMs: job.lockWaitMs,
		clock,
		signal: conversation.signal,
	});
	let failure: unknown;
	let deleted = 0;
	try {
		deleted = await deleteUnder(lease, job, engine);
	} catch (error) {
		failure = error;
	}
	try {
		await lease.release();
	} catch (error) {
		failure = joinErrors(failure, error);
	}
	if (failure !== undefined) throw failure;
	conversation.say({ event: 'done', entries: deleted, bytes: 0 });
}

/** The archives to delete, and those whose deletion has begun. */
async function findWanted({ job, ids }: DeleteJob, { storage, conversation }: Engine): Promise<Found> {
	const asked = new Set(ids);
	const wanted: Filter['wanted'] = ({ id, facts }) =>
		asked.has(id) || facts.some(({ name }) => name === 'deleted');
	return await findRecords(storage, { job, id: null, wanted }, conversation.signal);
}

const holdsAny = ({ records, running, deleting }: Found): boolean =>
	records.length + running.length + deleting.length > 0;

async function deleteUnder(lease: Lease, job: DeleteJob, engine: Engine): Promise<number> {
	const { conversation, storage } = engine;
	const { signal } = conversation;
	const found = await findWanted(job, engine);
	await tellFound(found, engine);
	conversation.say({ event: 'ready', seq: lease.generation, staleRuns: [] });
	const go = parseGoFrame(await conversation.receive('go'));
	for (const { id, ulid } of go.withdraw) {
		await lease.check();
		await storage.delete(factKeyOf(job.job, id, 'deleted', ulid), signal);
	}
	let deleted = 0;
	const under = { check: () => lease.check(), signal };
	for await (const { id, error } of deleteAll(storage, job.job, deletionsOf(job, found, go), under)) {
		if (error === null) deleted += 1;
		conversation.say({ event: 'deleted', id, error: error && reportOf(error) });
	}
	return deleted;
}

function deletionsOf(job: DeleteJob, { records }: Found, { facts, finish }: GoFrame): Deletion[] {
	const told = new Map(records.map((group) => [group.id, new Set(group.facts.map(({ ulid }) => ulid))]));
	const weighedOf = (id: string) => told.get(id) ?? new Set<string>();
	const begun = finish.map(({ id, ulid }) => ({ id, ulid, fact: null, weighed: weighedOf(id) }));
	const asked = facts.map((fact) => {
		if (fact.job !== job.job || fact.name !== 'deleted' || !job.ids.includes(fact.id)) {
			throw new BackupError('protocol_violation', `a ${fact.name} of ${fact.id} is no deletion of this job`);
		}
		return { id: fact.id, ulid: fact.ulid, fact, weighed: weighedOf(fact.id) };
	});
	return [...begun, ...asked];
}
