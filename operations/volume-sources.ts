/**
 * What a backup of volumes reads, and how its archives are cut: volumes and directories of the host, each
 * mounted read-only where the engine expects it. Throws `invalid_parameter`, `volume_not_found`,
 * `repository_in_source`.
 */
import type { DockerHost } from '../docker/client';
import type { RunnerMount } from '../docker/runner';
import { capture } from '../docker/volume-definition';
import { inspectVolume, placesOf } from '../docker/volumes';
import { BackupError } from '../protocol/errors';
import type { ArchivePlan, SourceVolume } from '../protocol/job';
import { slug } from '../protocol/names';
import type { RecordWarning } from '../protocol/record';
import { maskedOption } from './masked-options';
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
	/** For the record. */
	readonly warnings?: readonly RecordWarning[];
}

export function sourcesOf({ volumes, directories }: ChosenSources): Source[] {
	const relative = directories.find((path) => !path.startsWith('/'));
	if (relative !== undefined) {
		throw new BackupError('invalid_parameter', `the directory "${relative}" is not an absolute path`, {
			hint: 'Name it from the root of the Docker host, e.g. /srv/app.',
		});
	}
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

/** Records are read by the thousand: what is longer is no way to make a volume, but data. */
const longestDefinition = 8 << 10;

/** The same, each volume with how it was made, as far as that is more than its name. */
export async function describeSources(
	host: DockerHost,
	sources: readonly Source[],
	signal: AbortSignal,
): Promise<Source[]> {
	const described: Source[] = [];
	for (const source of sources) {
		if (source.type !== 'volume') {
			described.push(source);
			continue;
		}
		const { definition, masked } = capture(await inspectVolume(host, source.from, signal));
		const isLong = JSON.stringify(definition).length > longestDefinition;
		const warnings = [
			...masked.map((name) => maskedOption(source.name, name)),
			...(isLong ? [tooLong(source.name)] : []),
		];
		described.push({ ...source, ...(definition && !isLong && { volume: definition }), warnings });
	}
	return described;
}

const tooLong = (volume: string): RecordWarning => ({
	code: 'volume_definition_left_out',
	message: `volume "${volume}": its options and labels are too long for the record`,
	path: null,
});

export async function mountSources(
	host: DockerHost,
	sources: readonly Source[],
	repository: RepositoryLocation,
	signal: AbortSignal,
): Promise<RunnerMount[]> {
	const mounts: RunnerMount[] = [];
	for (const { type, from, path } of sources) {
		const isVolume = type === 'volume';
		const places = isVolume ? placesOf(await inspectVolume(host, from, signal)) : [from];
		if (holdsRepository({ volume: isVolume ? from : null, places }, repository)) throw holding(type, from);
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

/**
 * Whether a volume or directory is, or holds, the repository. `places`: where on the host its content is. Symbolic
 * links and nested mounts may still lead into the repository: the engine looks for its own marker.
 */
export function holdsRepository(
	{ volume, places }: { readonly volume: string | null; readonly places: readonly string[] },
	repository: RepositoryLocation,
): boolean {
	if (repository.type === 'volume') return volume === repository.name;
	if (repository.type !== 'directory') return false;
	return places.some((place) => `${repository.path}/`.startsWith(`${place.replace(/\/+$/, '')}/`));
}

function holding(type: Source['type'], from: string): BackupError {
	return new BackupError('repository_in_source', `${type} "${from}" holds the repository itself`, {
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
		sources: chosen.map(({ from: _, warnings: _warnings, ...source }) => source),
		expectedBytes: null,
		warnings: chosen.flatMap(({ warnings = [] }) => warnings),
	});
	if (!separate) return [plan(undefined, 'volumes', sources)];
	return sources.map((source) => plan(source.name, `${source.type}:${source.name}`, [source]));
}
