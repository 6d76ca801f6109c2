/** Runs the restore of the kind that the panel is set to; what comes out of the node, and the hints above it. */
import {
	restoreContainer,
	restoreImage,
	restorePostgres,
	restoreSqlite,
	restoreVolumes,
	systemClock,
	type BackupRecord,
	type HostSettings,
	type RestoreContainerOutcome,
	type RestoreImageOutcome,
	type RestorePostgresOutcome,
	type RestoreSqliteOutcome,
	type RepositorySettings,
} from '../../operations';
import { postgresServer } from '../shared/postgres-login';
import type { ItemOutcomes, ItemRun } from '../shared/run-items';
import { restoreRequest } from './request';
import { containerRequest } from './request-container';
import { imageRequest } from './request-image';
import { postgresRequest } from './request-postgres';
import { sqliteRequest } from './request-sqlite';

export const restoreKinds = ['volumes', 'postgres', 'sqlite', 'image', 'container'] as const;

export async function performRestore(
	{ context, parameters, credential }: ItemRun,
	host: HostSettings,
	repository: RepositorySettings,
): Promise<ItemOutcomes> {
	switch (parameters.oneOf('kind', 'What to Restore', restoreKinds, 'volumes')) {
		case 'volumes':
			return volumesOutcome(
				await restoreVolumes(context, host, repository, restoreRequest(parameters)),
				systemClock.now(),
			);
		case 'postgres': {
			const server = await postgresServer(parameters, credential);
			const request = { ...postgresRequest(parameters), server };
			return postgresOutcome(await restorePostgres(context, host, repository, request), systemClock.now());
		}
		case 'sqlite':
			return sqliteOutcome(
				await restoreSqlite(context, host, repository, sqliteRequest(parameters)),
				systemClock.now(),
			);
		case 'container':
			return containerOutcome(
				await restoreContainer(context, host, repository, containerRequest(parameters)),
				systemClock.now(),
			);
		case 'image':
			return imageOutcome(
				await restoreImage(context, host, repository, imageRequest(parameters)),
				systemClock.now(),
			);
	}
}

const dryRunHint = 'This was a dry run: nothing was changed.';

/** First what every restore tells, the record last. `at`: milliseconds since 1970. */
function restored(record: BackupRecord, facts: object, durationMs: number, at: number): object {
	const { id, job, series } = record;
	return { id, job, series, ...facts, durationMs, at: new Date(at).toISOString(), record };
}

function volumesOutcome(
	{
		record,
		plan,
		volumes,
		entries,
		bytes,
		durationMs,
		...report
	}: Awaited<ReturnType<typeof restoreVolumes>>,
	at: number,
): ItemOutcomes {
	const { fits, targets } = plan;
	const facts = { volumes, ...report, entries, bytes, fits, targets };
	return {
		outcomes: [{ data: restored(record, facts, durationMs, at) }],
		hints: [...volumeHints({ ...report, fits }), ...report.warnings],
	};
}

interface RestoredVolumes {
	readonly dryRun: boolean;
	readonly fits: boolean;
	readonly lostEntries: number;
	readonly over: 'new' | 'overwrite';
	readonly previousContentRemoved: boolean;
}

function volumeHints({ dryRun, fits, lostEntries, over, previousContentRemoved }: RestoredVolumes): string[] {
	return [
		...(dryRun ? [dryRunHint] : []),
		...(dryRun && !fits ? ['There is not enough space for this restore.'] : []),
		...(lostEntries > 0 ? [`${lostEntries} entries of the damaged backup could not be restored.`] : []),
		...(!dryRun && over === 'overwrite' && !previousContentRemoved
			? ['Some of the previous content could not be removed; the next restore over this volume tries again.']
			: []),
	];
}

/** `at`: milliseconds since 1970. */
export function postgresOutcome(
	{ record, durationMs, ...facts }: RestorePostgresOutcome,
	at: number,
): ItemOutcomes {
	return {
		outcomes: [{ data: restored(record, facts, durationMs, at) }],
		hints: [...(facts.dryRun ? [dryRunHint] : []), ...facts.warnings],
	};
}

/** `at`: milliseconds since 1970. */
export function sqliteOutcome(
	{ record, durationMs, ...facts }: RestoreSqliteOutcome,
	at: number,
): ItemOutcomes {
	return {
		outcomes: [{ data: restored(record, facts, durationMs, at) }],
		hints: facts.dryRun ? [dryRunHint] : [],
	};
}

/** `at`: milliseconds since 1970. */
export function imageOutcome(
	{ record, durationMs, ...facts }: RestoreImageOutcome,
	at: number,
): ItemOutcomes {
	const { references, dryRun } = facts;
	const there = references.length > 0 && references.every(({ present }) => present);
	const moved = references.filter(({ previousId, present }) => previousId !== null && !present);
	return {
		outcomes: [{ data: restored(record, facts, durationMs, at) }],
		hints: [
			...(dryRun ? [dryRunHint] : []),
			...(there ? ['All images of the backup are on the host already.'] : []),
			...moved.map(
				({ reference, previousId }) =>
					`${reference} ${dryRun ? 'means another image now' : 'meant another image before'}: ${previousId}.`,
			),
		],
	};
}

/** `at`: milliseconds since 1970. */
export function containerOutcome(
	{ record, durationMs, ...facts }: RestoreContainerOutcome,
	at: number,
): ItemOutcomes {
	return {
		outcomes: [{ data: restored(record, facts, durationMs, at) }],
		hints: [...(facts.dryRun ? [dryRunHint] : []), ...facts.warnings],
	};
}
