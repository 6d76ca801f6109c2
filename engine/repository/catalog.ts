/**
 * What a repository holds, archive by archive, from one pass over its listing: the keys say which objects,
 * facts and markers an archive id has, and nothing is read for it. Keys of one id are contiguous in a
 * listing, so only one archive is held at a time; whoever needs another order collects what it needs.
 */
import type { FactName } from '../../protocol/fact';
import { jobPrefixOf, jobsPrefix, parseFactSuffix, parseObjectKey, type FoundObject } from './layout';
import type { ListedObject, Storage } from './storage';

/** Everything under one archive id. */
export interface CatalogGroup {
	readonly job: string;
	readonly id: string;
	/** What is neither record, marker, its closing, nor a fact: archive, index, and what should not be there. */
	readonly objects: readonly GroupObject[];
	/** Oldest first; their texts are unread. */
	readonly facts: readonly { readonly name: FactName; readonly ulid: string }[];
	readonly record: boolean;
	/** Bytes; 0 without a record. */
	readonly recordSize: number;
	readonly marker: boolean;
	/** The run is over, where its marker could not be removed. */
	readonly closed: boolean;
}

export interface GroupObject extends ListedObject {
	/** What follows the id, e.g. `.tar.zst`. */
	readonly suffix: string;
}

interface Growing {
	readonly job: string;
	readonly id: string;
	readonly objects: GroupObject[];
	readonly facts: { name: FactName; ulid: string }[];
	record: boolean;
	recordSize: number;
	marker: boolean;
	closed: boolean;
}

/** The archives of one job (null: of every job), by job and id. `onForeign`: keys that are no archive's. */
export function listGroups(
	storage: Storage,
	job: string | null,
	signal?: AbortSignal,
	onForeign?: (object: ListedObject) => void,
): AsyncGenerator<CatalogGroup> {
	return groupObjects(storage.list(job === null ? jobsPrefix : jobPrefixOf(job), signal), onForeign);
}

/** As `listGroups`, from any listing in order. */
export async function* groupObjects(
	listing: AsyncIterable<ListedObject>,
	onForeign: (object: ListedObject) => void = () => undefined,
): AsyncGenerator<CatalogGroup> {
	let group: Growing | undefined;
	for await (const object of listing) {
		const found = parseArchiveObject(object.key);
		if (!found) {
			onForeign(object);
			continue;
		}
		if (group?.id !== found.id || group.job !== found.job) {
			if (group) yield group;
			group = emptyGroup(found);
		}
		add(group, object, found.suffix);
	}
	if (group) yield group;
}

/** Of one id, in its job's folder; undefined when nothing has it. Lists only from there on. */
export async function findGroup(
	storage: Storage,
	job: string,
	id: string,
	signal?: AbortSignal,
): Promise<CatalogGroup | undefined> {
	const folder = jobPrefixOf(job);
	for await (const group of groupObjects(storage.list(folder, signal, `${folder}${id}.`))) {
		return group.id === id ? group : undefined;
	}
	return undefined;
}

/**
 * Undefined also for an id with a dot between its job and its time, which no version ever made: keys of
 * such an id could lie between those of another.
 */
function parseArchiveObject(key: string): FoundObject | undefined {
	const found = parseObjectKey(key);
	return found && !found.id.slice(found.job.length).includes('.') ? found : undefined;
}

function emptyGroup({ job, id }: FoundObject): Growing {
	return { job, id, objects: [], facts: [], record: false, recordSize: 0, marker: false, closed: false };
}

function add(group: Growing, { key, size }: ListedObject, suffix: string): void {
	const fact = parseFactSuffix(suffix);
	if (fact) {
		// Keys come by name, then time.
		group.facts.push(fact);
		group.facts.sort((a, b) => (a.ulid < b.ulid ? -1 : 1));
	} else if (suffix === '.json') {
		group.record = true;
		group.recordSize = size;
	} else if (suffix === '.run.json') group.marker = true;
	else if (suffix === '.closed.json') group.closed = true;
	else group.objects.push({ key, size, suffix });
}
