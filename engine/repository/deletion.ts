/**
 * Deleting archives, so that a death at any moment leaves no record of success without its bytes and nothing
 * that is forgotten. Under the job's lease, for each archive:
 *
 *   the `deleted` fact → holds looked at again → record → objects → other facts, marker → the fact itself
 *
 * A hold is stated first and then looks for a deletion (jobs/note.ts), a deletion the other way round: one of the
 * two sees the other. A deletion whose record is still there gives way to a hold that nobody has weighed; one that has
 * got past its record ends. Only keys of that very archive id are removed, whatever a record says.
 *
 * What the storage refuses or fails to remove is that archive's outcome; its fact stays, for the next run.
 */
import { BackupError, toBackupError } from '../../protocol/errors';
import type { StoredFact } from '../../protocol/fact';
import { groupObjects, type CatalogGroup } from './catalog';
import { putFact } from './facts';
import { closedKeyOf, factKeyOf, jobPrefixOf, markerKeyOf, recordKeyOf } from './layout';
import type { Storage } from './storage';

export interface Deletion {
	readonly id: string;
	/** Of its `deleted` fact. */
	readonly ulid: string;
	/** To be stored first; null: it is stored already. */
	readonly fact: StoredFact | null;
	/** Numbers of the holds that were looked at when it was decided. */
	readonly weighed: ReadonlySet<string>;
}

export interface DeletionOutcome {
	readonly id: string;
	/** Null: nothing of the archive is left. */
	readonly error: BackupError | null;
}

export interface DeletingUnder {
	/** Throws when the lease is not held any more: asked before anything of an archive is touched. */
	check(): Promise<void>;
	readonly signal: AbortSignal;
}

/** So many are stated before the holds are looked at again, in one listing. */
const batchSize = 100;

/** Throws only what ends everything: a lost lease, the signal's reason. */
export async function* deleteAll(
	storage: Storage,
	job: string,
	deletions: readonly Deletion[],
	under: DeletingUnder,
): AsyncGenerator<DeletionOutcome> {
	for (let start = 0; start < deletions.length; start += batchSize) {
		yield* deleteBatch(storage, job, deletions.slice(start, start + batchSize), under);
	}
}

async function* deleteBatch(
	storage: Storage,
	job: string,
	batch: readonly Deletion[],
	under: DeletingUnder,
): AsyncGenerator<DeletionOutcome> {
	const { signal } = under;
	const errors = new Map<string, BackupError>();
	/** What is still to be worked on: each step leaves out what failed in it. */
	let left = batch;
	const each = async (step: (deletion: Deletion) => Promise<void>) => {
		for (const deletion of left) {
			await under.check();
			try {
				await step(deletion);
			} catch (error) {
				signal.throwIfAborted();
				errors.set(deletion.id, toBackupError(error));
			}
		}
		left = left.filter(({ id }) => !errors.has(id));
	};

	await each(async ({ fact }) => {
		if (fact) await putFact(storage, fact, signal);
	});
	const before = await groupsOf(storage, job, left, signal);
	await each(async (deletion) => {
		const group = before.get(deletion.id);
		if (group) await removeArchive(storage, group, deletion, signal);
	});
	// Whatever was put under these ids in the meantime, such as a hold that came too late.
	const after = await groupsOf(storage, job, left, signal);
	await each(async ({ id, ulid }) => {
		const group = after.get(id);
		if (group) await removeKeys(storage, keysOf(group, ulid), signal);
		await storage.delete(factKeyOf(job, id, 'deleted', ulid), signal);
	});
	for (const { id } of batch) yield { id, error: errors.get(id) ?? null };
}

async function removeArchive(
	storage: Storage,
	group: CatalogGroup,
	{ ulid, weighed }: Deletion,
	signal: AbortSignal,
): Promise<void> {
	const { job, id } = group;
	const held = group.facts.some((fact) => fact.name === 'hold' && !weighed.has(fact.ulid));
	if (group.record && held) {
		await storage.delete(factKeyOf(job, id, 'deleted', ulid), signal);
		throw new BackupError('record_held', `${id} was put on hold while it was to be deleted`, {
			hint: 'Look at the hold; release it to delete the archive.',
		});
	}
	// Nothing of an archive may go before its record has: it would show a success without its bytes.
	if (group.record) await storage.delete(recordKeyOf(job, id), signal);
	await removeKeys(storage, keysOf(group, ulid), signal);
}

/** All but the `deleted` fact `ulid`. */
function keysOf({ job, id, record, objects, facts, marker, closed }: CatalogGroup, ulid: string): string[] {
	return [
		...(record ? [recordKeyOf(job, id)] : []),
		...objects.map(({ key }) => key),
		...facts.filter((fact) => fact.ulid !== ulid).map((fact) => factKeyOf(job, id, fact.name, fact.ulid)),
		...(marker ? [markerKeyOf(job, id)] : []),
		...(closed ? [closedKeyOf(job, id)] : []),
	];
}

/** As many as can be; throws the first failure. */
async function removeKeys(storage: Storage, keys: readonly string[], signal: AbortSignal): Promise<void> {
	let failure: unknown;
	for (const key of keys) {
		try {
			await storage.delete(key, signal);
		} catch (error) {
			signal.throwIfAborted();
			failure ??= error;
		}
	}
	if (failure !== undefined) throw failure;
}

/** What there is of these archives, from one listing between the first and the last of them. */
async function groupsOf(
	storage: Storage,
	job: string,
	deletions: readonly Deletion[],
	signal: AbortSignal,
): Promise<Map<string, CatalogGroup>> {
	const groups = new Map<string, CatalogGroup>();
	const ids = deletions.map(({ id }) => id).toSorted();
	const [first] = ids;
	if (first === undefined) return groups;
	const wanted = new Set(ids);
	const folder = jobPrefixOf(job);
	for await (const group of groupObjects(storage.list(folder, signal, `${folder}${first}.`))) {
		if (wanted.has(group.id)) groups.set(group.id, group);
		if (groups.size === wanted.size) break;
	}
	return groups;
}
