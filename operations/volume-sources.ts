/**
 * What a backup of volumes reads, and how its archives are cut: volumes and directories of the host, each
 * mounted read-only where the engine expects it. Throws `invalid_parameter`, `volume_not_found`,
 * `repository_in_source`.
 */
import type { DockerHost } from '../docker/client';
import type { RunnerMount } from '../docker/runner';
import { inspectVolume } from '../docker/volumes';
import { BackupError } from '../protocol/errors';
import type { ArchivePlan, SourceVolume } from '../protocol/job';
import { slug } from '../protocol/names';
import { planIds } from './plan-ids';
import type { OperationContext, RepositoryLocation } from './settings';

const sourceDirectory = '/sources/volumes';

/** Where the engine finds what has this name in an archive. */
export const sourcePath = (name: string): string => `${sourceDirectory}/${name}`;

export interface ChosenSources {
	/** Names of Docker volumes. */
	readonly volumes: readonly string[];
	/** Absolute paths on the Docker host. */
	readonly directories: readonly string[];
}

export interface Source extends SourceVolume {
	/** What is mounted: a volume's name or a host path. */
	readonly from: string;
}

export function sourcesOf({ volumes, directories }: ChosenSources): Source[] {
	const sources: Source[] = [
		...volumes.map((name) => ({ type: 'volume', name, from: name }) as const),
		...directories.map((path) => ({ type: 'directory', name: slug(path), from: path }) as const),
	].map((source) => ({ ...source, path: sourcePath(source.name) }));
	const names = sources.map((source) => source.name);
	const twice = names.find((name, position) => names.indexOf(name) !== position);
	if (twice !== undefined)
		throw new BackupError('invalid_parameter', `"${twice}" is selected twice`, {
			hint: 'Name each volume once.',
		});
	return sources;
}

export async function mountSources(
	host: DockerHost,
	sources: readonly Source[],
	repository: RepositoryLocation,
	signal: AbortSignal,
): Promise<RunnerMount[]> {
	const mounts: RunnerMount[] = [];
	for (const { type, from, path } of sources) {
		const mountpoint = type === 'volume' ? (await inspectVolume(host, from, signal)).mountpoint : from;
		requireOutside(type, from, mountpoint, repository);
		const missingCode = type === 'volume' ? 'volume_not_found' : 'source_missing';
		mounts.push({
			type: type === 'volume' ? 'volume' : 'bind',
			source: from,
			target: path,
			readOnly: true,
			missingCode,
		});
	}
	return mounts;
}

/** Symbolic links and nested mounts may still lead into the repository: the engine looks for its own marker. */
function requireOutside(
	type: Source['type'],
	from: string,
	mountpoint: string,
	repository: RepositoryLocation,
): void {
	const same = repository.type === 'volume' && type === 'volume' && repository.name === from;
	const below =
		repository.type === 'directory' && `${repository.path}/`.startsWith(`${mountpoint.replace(/\/+$/, '')}/`);
	if (!same && !below) return;
	throw new BackupError('repository_in_source', `${type} "${from}" holds the repository itself`, {
		hint: 'Keep the repository in a volume or directory of its own and do not back that up with itself.',
	});
}

export function planArchives(
	job: string,
	sources: readonly Source[],
	separate: boolean,
	context: OperationContext,
): ArchivePlan[] {
	const newIds = planIds(job, context);
	const plan = (part: string | undefined, series: string, chosen: readonly Source[]): ArchivePlan => ({
		...newIds(part),
		series,
		kind: 'volume',
		sources: chosen.map(({ type, name, path }) => ({ type, name, path })),
		expectedBytes: null,
	});
	if (!separate) return [plan(undefined, 'volumes', sources)];
	return sources.map((source) => plan(source.name, `${source.type}:${source.name}`, [source]));
}
