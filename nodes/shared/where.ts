/**
 * Where the engine of a node runs. A directory or volume is on a Docker host and needs a runner there; an S3
 * repository needs none, so a node without a Docker Host credential works in this process (a worker thread).
 */
import {
	BackupError,
	placeOf,
	type HostSettings,
	type RepositoryLocation,
	type Where,
} from '../../operations';

/** For work on archives: on the host where one is chosen. Throws `usage`. */
export function whereFor(host: HostSettings | null, ...locations: RepositoryLocation[]): Where {
	if (host !== null) return { type: 'runner', host };
	const local = locations.find((location) => location.type !== 's3');
	if (local === undefined) return { type: 'process' };
	throw new BackupError(
		'usage',
		`the repository is a ${placeOf(local)} of a Docker host, and no host is chosen`,
		{
			hint: 'Choose a Docker Host credential in this node; only S3 repositories work without one.',
		},
	);
}

/** For work on records alone: an S3 repository needs no runner, and answers sooner without. Throws `usage`. */
export function whereForCatalog(host: HostSettings | null, ...locations: RepositoryLocation[]): Where {
	const isRemote = locations.every((location) => location.type === 's3');
	return whereFor(isRemote ? null : host, ...locations);
}
