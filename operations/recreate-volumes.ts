/**
 * How a restore makes a new volume: as it was, with driver, options and labels, where it gets its name back; plain and
 * local elsewhere. Throws `invalid_parameter` for one that can't be made as it was.
 */
import type { NewVolume } from '../docker/volumes';
import { BackupError, toBackupError } from '../protocol/errors';
import type { BackupRecord, Trust, VolumeDefinition } from '../protocol/record';
import { hasMaskedOptions } from './masked-options';

/** Under which name driver, options and labels come back: the one it had, any, or none. */
export type Recreate = 'original' | 'always' | 'never';

export interface VolumePlan {
	readonly made: NewVolume;
	/** Whether driver and options are those of the record, and say more than a plain volume. */
	readonly recreated: boolean;
	readonly warnings: readonly string[];
}

export interface Restoring {
	readonly record: BackupRecord;
	readonly trust: Trust;
	/** In the archive. */
	readonly source: string;
	/** To be made. */
	readonly volume: string;
	readonly recreate: Recreate;
}

export function planVolume({ record, trust, source, volume, recreate }: Restoring): VolumePlan {
	const ours = {
		'n8n-nodes-docker-backup.restored-from': record.id,
		'n8n-nodes-docker-backup.source': source,
	};
	const plain = { made: { name: volume, labels: ours }, recreated: false, warnings: [] };
	const definition = record.sources.find(({ name }) => name === source)?.volume;
	const isWanted = recreate === 'always' || (recreate === 'original' && volume === source);
	if (!definition || !isWanted) return plain;
	const labels = { ...definition.labels, ...ours };
	if (!isSpecial(definition)) return { ...plain, made: { name: volume, labels } };
	const described = describeDefinition(definition);
	// Options lead to places of the host: nobody vouches that these are the ones that were backed up.
	if (trust !== 'signed' && recreate !== 'always') {
		const warning = `volume "${volume}" is made as a plain local one: its record asks for ${described}, and no signature vouches for that`;
		return { made: { name: volume, labels }, recreated: false, warnings: [warning] };
	}
	if (hasMaskedOptions(record, source)) {
		throw new BackupError(
			'invalid_parameter',
			`volume "${volume}" can't be made as it was: its record leaves out secrets among its options`,
			{
				hint: `Restore it as a plain local volume (never recreate), or make it yourself (${described}, and the secret) and restore into or over it.`,
			},
		);
	}
	return {
		made: { name: volume, labels, driver: definition.driver, options: definition.options },
		recreated: true,
		warnings: inMemory(definition.options) ? [lostFromMemory(volume)] : [],
	};
}

const isSpecial = ({ driver, options }: VolumeDefinition): boolean =>
	driver !== 'local' || Object.keys(options).length > 0;

/** Whether the local driver keeps it in memory, and only while a container has it mounted. */
export const inMemory = (options: VolumeDefinition['options']): boolean => options['type'] === 'tmpfs';

const howToKeep =
	'To keep it, restore under another name, or start the container first and restore into a directory of the volume.';

/** Seen on a real engine: the mount goes with the last container that has it, and that is our runner. */
const lostFromMemory = (volume: string): string =>
	`volume "${volume}" is in memory (tmpfs): it is made again, but empty, since its content lives only as long as a container has it mounted and none did. ${howToKeep}`;

/** Of one that was there and restored into. */
export const keptInMemory = (volume: string): string =>
	`volume "${volume}" is in memory (tmpfs): what was restored into it lives only as long as a container has it mounted`;

function describeDefinition({ driver, options }: VolumeDefinition): string {
	const pairs = Object.entries(options).map(([name, value]) => `${name}=${value}`);
	return [`driver ${driver}`, ...pairs].join(', ');
}

/** A failure with such volumes mostly comes from what their options lead to. */
export function explained(thrown: unknown, plans: readonly VolumePlan[]): unknown {
	const { made } = plans.find(({ recreated }) => recreated) ?? {};
	if (!made) return thrown;
	const { code, message, hint } = toBackupError(thrown);
	const how = `"${made.name}" is made as it was (${describeDefinition({ driver: 'local', options: {}, ...made })})`;
	const instead = 'Restore under another name or as a plain local volume (never recreate)';
	switch (code) {
		case 'target_not_empty':
			return new BackupError(code, `${message}: ${how}, and its options lead to data that is there`, {
				hint: `${instead}; or, to replace that data, make the volume yourself and restore over it.`,
				cause: thrown,
			});
		case 'docker_failed':
			return new BackupError(code, message, {
				hint: `${how}: its driver and what its options name must be there. ${instead} otherwise.${hint === undefined ? '' : ` ${hint}`}`,
				cause: thrown,
			});
		default:
			return thrown;
	}
}
