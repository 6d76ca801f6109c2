/**
 * Doctor: everything in a repository that is not as it should be. The engine looks at keys, sizes, markers and
 * leases; whether records and facts are genuine is checked here. Changes nothing.
 */
import { factKeyOf, recordKeyOf } from '../engine/index';
import type { Finding } from '../protocol/events';
import type { StoredFact } from '../protocol/fact';
import { parseJobName } from '../protocol/names';
import { isGenuine, readEntry, type CatalogEntry } from './catalog-entry';
import type { Keyring } from './keyring';
import { runJob } from './run-job';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface RepositoryFinding extends Omit<Finding, 'type'> {
	readonly type:
		| Finding['type']
		/** Without a signature, in a repository that has a key. */
		| 'unsigned_record'
		/** Changed, planted, or signed with a key that is not among these. */
		| 'forged_record'
		| 'unreadable_record'
		/** A fact that can't be believed, and therefore counts for nothing. */
		| 'forged_fact';
}

/** In no order; an empty list: all is well. */
export async function examineRepository(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: { readonly job: string | null },
): Promise<RepositoryFinding[]> {
	const job = request.job === null ? null : parseJobName(request.job);
	const work = { job: { verb: 'doctor', job }, role: 'repository', labelledJob: job } as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const findings: RepositoryFinding[] = [];
		const disbelieved = new Set<string>();
		for (;;) {
			const event = await session.next('records', 'finding', 'done');
			if (event.event === 'records') {
				const records = event.records.flatMap((stored) => judgeRecord(readEntry(stored, keyring)));
				const facts = [...event.deletions, ...event.records.flatMap((stored) => stored.facts)];
				findings.push(...records, ...judgeFacts(facts, keyring, disbelieved));
			} else if (event.event === 'finding') {
				const { event: _name, ...finding } = event;
				findings.push(finding);
			} else {
				// A deletion that nobody can vouch for was never begun.
				return findings.filter(({ type, key }) => type !== 'unfinished_delete' || !disbelieved.has(key));
			}
		}
	});
}

function judgeRecord(entry: CatalogEntry): RepositoryFinding[] {
	if (entry.status === 'running') return [];
	const { job, id } = entry;
	const found = { key: recordKeyOf(job, id), job, id, size: null, adoptable: false };
	if (entry.status === 'unreadable') {
		return [
			{ ...found, type: 'unreadable_record', message: `the record of ${id} can't be read: ${entry.problem}` },
		];
	}
	if (entry.trust === 'forged') {
		const message = `the record of ${id} was changed or planted, or signed with a key that is not among yours`;
		return [{ ...found, type: 'forged_record', message }];
	}
	if (entry.trust === 'unsigned') {
		const message = `the record of ${id} is unsigned though this repository has a key`;
		return [{ ...found, type: 'unsigned_record', message }];
	}
	return [];
}

/** `disbelieved`: told the keys of those found; a fact that comes twice is one finding. */
function judgeFacts(
	facts: readonly StoredFact[],
	keyring: Keyring,
	disbelieved: Set<string>,
): RepositoryFinding[] {
	return facts.flatMap((fact) => {
		const { job, id, name, ulid } = fact;
		const key = factKeyOf(job, id, name, ulid);
		if (isGenuine(fact, keyring) || disbelieved.has(key)) return [];
		disbelieved.add(key);
		const message = `the ${name} of ${id} carries no signature of this repository, and counts for nothing`;
		return [{ type: 'forged_fact' as const, key, job, id, size: null, message, adoptable: false }];
	});
}
