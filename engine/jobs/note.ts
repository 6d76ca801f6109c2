/**
 * Note: stores facts about one archive (hold, release, verified). A hold is put first and then looks for a deletion,
 * as a deletion is stated first and then looks for holds: so one of the two sees the other, and gives way. Evidence
 * gives way too: beside an archive that is gone it would stay for ever.
 */
import { BackupError, joinErrors } from '../../protocol/errors';
import type { FactName, StoredFact } from '../../protocol/fact';
import { parseGoFrame, type NoteJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { findGroup } from '../repository/catalog';
import { putFact } from '../repository/facts';
import { factKeyOf } from '../repository/layout';
import { failureOf } from '../repository/outcomes';
import { tellRecords } from './list';
import { meetRepository } from './meet';

export async function note(job: NoteJob, engine: Engine): Promise<void> {
	const { conversation, storage } = engine;
	const { signal } = conversation;
	await meetRepository(engine);
	await tellRecords({ job: null, id: job.id }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const { facts } = parseGoFrame(await conversation.receive('go'));
	for (const fact of facts) {
		requireOf(job, fact);
		await putFact(storage, fact, signal);
		if (fact.name !== 'release') await giveWayToDeletion(engine, fact);
		conversation.say({ event: 'noted', id: fact.id, ulid: fact.ulid });
	}
	conversation.say({ event: 'done', entries: facts.length, bytes: 0 });
}

const notable: ReadonlySet<FactName> = new Set(['hold', 'release', 'verified']);

function requireOf(job: NoteJob, fact: StoredFact): void {
	if (fact.id === job.id && notable.has(fact.name)) return;
	throw new BackupError('protocol_violation', `a ${fact.name} of ${fact.id} is not for this job to store`);
}

async function giveWayToDeletion({ storage, conversation }: Engine, fact: StoredFact): Promise<void> {
	const { job, id, name, ulid } = fact;
	const group = await findGroup(storage, job, id, conversation.signal);
	const deleting = group?.facts.some((other) => other.name === 'deleted') ?? false;
	if (group?.record && !deleting) return;
	// The fact of an archive that is gone would be nobody's.
	const later = await failureOf(storage.delete(factKeyOf(job, id, name, ulid), conversation.signal));
	const error = new BackupError(
		'record_not_found',
		`${id} is being deleted and can't be ${name === 'hold' ? 'held' : 'judged'} any more`,
		{
			hint: 'Use another copy of it, or another record.',
		},
	);
	throw joinErrors(error, later);
}
