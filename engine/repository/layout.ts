/**
 * Where things are in a repository: every object's key, made from a job and an archive id and taken apart
 * again. Names are checked here (`invalid_job_name`, `record_not_found`), so a key made here is a valid one.
 *
 *   repository.json                              the document
 *   jobs/<job>/<id>.json                         record
 *   jobs/<job>/<id>.run.json                     run marker
 *   jobs/<job>/<id>.tar.zst.enc                  archive; `.enc` when encrypted
 *   jobs/<job>/<id>.index.zst.enc                index
 *   jobs/<job>/<id>.<fact>.<ulid>.json           later facts (protocol/fact.ts)
 *   jobs/<job>/<id>.closed.json                  the run is over, where its marker could not be removed
 *   locks/<job>/…                                lease
 *   packs/<job>/<id>.json.zst                    texts of many records (record-packs.ts)
 *   probe-<32 hex digits>                        written by a test of the credentials that may not delete
 */
import { BackupError } from '../../protocol/errors';
import { factNames, isUlid, type FactName } from '../../protocol/fact';
import type { Compression } from '../../protocol/job';
import { isArchiveId, parseArchiveId, parseJobName } from '../../protocol/names';
import type { Kind } from '../../protocol/record';

export const documentKey = 'repository.json';
export const jobsPrefix = 'jobs/';

const extensions: Readonly<Record<Kind, string>> = {
	volume: '.tar',
	postgres: '.dump',
	sqlite: '.sqlite',
	container: '.tar',
	image: '.tar',
};

/** What an object's name says of its content, from the inside out. */
export function suffixOf(kind: Kind, compression: Compression['algorithm'], encrypted: boolean): string {
	return `${extensions[kind]}${compression === 'none' ? '' : '.zst'}${encrypted ? '.enc' : ''}`;
}

/** `suffix`: as `suffixOf` makes it. */
export function archiveKeyOf(job: string, id: string, suffix: string): string {
	return objectKey(job, id, suffix);
}

export function indexKeyOf(job: string, id: string, encrypted: boolean): string {
	return objectKey(job, id, encrypted ? '.index.zst.enc' : '.index.zst');
}

export function recordKeyOf(job: string, id: string): string {
	return objectKey(job, id, '.json');
}

export function markerKeyOf(job: string, id: string): string {
	return objectKey(job, id, '.run.json');
}

export function closedKeyOf(job: string, id: string): string {
	return objectKey(job, id, '.closed.json');
}

export function factKeyOf(job: string, id: string, name: FactName, ulid: string): string {
	if (!isUlid(ulid)) throw new BackupError('record_malformed', `${JSON.stringify(ulid)} is no ULID`);
	return objectKey(job, id, `.${name}.${ulid}.json`);
}

/** Which fact an object's suffix says that it is; undefined for everything else. */
export function parseFactSuffix(
	suffix: string,
): { readonly name: FactName; readonly ulid: string } | undefined {
	const [, word, ulid = ''] = /^\.([a-z]+)\.([0-9A-Z]{26})\.json$/.exec(suffix) ?? [];
	const name = factNames.find((candidate) => candidate === word);
	return name && isUlid(ulid) ? { name, ulid } : undefined;
}

/** What belongs to a backup itself and should be kept as long as it: not markers, not leases. */
export function isKept(key: string): boolean {
	if (key === documentKey) return true;
	const suffix = parseObjectKey(key)?.suffix;
	return suffix !== undefined && !['.run.json', '.closed.json'].includes(suffix);
}

/** Whether it is an archive itself: large, and read only to restore or verify. */
export function isArchive(key: string): boolean {
	const suffix = parseObjectKey(key)?.suffix;
	return suffix !== undefined && !suffix.startsWith('.index.') && !suffix.endsWith('.json');
}

/** Everything of one job, and nothing of a job whose name merely starts alike. */
export function jobPrefixOf(job: string): string {
	return `${jobsPrefix}${parseJobName(job)}/`;
}

export function lockPrefixOf(job: string): string {
	return `locks/${parseJobName(job)}/`;
}

/** `token`: 16 bytes. */
export function probeKeyOf(token: Buffer): string {
	return `probe-${token.toString('hex')}`;
}

/** A probe belongs to no repository: a location that holds nothing else is empty. */
export function isProbe(key: string): boolean {
	return /^probe-[0-9a-f]{32}$/.test(key);
}

export function packPrefixOf(job: string): string {
	return `packs/${parseJobName(job)}/`;
}

/** `newest`: id of the newest record in it. */
export function packKeyOf(job: string, newest: string): string {
	return `${packPrefixOf(job)}${parseArchiveId(newest)}.json.zst`;
}

export function isPack(key: string): boolean {
	const [top, job = '', name = '', ...rest] = key.split('/');
	const id = name.endsWith('.json.zst') ? name.slice(0, -'.json.zst'.length) : '';
	return top === 'packs' && rest.length === 0 && isJobName(job) && isArchiveId(id);
}

export interface FoundObject {
	readonly job: string;
	readonly id: string;
	/** What follows the id, e.g. `.json`. */
	readonly suffix: string;
}

/** Which archive an object below `jobs/` belongs to; undefined for a key of any other shape. */
export function parseObjectKey(key: string): FoundObject | undefined {
	// An id ends in its time and four hex digits, so whatever dots a job has, the suffix starts after those.
	const match = /^jobs\/([^/]+)\/([^/]+-\d{8}T\d{6}Z-[0-9a-f]{4})(\.[A-Za-z0-9.]+)$/.exec(key);
	const [, job = '', id = '', suffix = ''] = match ?? [];
	return isJobName(job) && belongs(job, id) ? { job, id, suffix } : undefined;
}

/** The jobs that an id can belong to: `a-b-<time>-<hex>` is of job `a-b`, or of part `b` of job `a`. */
export function possibleJobsOf(id: string): string[] {
	const jobs: string[] = [];
	if (!isArchiveId(id)) return jobs;
	for (let hyphen = id.indexOf('-'); hyphen !== -1; hyphen = id.indexOf('-', hyphen + 1)) {
		const job = id.slice(0, hyphen);
		if (isJobName(job) && belongs(job, id)) jobs.push(job);
	}
	return jobs;
}

/** Orders ids newest first by the time in them (seconds), then by name. */
export function compareNewestFirst(a: string, b: string): number {
	const [first, second] = [timeOf(a) + a, timeOf(b) + b];
	return first < second ? 1 : first > second ? -1 : 0;
}

function objectKey(job: string, id: string, suffix: string): string {
	if (!belongs(parseJobName(job), parseArchiveId(id))) {
		throw new BackupError('record_not_found', `${id} is no archive of job ${job}`);
	}
	return `${jobsPrefix}${job}/${id}${suffix}`;
}

function belongs(job: string, id: string): boolean {
	return (
		isArchiveId(id) && id.startsWith(`${job}-`) && id.length >= job.length + '-yyyymmddThhmmssZ-hhhh'.length
	);
}

function timeOf(id: string): string {
	return id.slice(-'yyyymmddThhmmssZ-hhhh'.length, -'-hhhh'.length);
}

function isJobName(name: string): boolean {
	try {
		return parseJobName(name) === name;
	} catch (error) {
		if (error instanceof BackupError) return false;
		throw error;
	}
}
