/**
 * List: stored records as they are, newest first by the times in their ids, with what was stated about
 * each; the runs under way; the deletions that have begun. One pass over the keys says what there is, so
 * only what is shown is read, many side by side.
 */
import type { ListJob, VerifyJob } from '../../protocol/job';
import type { StoredText } from '../../protocol/events';
import type { StoredFact } from '../../protocol/fact';
import type { Engine } from '../environment';
import { mapInOrder } from '../format/in-order';
import { findGroup, listGroups, type CatalogGroup } from '../repository/catalog';
import { readFacts } from '../repository/facts';
import { compareNewestFirst, markerKeyOf, possibleJobsOf } from '../repository/layout';
import { packsWanted, type PackedTexts } from '../repository/packed-texts';
import { readRecordText } from '../repository/records';
import { readRunMarker, type RunMarker } from '../repository/runs';
import type { Storage } from '../repository/storage';
import { meetRepository } from './meet';

const recordsPerEvent = 100;
const charactersPerEvent = 1 << 20;
export const readsAtOnce = 32;

export async function list(job: ListJob, engine: Engine): Promise<void> {
	await meetRepository(engine);
	const entries = await tellRecords(job, engine);
	engine.conversation.say({ event: 'done', entries, bytes: 0 });
}

export interface Filter extends Pick<VerifyJob, 'job' | 'id'> {
	readonly limit?: number | null;
	/** Which archives are meant; all by default. */
	readonly wanted?: (group: CatalogGroup) => boolean;
}

/** Says every record that the job asks for; resolves to how many there were. */
export async function tellRecords(filter: Filter, engine: Engine): Promise<number> {
	return await tellFound(await findRecords(engine.storage, filter, engine.conversation.signal), engine);
}

/** Reads what was found, and says it. */
export async function tellFound(found: Found, { conversation, storage }: Engine): Promise<number> {
	const { signal } = conversation;
	let batch: StoredText[] = [];
	let length = 0;
	let count = 0;
	const tell = (running: readonly RunMarker[] = [], deletions: readonly StoredFact[] = []) => {
		conversation.say({ event: 'records', records: batch, running, deletions });
		batch = [];
		length = 0;
	};
	const packed = await packsWanted(storage, found.records, signal);
	for await (const stored of readInOrder(
		found.records,
		(group) => readStored(storage, group, packed, signal),
		signal,
	)) {
		count += 1;
		length += stored.text.length;
		if (batch.push(stored) === recordsPerEvent || length >= charactersPerEvent) tell();
	}
	const running: RunMarker[] = [];
	const readMarker = ({ job, id }: Shown) => readRunMarker(storage, markerKeyOf(job, id), signal);
	for await (const marker of readInOrder(found.running, readMarker, signal)) running.push(marker);
	const deletions: StoredFact[] = [];
	const readDeletions = (group: Shown) =>
		readFacts(storage, { ...group, facts: group.facts.filter(({ name }) => name === 'deleted') }, signal);
	for await (const facts of readInOrder(found.deleting, readDeletions, signal)) deletions.push(...facts);
	tell(running, deletions);
	return count;
}

/** What is kept of each archive while the listing goes on: there may be very many. */
export type Shown = Pick<CatalogGroup, 'job' | 'id' | 'facts' | 'recordSize'>;

export interface Found {
	/** Newest first. */
	readonly records: readonly Shown[];
	readonly running: readonly Shown[];
	readonly deleting: readonly Shown[];
}

export async function findRecords(
	storage: Storage,
	{ job, id, limit = null, wanted = () => true }: Filter,
	signal: AbortSignal,
): Promise<Found> {
	let records: Shown[] = [];
	const running: Shown[] = [];
	const deleting: Shown[] = [];
	const most = limit ?? Infinity;
	const newest = () => records.sort((a, b) => compareNewestFirst(a.id, b.id)).slice(0, most);
	for await (const group of groupsOf(storage, job, id, signal)) {
		if (!wanted(group)) continue;
		const facts = storage.isPast ? group.facts.filter(({ name }) => name !== 'deleted') : group.facts;
		const { recordSize } = group;
		const shown: Shown = { job: group.job, id: group.id, facts, recordSize };
		if (group.record && records.push(shown) >= 2 * most) records = newest();
		// A marker beside a record is one that is about to go, or that a look behind deletions shows again.
		if (group.marker && !group.closed && !group.record) running.push(shown);
		if (facts.some(({ name }) => name === 'deleted')) deleting.push(shown);
	}
	return { records: newest(), running, deleting };
}

/** An id says which jobs it can be of, so nothing else need be listed. */
async function* groupsOf(
	storage: Storage,
	job: string | null,
	id: string | null,
	signal: AbortSignal,
): AsyncGenerator<CatalogGroup> {
	if (id === null) {
		yield* listGroups(storage, job, signal);
		return;
	}
	for (const candidate of possibleJobsOf(id)) {
		const group =
			job === null || job === candidate ? await findGroup(storage, candidate, id, signal) : undefined;
		if (group) yield group;
	}
}

/** Undefined when the record is gone since it was listed. */
async function readStored(
	storage: Storage,
	group: Shown,
	packed: PackedTexts,
	signal: AbortSignal,
): Promise<StoredText | undefined> {
	const { job, id } = group;
	const [text, facts] = await Promise.all([
		packed(group) ?? readRecordText(storage, job, id, signal),
		readFacts(storage, group, signal),
	]);
	return text === undefined ? undefined : { id, job, text, facts };
}

async function* readInOrder<T>(
	groups: readonly Shown[],
	read: (group: Shown) => Promise<T | undefined>,
	signal: AbortSignal,
): AsyncGenerator<T> {
	const source = (async function* () {
		yield* groups;
	})();
	for await (const value of mapInOrder(source, read, { concurrency: readsAtOnce, signal })) {
		if (value !== undefined) yield value;
	}
}
