/**
 * What is wrong with one archive's objects, told from their keys and its record alone: a pure decision. Whether its
 * record is genuine, and whether a run with a marker is over, is for others to find out.
 */
import { splitRecord } from './records';
import { BackupError } from '../../protocol/errors';
import type { Finding } from '../../protocol/events';
import type { BackupRecord, RecordFile } from '../../protocol/record';
import type { CatalogGroup, GroupObject } from './catalog';
import { closedKeyOf, factKeyOf, markerKeyOf } from './layout';

/** As `suffixOf` and `indexKeyOf` make them. */
const archiveSuffix = /^\.(tar|dump|sqlite)(\.zst)?(\.enc)?$/;
const adoptableSuffix = /^\.tar(\.zst)?(\.enc)?$/;
const indexSuffix = /^\.index\.zst(\.enc)?$/;

/** The archive for which a record could be made: the only one of its id, of the kind that a look inside tells all of. */
export function adoptableObject(group: CatalogGroup): GroupObject | undefined {
	const archives = group.objects.filter(({ suffix }) => archiveSuffix.test(suffix));
	const [archive] = archives;
	const one = archive !== undefined && archives.length === 1 && adoptableSuffix.test(archive.suffix);
	return one && !group.record && !isDeleting(group) ? archive : undefined;
}

/** `text`: of its record; undefined when it has none. An open marker's objects are left to whoever knows its run. */
export function examineGroup(group: CatalogGroup, text: string | undefined): Finding[] {
	const { job, id } = group;
	const found = { job, id, size: null, adoptable: false };
	const findings: Finding[] = [];
	const record = text === undefined ? undefined : readable(text);
	for (const file of missingFiles(group, record)) {
		const there = group.objects.find(({ key }) => key === file.path);
		const how = there ? `has ${there.size} bytes instead of ${file.size}` : 'is missing';
		const message = `${file.path}, the ${file.role} of ${id}, ${how}: it can't be restored from here`;
		findings.push({ ...found, type: 'missing_object', key: file.path, size: there?.size ?? null, message });
	}
	for (const { ulid } of group.facts.filter(({ name }) => name === 'deleted')) {
		const message = `the deletion of ${id} began and did not end; the next delete of its job finishes it`;
		findings.push({ ...found, type: 'unfinished_delete', key: factKeyOf(job, id, 'deleted', ulid), message });
	}
	findings.push(...examineObjects(group, record, text !== undefined));
	return findings;
}

/** What a record of success names and is not there, or is of another size. */
export function missingFiles({ objects }: CatalogGroup, record: BackupRecord | undefined): RecordFile[] {
	if (record?.status !== 'success') return [];
	return record.files.filter(
		(file) => !objects.some(({ key, size }) => key === file.path && size === file.size),
	);
}

function examineObjects(group: CatalogGroup, record: BackupRecord | undefined, recorded: boolean): Finding[] {
	const { job, id, objects, facts, marker, closed } = group;
	const foreign = objects.filter(({ suffix }) => !archiveSuffix.test(suffix) && !indexSuffix.test(suffix));
	const findings = foreign.map(({ key, size }) => foreignFinding(key, size, { job, id }));
	// Whoever can't read a record can't say what it names; a deletion takes what is left with it.
	if ((recorded && !record) || isDeleting(group) || (marker && !closed)) return findings;
	const named = new Set(record?.files.map(({ path }) => path));
	const rest = objects.filter((object) => !named.has(object.key) && !foreign.includes(object));
	const found = { job, id, size: null, adoptable: false };
	if (marker) {
		if (rest.length === 0 && recorded) return findings;
		const message = `the run of ${id} is over and left ${counted(rest.length)} that could not be removed`;
		return [...findings, { ...found, type: 'stale_run', key: markerKeyOf(job, id), message }];
	}
	const adoptable = adoptableObject(group);
	for (const object of rest) {
		findings.push({
			...found,
			type: 'unlisted_object',
			key: object.key,
			size: object.size,
			message: `${object.key} belongs to no record${object === adoptable ? '; it can be adopted' : ''}`,
			adoptable: object === adoptable,
		});
	}
	if (recorded) return findings;
	const orphans = facts.map(({ name, ulid }) => factKeyOf(job, id, name, ulid));
	for (const key of closed ? [...orphans, closedKeyOf(job, id)] : orphans) {
		findings.push({ ...found, type: 'unlisted_object', key, message: `${key} belongs to no record` });
	}
	return findings;
}

export function foreignFinding(
	key: string,
	size: number,
	{ job, id }: { readonly job: string | null; readonly id: string | null } = { job: null, id: null },
): Finding {
	const message = `${key} is nothing that this program writes`;
	return { type: 'foreign_object', key, job, id, size, message, adoptable: false };
}

/** A run whose marker is open and that is over, as its lease says. */
export function staleRunFinding(
	group: CatalogGroup,
	marker: { readonly runId: string; readonly startedAt: string; readonly host: string } | undefined,
): Finding {
	const { job, id, objects } = group;
	const key = markerKeyOf(job, id);
	const run = marker
		? `run ${marker.runId} on ${marker.host} of ${marker.startedAt}`
		: 'a run of unreadable marker';
	const message = `${run} ended without a word and left ${counted(objects.length)}; the next backup of ${job} cleans up`;
	return { type: 'stale_run', key, job, id, size: null, message, adoptable: false };
}

const isDeleting = ({ facts }: CatalogGroup): boolean => facts.some(({ name }) => name === 'deleted');

const counted = (objects: number): string => (objects === 1 ? '1 object' : `${objects} objects`);

/** Undefined for one that can't be read. */
export function readable(text: string): BackupRecord | undefined {
	try {
		return splitRecord(text).record;
	} catch (error) {
		if (error instanceof BackupError && error.code === 'record_malformed') return undefined;
		throw error;
	}
}
