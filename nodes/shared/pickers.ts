/**
 * Lists from the live host and repository, for the editor. They read the node's credentials; failures show
 * in the editor as they are, with the hint behind them.
 */
import {
	NodeOperationError,
	type ILoadOptionsFunctions,
	type INodeListSearchResult,
	type INodePropertyOptions,
} from 'n8n-workflow';
import {
	BackupError,
	getRecord,
	listDockerVolumes,
	listRecords,
	toBackupError,
	type BackupRecord,
	type CatalogEntry,
} from '../../operations';
import { fieldsOf } from './fields';
import { hostSettings } from './host-settings';
import { formatBytes } from './progress';
import { briefContext } from './operation-context';
import { repositorySettings } from './repository-settings';
import { asOptionsSay } from './versions';
import { whereForCatalog } from './where';

/** Nobody waits longer for a list. */
export const limitMs = 60_000;
const mostRecords = 500;

/** Volumes of the host: who uses them stands below the name; anonymous ones come last. */
export async function getVolumes(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await shown(this, async () => await volumesOf(this));
}

/** The same, to choose one. */
export async function searchVolumes(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return await shown(this, async () => {
		const volumes = (await volumesOf(this)).filter(({ value }) => matches(value, filter));
		return { results: volumes.map(({ value, description }) => ({ name: value, value, description })) };
	});
}

async function volumesOf(functions: ILoadOptionsFunctions) {
	const host = hostSettings(await functions.getCredentials('dockerHostApi'));
	const volumes = await listDockerVolumes(host, AbortSignal.timeout(limitMs));
	const isAnonymous = (name: string) => /^[0-9a-f]{64}$/.test(name);
	return volumes
		.toSorted((a, b) => Number(isAnonymous(a.name)) - Number(isAnonymous(b.name)))
		.map(({ name, driver, usedBy }) => ({
			name,
			value: name,
			description: [
				usedBy.length > 0 ? `used by ${usedBy.join(', ')}` : 'used by no container',
				...(driver === 'local' ? [] : [`driver ${driver}`]),
			].join('; '),
		}));
}

/** Volumes inside the archive that the node's other parameters choose. */
export async function getArchivedVolumes(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await shown(this, async () => {
		const parameters = fieldsOf((name) => this.getCurrentNodeParameter(name));
		const records =
			parameters.text('select', 'Archive') === 'id'
				? [await recordOf(this, parameters.required('record', 'Record'))]
				: await soundRecords(this, parameters.required('job', 'Job'), mostRecords);
		const names = new Set(records.flatMap((record) => record.sources.map((source) => source.name)));
		return [...names].toSorted().map((name) => ({ name, value: name }));
	});
}

/** Successful backups of the kind that the node is set to, newest first. */
export async function searchRecords(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return await shown(this, async () => {
		// Without a filter the newest are enough, and the store need not be read through.
		const limit = filter.trim() === '' ? mostRecords : null;
		const kind = kindFor(this);
		const results = (await soundRecords(this, null, limit))
			.filter((record) => kind === null || record.kind === kind)
			.map((record) => ({ name: titleOf(record), value: record.id }))
			.filter(({ name, value }) => matches(name, filter) || matches(value, filter));
		return { results: results.slice(0, mostRecords) };
	});
}

/** Jobs that have at least one record. */
export async function searchJobs(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
	return await shown(this, async () => {
		const jobs = (await entries(this, null, null)).flatMap((entry) =>
			entry.status === 'unreadable' ? [] : [entry.job],
		);
		const results = [...new Set(jobs)].filter((job) => matches(job, filter)).toSorted();
		return { results: results.map((job) => ({ name: job, value: job })) };
	});
}

/** The series of the chosen job: one for each database. */
export async function searchSeries(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
	return await shown(this, async () => {
		const job = fieldsOf((name) => this.getCurrentNodeParameter(name)).required('job', 'Job');
		const kind = kindFor(this);
		const records = (await soundRecords(this, job, mostRecords)).filter((record) => record.kind === kind);
		const titles = new Map(
			records.map(({ series, sources }) => [
				series,
				sources.map((source) => source.name).join(', ') || series,
			]),
		);
		const results = [...titles].map(([value, name]) => ({ name, value }));
		return {
			results: results
				.filter(({ name }) => matches(name, filter))
				.toSorted((a, b) => a.name.localeCompare(b.name)),
		};
	});
}

/** Of the backups that the node works on as it is set; null: of every kind. */
function kindFor(functions: ILoadOptionsFunctions): BackupRecord['kind'] | null {
	const parameters = fieldsOf((name) => functions.getCurrentNodeParameter(name));
	if (parameters.text('level', 'Level') === 'drill') return 'postgres';
	const kind = parameters.text('kind', 'What to Restore');
	if (kind === 'postgres' || kind === 'sqlite' || kind === 'image' || kind === 'container') return kind;
	return kind === 'volumes' ? 'volume' : null;
}

/** e.g. `nightly · 2026-01-31 03:00 UTC · 1.4 GB · app, db` */
function titleOf({ job, startedAt, sizeBytes, sources }: BackupRecord): string {
	const at = `${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`;
	return [job, at, formatBytes(sizeBytes), sources.map((source) => source.name).join(', ')].join(' · ');
}

export const matches = (text: string, filter: string): boolean =>
	text.toLowerCase().includes(filter.trim().toLowerCase());

async function soundRecords(
	functions: ILoadOptionsFunctions,
	job: string | null,
	limit: number | null,
): Promise<BackupRecord[]> {
	return (await entries(functions, job, limit)).flatMap((entry) =>
		entry.status === 'success' && entry.trust !== 'forged' ? [entry.record] : [],
	);
}

async function recordOf(functions: ILoadOptionsFunctions, id: string): Promise<BackupRecord> {
	const { where, repository } = await settings(functions);
	const entry = await getRecord(briefContext(limitMs), where, repository, id);
	if ('record' in entry) return entry.record;
	throw new BackupError('record_not_found', `${id} is ${entry.status} and holds no volumes`);
}

async function entries(
	functions: ILoadOptionsFunctions,
	job: string | null,
	limit: number | null,
): Promise<CatalogEntry[]> {
	const { where, repository } = await settings(functions);
	return await listRecords(briefContext(limitMs), where, repository, { job, limit });
}

async function settings(functions: ILoadOptionsFunctions) {
	const isChosen = functions.getNode().credentials?.['dockerHostApi'] !== undefined;
	const host = isChosen ? hostSettings(await functions.getCredentials('dockerHostApi')) : null;
	const inCredential = repositorySettings(await functions.getCredentials('backupRepositoryApi'));
	const options = fieldsOf((name) => functions.getCurrentNodeParameter(name)).group('options', 'Options');
	const repository = asOptionsSay(inCredential, options);
	return { where: whereForCatalog(host, repository.location), repository };
}

/** Whatever goes wrong shows in the editor, with its hint. */
export async function shown<T>(functions: ILoadOptionsFunctions, list: () => Promise<T>): Promise<T> {
	try {
		return await list();
	} catch (error) {
		const { message, hint } = toBackupError(error);
		throw new NodeOperationError(functions.getNode(), hint === undefined ? message : `${message}. ${hint}`);
	}
}
