/**
 * Which repositories one engine can see together: S3 anywhere, directories and volumes of one Docker host, or
 * directories of this machine. Throws `usage`, before anything starts.
 */
import { posix } from 'node:path';
import { BackupError } from '../protocol/errors';
import { placeOf } from './executor';
import type { RepositoryLocation, RepositorySettings, Where } from './settings';

export interface CopyTarget {
	/** How the user calls it. */
	readonly name: string;
	readonly repository: RepositorySettings;
}

export function requireCopyable(
	where: Where,
	source: RepositoryLocation,
	targets: readonly CopyTarget[],
): void {
	if (targets.length === 0) throw usage('there is no target to copy to', 'Name at least one.');
	const seen = [source];
	for (const { repository } of targets) {
		const { location } = repository;
		const place = placeOf(location);
		const twin = seen.find((other) => identityOf(other) === identityOf(location));
		if (twin === source) throw usage(`${place} is the source itself`, 'Name another place as the target.');
		if (twin) throw usage(`${place} is named as a target twice`, 'Name each target once.');
		seen.push(location);
		if (location.type === 's3' && location.versions) {
			throw usage(
				`a view of old versions of ${place} can't be written`,
				'Switch old versions off for the target.',
			);
		}
	}
	const volume = seen.find(({ type }) => type === 'volume');
	if (volume && where.type === 'process') {
		throw usage(
			`the ${placeOf(volume)} is on a Docker host, and none is chosen`,
			'Choose the Docker host that has it; directories are then those of that host.',
		);
	}
}

/** What tells two places apart as far as their names do. */
function identityOf(location: RepositoryLocation): string {
	switch (location.type) {
		case 'directory':
			return `directory ${posix.resolve('/', location.path)}`;
		case 'volume':
			return `volume ${location.name}`;
		case 's3':
			return JSON.stringify([location.endpoint ?? location.region, location.bucket, location.prefix]);
	}
}

function usage(message: string, hint: string): BackupError {
	return new BackupError('usage', message, { hint });
}
