/**
 * Restore of a SQLite snapshot: a runner writes it beside the database, checks it, and gives it a name. When it takes
 * the database's place, whoever asks types its path, and the containers that use the place are stopped for that moment
 * and started again, whatever happened. Throws `archive_kind_mismatch`, `invalid_parameter`, `target_exists`,
 * `target_in_use`, `target_full`, `target_failed`.
 */
import { withDocker } from '../executor';
import { BackupError } from '../../protocol/errors';
import type { EventOf, Session } from '../session';
import { emptyGo } from '../../protocol/job';
import { parsePathBelow } from '../../protocol/names';
import { readCatalog } from '../list-records';
import type { ChosenArchive } from '../restore-way';
import { newRunId, runJob } from '../run-job';
import { filterOf, requireRestorable, selectOne } from '../select';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { activeUsers, interrupting, type RestingFor } from '../stopped-containers';
import { originOf } from './origin';
import { mountOf, placeRoot, tidied } from './place';
import type { FilePlace, RestoreSqliteOutcome, RestoreSqliteRequest } from './requests';

export async function restoreSqlite(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: RestoreSqliteRequest,
): Promise<RestoreSqliteOutcome> {
	const started = context.clock.monotonic();
	const { selection, allowUnsigned, swap, dryRun } = request;
	const where = { type: 'runner', host: hostSettings } as const;
	const { entries, keyring } = await readCatalog(context, where, repository, filterOf(selection));
	const { record, ...entry } = selectOne(entries, selection, keyring);
	requireRestorable({ ...entry, record }, keyring, allowUnsigned);
	if (record.kind !== 'sqlite') {
		throw new BackupError(
			'archive_kind_mismatch',
			`${record.id} is a ${record.kind} archive, not a SQLite snapshot`,
			{
				hint: 'Choose the record of a SQLite snapshot, or restore this one as what it is.',
			},
		);
	}
	const origin = originOf(record, request);
	const target: Target = {
		place: tidied(origin.place),
		path: parsePathBelow(origin.path),
		swap: swap !== null,
		dryRun,
	};
	if (swap !== null && !dryRun) requireConfirmed(swap.confirm, target.path);
	const archive = { record, key: await keyring.keyOf(record) };
	const runId = newRunId(context);
	const resting = { context, hostSettings, runId, job: record.job, replaced: false };
	const work = (beforeSwap: () => Promise<void>) =>
		writeFile(resting, repository, archive, target, beforeSwap);
	const { done, restarted } =
		swap === null
			? { done: await work(() => Promise.resolve()), restarted: [] }
			: await withContainersStopped(resting, target, swap.stopContainers, work);
	const { plan, restored } = done;
	return {
		record,
		trust: entry.trust,
		place: target.place,
		path: restored?.path ?? plan.path,
		previousPath: restored?.previousPath ?? null,
		tables: plan.tables,
		bytes: plan.bytes,
		restarted,
		dryRun,
		durationMs: Math.round(context.clock.monotonic() - started),
	};
}

interface Target {
	readonly place: FilePlace;
	readonly path: string;
	readonly swap: boolean;
	readonly dryRun: boolean;
}

interface Done {
	readonly plan: EventOf<'file-plan'>;
	/** Undefined after a dry run. */
	readonly restored: EventOf<'file-restored'> | undefined;
}

async function withContainersStopped(
	resting: RestingFor,
	{ place, path, dryRun }: Target,
	mayStop: boolean,
	work: (beforeSwap: () => Promise<void>) => Promise<Done>,
): Promise<{ readonly done: Done; readonly restarted: readonly string[] }> {
	const { signal } = resting.context;
	const used =
		place.type === 'volume' ? place.name : { path: `${place.name === '/' ? '' : place.name}/${path}` };
	return await withDocker(resting.hostSettings.endpoint, async (host) => {
		// Refused before hours of reading rather than after.
		await activeUsers(host, used, { mayStop, runners: 0 }, signal);
		return await interrupting(host, resting, async (interruption) => {
			const done = await work(async () => {
				if (dryRun) return;
				await interruption.stop(() => activeUsers(host, used, { mayStop, runners: 1 }, signal));
			});
			return { done, restarted: interruption.started };
		});
	});
}

async function writeFile(
	{ context, hostSettings: host, runId }: RestingFor,
	repository: RepositorySettings,
	archive: ChosenArchive,
	{ place, path, swap, dryRun }: Target,
	beforeSwap: () => Promise<void>,
): Promise<Done> {
	const work = {
		job: { verb: 'restore-file', root: placeRoot, path, swap, dryRun },
		role: 'extract',
		mounts: [mountOf(place, dryRun)],
		runId,
		labelledJob: archive.record.job,
	} as const;
	return await runJob(context, { type: 'runner', host }, repository, work, async (session) => {
		await session.next('ready');
		session.send('go', { ...emptyGo, level: 'deep', archives: [archive] });
		const plan = await session.next('file-plan');
		const restored = dryRun ? undefined : await finish(session, swap, beforeSwap);
		await session.next('done');
		return { plan, restored };
	});
}

async function finish(
	session: Session,
	swap: boolean,
	beforeSwap: () => Promise<void>,
): Promise<EventOf<'file-restored'>> {
	if (swap) {
		await session.next('ready');
		await beforeSwap();
		session.send('go', emptyGo);
	}
	return await session.next('file-restored');
}

function requireConfirmed(confirm: string, path: string): void {
	if (confirm === path) return;
	throw new BackupError(
		'invalid_parameter',
		confirm === ''
			? `putting the snapshot in the place of ${path} is not confirmed`
			: `putting the snapshot in the place of ${path} is confirmed with another path, ${JSON.stringify(confirm)}`,
		{ hint: `To replace it, type its path: ${path}` },
	);
}
