/**
 * Doctor: one pass over everything that is stored. Says the records and facts, for their signatures to be
 * checked, and what it finds wrong with objects, runs and deletions. Changes nothing.
 */
import type { Finding, StoredText } from '../../protocol/events';
import type { StoredFact } from '../../protocol/fact';
import type { DoctorJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { mapInOrder } from '../format/in-order';
import { findGroup, groupObjects, type CatalogGroup } from '../repository/catalog';
import {
	examineGroup,
	foreignFinding,
	missingFiles,
	readable,
	staleRunFinding,
} from '../repository/examination';
import { readFacts } from '../repository/facts';
import { documentKey, isPack, isProbe, jobPrefixOf, markerKeyOf } from '../repository/layout';
import { isAlive } from '../repository/lease-watch';
import { readRecordText } from '../repository/records';
import { readRunMarker, type RunMarker } from '../repository/runs';
import type { ListedObject, Storage } from '../repository/storage';
import { readsAtOnce } from './list';
import { meetRepository } from './meet';

const recordsPerEvent = 100;
const lockKey = /^locks\/[^/]+\/\d{10}(\.(\d{10}|released))?\.json$/;

export async function examine({ job }: DoctorJob, engine: Engine): Promise<void> {
	const { conversation, storage } = engine;
	const { signal } = conversation;
	await meetRepository(engine);
	let found = 0;
	const tell = (finding: Finding) => {
		found += 1;
		conversation.say({ event: 'finding', ...finding });
	};
	let records: StoredText[] = [];
	let deletions: StoredFact[] = [];
	const tellRecords = () => {
		conversation.say({ event: 'records', records, running: [], deletions });
		records = [];
		deletions = [];
	};
	const open: OpenRun[] = [];
	const listing = storage.list(job === null ? '' : jobPrefixOf(job), signal);
	const groups = groupObjects(listing, (object) => outside(object).forEach(tell));
	for await (const seen of mapInOrder(groups, (group) => look(storage, group, signal), {
		concurrency: readsAtOnce,
		signal,
	})) {
		seen.findings.forEach(tell);
		if (seen.open) open.push(seen.open);
		deletions.push(...seen.deletions);
		if (seen.stored) records.push(seen.stored);
		if (records.length === recordsPerEvent) tellRecords();
	}
	tellRecords();
	for (const finding of await examineRuns(engine, open)) tell(finding);
	conversation.say({ event: 'done', entries: found, bytes: 0 });
}

interface OpenRun {
	readonly group: CatalogGroup;
	/** Undefined when it can't be read. */
	readonly marker: RunMarker | undefined;
}

interface Seen {
	readonly stored: StoredText | undefined;
	readonly deletions: readonly StoredFact[];
	readonly findings: readonly Finding[];
	/** Its run may be going on. */
	readonly open: OpenRun | undefined;
}

async function look(storage: Storage, group: CatalogGroup, signal: AbortSignal): Promise<Seen> {
	const { job, id } = group;
	// A record that was stored since the listing passed it belongs to what the listing then found.
	const text = await readRecordText(storage, job, id, signal);
	const facts = await readFacts(storage, group, signal);
	const deletions = facts.filter(({ name }) => name === 'deleted');
	const stored = text === undefined ? undefined : { id, job, text, facts };
	let current: CatalogGroup | undefined = group;
	if (group.record && text === undefined) current = await findGroup(storage, job, id, signal);
	else if (text !== undefined && missingFiles(group, readable(text)).length > 0) {
		// So does an object: what is missing is looked for again.
		current = await findGroup(storage, job, id, signal);
	}
	const findings = current && (current.record || text === undefined) ? examineGroup(current, text) : [];
	const open = current?.marker && !current.closed ? await openRun(storage, current, signal) : undefined;
	return { stored, deletions, findings, open };
}

/** Undefined when the run has ended since. */
async function openRun(
	storage: Storage,
	group: CatalogGroup,
	signal: AbortSignal,
): Promise<OpenRun | undefined> {
	let broken = false;
	const key = markerKeyOf(group.job, group.id);
	const marker = await readRunMarker(storage, key, signal, () => (broken = true));
	return marker || broken ? { group, marker } : undefined;
}

/** One watch for each job with a marker that could be of a living run. */
async function examineRuns(engine: Engine, open: readonly OpenRun[]): Promise<Finding[]> {
	const { conversation, storage, clock } = engine;
	const { signal } = conversation;
	const alive = new Map<string, Promise<boolean>>();
	const isRunning = ({ job, seq, id }: RunMarker): Promise<boolean> => {
		const known = alive.get(`${job}/${seq}`);
		const onWatching = () => conversation.say({ event: 'phase', name: 'watching', id });
		const watched = known ?? isAlive(storage, job, seq, { clock, signal, onWatching });
		alive.set(`${job}/${seq}`, watched);
		return watched;
	};
	const findings = await Promise.all(
		open.map(async ({ group, marker }) =>
			marker && (await isRunning(marker)) ? [] : [staleRunFinding(group, marker)],
		),
	);
	return findings.flat();
}

/** What lies outside the archives' keys. */
function outside({ key, size }: ListedObject): Finding[] {
	// Probes stay where the credentials may not delete.
	return key === documentKey || isProbe(key) || isPack(key) || lockKey.test(key)
		? []
		: [foreignFinding(key, size)];
}
