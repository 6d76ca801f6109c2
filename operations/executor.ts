/**
 * Starts an engine for a job: in a runner on a Docker host, or in a worker thread of this process when
 * the repository is a directory of this machine.
 */
import { connectDocker, type DockerEndpoint, type DockerHost } from '../docker/client';
import { scratchDirectory } from '../docker/container';
import { ensureImage } from '../docker/images';
import { runLabels } from '../docker/labels';
import { reapOrphans } from '../docker/reap';
import { startRunner, type RunnerMount, type RunnerSpec } from '../docker/runner';
import { inspectVolume } from '../docker/volumes';
import type { EngineProcess } from '../protocol/engine-process';
import { BackupError } from '../protocol/errors';
import type { ArchivePlan, Verb } from '../protocol/job';
import { describeLocation, type Location } from '../protocol/location';
import { engineSource } from './engine-source';
import { startWorker } from './worker';
import type { OperationContext, RepositoryLocation, RunnerSettings, Where } from './settings';

export interface EngineNeeds {
	readonly role: RunnerSpec['role'];
	/** Sources or targets; the repository's own mount is added here. */
	readonly mounts: readonly RunnerMount[];
	/** Null for work without one. */
	readonly repository: RepositoryLocation | null;
	readonly writesRepository: boolean;
	/** A second repository, which is written. */
	readonly target?: RepositoryLocation;
	readonly runId: string;
	/** As `scratchOf` says; with one, a runner gets a volume of its own. */
	readonly scratch: string | null;
	/** Null for work that belongs to no job. */
	readonly job: string | null;
}

type MountPoint = '/repository' | '/target';

/** Where the engine will find the repository. */
export function locationOf(
	where: Where,
	repository: RepositoryLocation,
	mountPoint: MountPoint = '/repository',
): Location {
	if (repository.type === 's3') return repository;
	if (where.type === 'runner') return { type: 'directory', path: mountPoint };
	if (repository.type === 'directory') return { type: 'directory', path: repository.path };
	throw new BackupError(
		'usage',
		`the repository is the Docker volume "${repository.name}", which needs a Docker host`,
	);
}

/**
 * Where the engine may put what is too large for memory: the parts of very large archives on their way to `to` in
 * S3, and the copies that snapshots of databases are. In this process there is no such place, and archives that
 * would need one are refused.
 */
export function scratchOf(
	where: Where,
	job: { readonly verb: Verb; readonly archives?: readonly Pick<ArchivePlan, 'kind'>[] },
	to: RepositoryLocation,
): string | null {
	const toStore = (job.verb === 'backup' || job.verb === 'copy') && to.type === 's3';
	const snapshots = job.archives?.some(({ kind }) => kind === 'sqlite') ?? false;
	return where.type === 'runner' && (toStore || snapshots) ? scratchDirectory : null;
}

/** How messages name the repository's place. */
export function placeOf(repository: RepositoryLocation): string {
	return repository.type === 'volume' ? `volume "${repository.name}"` : describeLocation(repository);
}

export async function startEngine(
	where: Where,
	needs: EngineNeeds,
	context: OperationContext,
	signal: AbortSignal,
): Promise<EngineProcess> {
	if (where.type === 'process') return startWorker(engineSource());
	const host = connectDocker(where.host.endpoint);
	try {
		const runner = await startOn(host, where.host.runner, needs, context, signal);
		const dispose = () => runner.dispose().finally(() => host.close());
		return { ...runner, dispose };
	} catch (error) {
		host.close();
		throw error;
	}
}

/** Runs `work` with a connection of its own, closed afterwards. */
export async function withDocker<T>(
	endpoint: DockerEndpoint,
	work: (host: DockerHost) => Promise<T>,
): Promise<T> {
	const host = connectDocker(endpoint);
	try {
		return await work(host);
	} finally {
		host.close();
	}
}

async function startOn(
	host: DockerHost,
	runner: RunnerSettings,
	needs: EngineNeeds,
	context: OperationContext,
	signal: AbortSignal,
): Promise<EngineProcess> {
	await clearUp(host, context, signal);
	await ensureImage(host, runner.image, {
		onProgress: (message, percent) => context.onEvent({ event: 'pull', message, percent: percent ?? null }),
		signal,
	});
	const { repository, target, writesRepository } = needs;
	const repositories = [
		repository && (await repositoryMount(host, repository, '/repository', !writesRepository, signal)),
		target && (await repositoryMount(host, target, '/target', false, signal)),
	].filter((mount) => mount !== null && mount !== undefined);
	const remote = repository?.type === 's3' || target?.type === 's3';
	const spec: RunnerSpec = {
		...runner,
		role: needs.role,
		mounts: [...needs.mounts, ...repositories],
		scratch: needs.scratch !== null,
		network: remote ? runner.network : 'none',
		labels: runLabels({ ...needs, created: new Date(context.clock.now()).toISOString() }),
	};
	return await startRunner(host, spec, engineSource(), signal);
}

/** After runs that are over. A container of others that does not start again is no reason not to go on. */
async function clearUp(host: DockerHost, context: OperationContext, signal: AbortSignal): Promise<void> {
	const warn = (code: string, message: string) =>
		context.onEvent({ event: 'warning', code, message, path: null });
	await reapOrphans(host, {
		clock: context.clock,
		signal,
		onRecovered({ name, job }) {
			const whose = job === null ? 'an interrupted run' : `an interrupted run of job "${job}"`;
			warn('container_recovered', `container "${name}", which ${whose} left at rest, was started again`);
		},
		onProblem: ({ code, message }) => warn(code, message),
	});
}

async function repositoryMount(
	host: DockerHost,
	repository: RepositoryLocation,
	mountPoint: MountPoint,
	readOnly: boolean,
	signal: AbortSignal,
): Promise<RunnerMount | undefined> {
	if (repository.type === 's3') return undefined;
	const common = { target: mountPoint, readOnly, missingCode: 'repository_not_found' } as const;
	if (repository.type === 'directory') return { ...common, type: 'bind', source: repository.path };
	try {
		await inspectVolume(host, repository.name, signal);
	} catch (error) {
		if (!(error instanceof BackupError) || error.code !== 'volume_not_found') throw error;
		throw new BackupError(
			'repository_not_found',
			`there is no volume "${repository.name}" to hold the repository`,
			{
				hint: `Create it on the Docker host (docker volume create ${repository.name}) or correct the Backup Repository credential.`,
				cause: error,
			},
		);
	}
	return { ...common, type: 'volume', source: repository.name };
}
