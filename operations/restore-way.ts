/** What both restores share: how to restore, what is to be told of it, and the conversation once targets are there. */
import type { ExtractionFigures, RestorePlan } from '../protocol/events';
import { emptyGo, type RestoreJob } from '../protocol/job';
import type { BackupRecord } from '../protocol/record';
import type { Session } from './session';

export interface RestoreWay {
	/** Paths or globs below every volume's root, each with all that is below; none: everything. */
	readonly paths?: readonly string[];
	/** A directory below each target, absent or empty before; the target itself by default. */
	readonly into?: string;
	/** Restore what a damaged archive still gives. */
	readonly salvage?: boolean;
	/** Say only what would be done: nothing is made, stopped or written. */
	readonly dryRun?: boolean;
	/** Replaces what an existing volume holds. */
	readonly overwrite?: Overwrite;
}

export interface Overwrite {
	/** Must equal the name of the volume. */
	readonly confirm: string;
	/** Whether containers that run and use the volume are stopped for it; else it is refused while there are any. */
	readonly stopContainers: boolean;
	/** Whether the old content is removed before the new one is written, for lack of space. */
	readonly wipeFirst: boolean;
	/** Name of a job to back the volume up under before it is touched. */
	readonly safetyBackupJob?: string;
}

export interface LostEntry {
	readonly path: string;
	readonly reason: string;
}

export interface RestoreReport {
	readonly plan: RestorePlan;
	readonly dryRun: boolean;
	/** Restored, or to be restored. */
	readonly entries: number;
	readonly bytes: number;
	/** Device nodes, and files with set-id bits or capabilities: kept or left out, as the plan says. Null: not known yet. */
	readonly devices: number | null;
	readonly privileged: number | null;
	/** What a damaged archive did not give: how many, and the first of them. */
	readonly lostEntries: number;
	readonly lost: readonly LostEntry[];
}

export interface ChosenArchive {
	readonly record: BackupRecord;
	/** Key of the archive, base64; null when it is not encrypted. */
	readonly key: string | null;
}

const mostLostShown = 1000;

export function jobOf(way: RestoreWay): Pick<RestoreJob, 'paths' | 'into' | 'over' | 'salvage' | 'dryRun'> {
	const { paths = [], into = '', salvage = false, dryRun = false, overwrite } = way;
	const over = overwrite === undefined ? 'empty' : overwrite.wipeFirst ? 'wipe' : 'swap';
	return { paths, into, over, salvage, dryRun };
}

/**
 * What remains to be said once the engine knows its targets. `beforeReplacing`: done when everything was checked, and
 * before content that exists is replaced.
 */
export async function extractInto(
	session: Session,
	archive: ChosenArchive,
	beforeReplacing?: () => Promise<void>,
): Promise<RestoreReport> {
	await session.next('ready');
	session.send('go', { ...emptyGo, level: 'deep', archives: [archive] });
	const { event: _, ...plan } = await session.next('plan');
	if (beforeReplacing) {
		await session.next('ready');
		await beforeReplacing();
		session.send('go', emptyGo);
	}
	const lost: LostEntry[] = [];
	let figures: ExtractionFigures | undefined;
	for (;;) {
		const event = await session.next('lost', 'extracted', 'done');
		switch (event.event) {
			case 'lost':
				if (lost.length < mostLostShown) lost.push({ path: event.path, reason: event.reason });
				break;
			case 'extracted':
				figures = event;
				break;
			case 'done':
				return {
					plan,
					dryRun: figures === undefined,
					entries: event.entries,
					bytes: event.bytes,
					devices: figures?.devices ?? plan.devices,
					privileged: figures?.privileged ?? plan.privileged,
					lostEntries: figures?.lost ?? lost.length,
					lost,
				};
		}
	}
}
