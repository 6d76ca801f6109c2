/**
 * Compare: what differs between an archive and its volumes as they are now, or another archive of the repository.
 *
 * The archive is known by its index, which the record vouches for: whether its bytes are still sound is for
 * `verifyArchives` to say. Live volumes are mounted read-only and read whole, in a runner; nothing is stopped for it,
 * so what changes meanwhile shows as it was met. Throws `volume_not_found`, `invalid_parameter`, and what reading the
 * record throws; a difference is a result.
 */
import type { ComparisonFigures, Difference } from '../protocol/events';
import { BackupError } from '../protocol/errors';
import { emptyGo, type GoFrame } from '../protocol/job';
import { parseArchiveId } from '../protocol/names';
import type { BackupRecord } from '../protocol/record';
import type { CatalogEntry } from './catalog-entry';
import { livePairs, type LivePair, type LiveSources } from './compare-pairs';
import { withDocker } from './executor';
import type { Keyring } from './keyring';
import { receiveEntries } from './list-records';
import { chooseRecord, chooseSources } from './restore-volumes';
import { runJob } from './run-job';
import { requireRestorable, selectOne, type Selection } from './select';
import type { OperationContext, RepositorySettings, Where } from './settings';
import { mountSources, sourcePath } from './volume-sources';

export type ComparedWith =
	| { readonly type: 'archive'; readonly id: string }
	/** Needs a Docker host. */
	| ({ readonly type: 'live' } & LiveSources);

export interface CompareRequest {
	readonly selection: Selection;
	readonly with: ComparedWith;
	/** What the live side holds and the backup left out. */
	readonly exclude: readonly string[];
	readonly allowUnsigned: boolean;
}

export interface Comparison extends ComparisonFigures {
	readonly id: string;
	/** Whether nothing differs, times and owners included. */
	readonly ok: boolean;
	/** The other archive; null for live volumes. */
	readonly other: string | null;
	/** Volumes of the archive and what each was compared with; empty when it is another archive. */
	readonly pairs: readonly LivePair[];
	/** The first 10,000, in the order of their paths. */
	readonly differences: readonly Difference[];
	readonly bytesRead: number;
	readonly durationMs: number;
	readonly record: BackupRecord;
	readonly at: string;
}

export async function compareArchives(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: CompareRequest,
): Promise<Comparison> {
	const { allowUnsigned } = request;
	const started = context.clock.monotonic();
	const chosen = await chooseRecord(context, where, repository, request.selection, allowUnsigned);
	chooseSources(chosen.record, []);
	const { id } = chosen.record;
	const { other, pairs, mounts } = await prepare(context, where, repository, request, chosen.record);
	const sources = pairs.map(({ source, type }) => ({ type, name: source, path: sourcePath(source) }));
	const work = {
		job: { verb: 'compare', id, other, sources, exclude: request.exclude },
		role: other === null ? 'read' : 'repository',
		mounts,
		labelledJob: chosen.record.job,
	} as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const found = await receiveEntries(session, 'ready', keyring);
		const ids = other === null ? [id] : [id, other];
		const archives: GoFrame['archives'][number][] = [];
		for (const wanted of ids) archives.push(await archiveOf(found, wanted, keyring, allowUnsigned));
		session.send('go', { ...emptyGo, archives });
		const differences: Difference[] = [];
		for (;;) {
			const event = await session.next('differences', 'compared');
			if (event.event === 'differences') {
				differences.push(...event.differences);
				continue;
			}
			const { same, added, removed, changed, contentSame } = event;
			const { bytes } = await session.next('done');
			return {
				id,
				ok: added + removed + changed === 0,
				other,
				pairs,
				same,
				added,
				removed,
				changed,
				contentSame,
				differences,
				bytesRead: bytes,
				durationMs: Math.round(context.clock.monotonic() - started),
				record: chosen.record,
				at: new Date(context.clock.now()).toISOString(),
			};
		}
	});
}

/** A comparison that found differences as the error that it may be; undefined when nothing differs. */
export function differenceError({ ok, id, added, removed, changed }: Comparison): BackupError | undefined {
	if (ok) return undefined;
	return new BackupError(
		'content_differs',
		`${id} differs: ${added} added, ${removed} removed, ${changed} changed`,
	);
}

async function prepare(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ with: compared }: CompareRequest,
	record: BackupRecord,
) {
	if (compared.type === 'archive') {
		const other = parseArchiveId(compared.id);
		if (other !== record.id) return { other, pairs: [], mounts: [] };
		throw new BackupError('invalid_parameter', `${other} would be compared with itself`, {
			hint: 'Name another archive, or check this one alone with a deep verification.',
		});
	}
	const pairs = livePairs(record, compared);
	if (where.type !== 'runner') {
		throw new BackupError('usage', 'what is live is read on a Docker host, and none is chosen', {
			hint: 'Choose the Docker host that has the volumes.',
		});
	}
	const sources = pairs.map(({ source, type, from }) => ({
		type,
		name: source,
		from,
		path: sourcePath(source),
	}));
	const mounts = await withDocker(where.host.endpoint, (host) =>
		mountSources(host, sources, repository.location, context.signal),
	);
	return { other: null, pairs, mounts };
}

async function archiveOf(
	found: readonly CatalogEntry[],
	id: string,
	keyring: Keyring,
	allowUnsigned: boolean,
): Promise<GoFrame['archives'][number]> {
	const entry = selectOne(found, { by: 'id', id }, keyring);
	requireRestorable(entry, keyring, allowUnsigned);
	const { record } = entry;
	chooseSources(record, []);
	return { record, key: await keyring.keyOf(record) };
}
