/**
 * Where a restore goes, and how what is extracted becomes the target's content. A strategy is used so:
 * `prepare` → extraction into the places it names → `finish`, or `abandon` after whatever failed.
 *
 * Until `finish` nothing of a target that somebody may use has changed; `abandon` leaves it as it was. (Where the
 * user had it wiped first, neither holds.)
 * Throws `target_not_empty`, `target_failed`, `target_full`, `invalid_parameter`.
 */
import { BackupError } from '../../protocol/errors';
import type { RestoreJob } from '../../protocol/job';
import { incomingTargets } from './incoming';
import { straightTargets } from './straight';
import { swapTarget, type Replacement } from './swap';
import { wholeDirectory } from './whole-directory';
import { wipedTarget } from './wipe';

export interface Place {
	/** Where tar works. */
	readonly directory: string;
	/** How many of the leading names of `volumes/<source>/…` it takes away. */
	readonly stripComponents: number;
}

export interface TargetStrategy {
	/** Whether all volumes share one place, so that one tar can extract the whole stream. */
	readonly onePlace: boolean;
	/** Looks whether the target is as it must be; changes nothing. */
	check(): Promise<void>;
	/** Makes the places, empty. */
	prepare(): Promise<void>;
	placeOf(source: string): Place;
	/** Gives what was extracted its name. */
	finish(): Promise<void>;
	abandon(): Promise<void>;
}

export interface Target {
	readonly source: string;
	/** Absolute: an empty or new directory; with `into`, or to be replaced, any directory. */
	readonly path: string;
}

export function chooseTargets(job: RestoreJob, replacement: Replacement): TargetStrategy {
	const { archive: archiveId } = replacement;
	const [first, ...others] = job.targets;
	if (!first) throw new BackupError('protocol_violation', 'the restore names no target');
	const targets = job.targets;
	switch (job.over) {
		case 'empty':
			if (job.into !== '') return incomingTargets(targets, job.into, archiveId);
			return job.mode === 'volume' ? straightTargets(targets) : wholeDirectory(targets, archiveId);
		case 'swap':
		case 'wipe':
			if (others.length > 0 || job.into !== '' || job.paths.length > 0 || job.mode !== 'volume')
				throw new BackupError('protocol_violation', 'only one volume as a whole can be replaced');
			return job.over === 'swap' ? swapTarget(first, replacement) : wipedTarget(first, replacement);
	}
}
