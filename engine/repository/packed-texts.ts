/**
 * Which records need not be read one by one because a pack holds their text: only of jobs from which many are
 * wanted, and only a text as long as the record that the listing shows.
 */
import type { CatalogGroup } from './catalog';
import { readPacks } from './record-packs';
import type { Storage } from './storage';

/** The record's text; undefined when it is to be read. */
export type PackedTexts = (record: Pick<CatalogGroup, 'job' | 'id' | 'recordSize'>) => string | undefined;

/** From so many records of a job on, its packs are looked at. */
const manyRecords = 100;

export async function packsWanted(
	storage: Storage,
	records: readonly Pick<CatalogGroup, 'job'>[],
	signal: AbortSignal,
): Promise<PackedTexts> {
	const counts = new Map<string, number>();
	for (const { job } of records) counts.set(job, (counts.get(job) ?? 0) + 1);
	const texts = new Map<string, ReadonlyMap<string, string>>();
	for (const [job, count] of counts) {
		// What was first under a key is not what a later pack says.
		if (count >= manyRecords && !storage.isPast) texts.set(job, await readPacks(storage, job, signal));
	}
	return ({ job, id, recordSize }) => {
		const text = texts.get(job)?.get(id);
		return text !== undefined && Buffer.byteLength(text) === recordSize ? text : undefined;
	};
}
