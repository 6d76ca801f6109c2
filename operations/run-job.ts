/**
 * One job in one engine, from its start to its end: starts the engine where it belongs, sends the job, makes
 * the repository known to both sides, and hands the conversation to `body`. Only work that writes into the
 * repository may create it.
 */
import type { RunnerMount, RunnerRole } from '../docker/runner';
import type { RepositoryJob } from '../protocol/job';
import { locationOf, scratchOf, startEngine } from './executor';
import { introduce, type Introduced, type KeysOfRun } from './introduce';
import type { Keyring } from './keyring';
import { converse, type Session } from './session';
import type { OperationContext, RepositoryLocation, RepositorySettings, Where } from './settings';

type WithoutBase<J> = J extends RepositoryJob ? Omit<J, 'version' | 'runId' | 'location' | 'scratch'> : never;

export interface EngineWork {
	/** What the engine is told, but for what it is told of every job. */
	readonly job: WithoutBase<RepositoryJob>;
	readonly role: RunnerRole;
	/** Sources or targets. */
	readonly mounts?: readonly RunnerMount[];
	readonly writesRepository?: boolean;
	/** A second repository, which is written; the job itself says where the engine finds it. */
	readonly target?: RepositoryLocation;
	/** The backup job that this belongs to, for the runner's labels. */
	readonly labelledJob: string | null;
	/** Default: a new one (`newRunId`). */
	readonly runId?: string;
	/** Which keys the engine may know at its start; none by default. */
	readonly keysFor?: (keyring: Keyring) => KeysOfRun;
}

export async function runJob<T>(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	work: EngineWork,
	body: (session: Session, introduced: Introduced) => Promise<T>,
): Promise<T> {
	const { writesRepository = false } = work;
	const mayCreate = writesRepository && repository.mayCreate;
	return await startJob(context, where, repository, work, async (session) => {
		const introduced = await introduce(session, { ...repository, mayCreate }, context, work.keysFor);
		return await body(session, introduced);
	});
}

export const newRunId = ({ random }: OperationContext): string => random.bytes(8).toString('hex');

/** As `runJob`, for work that meets the repository in a way of its own. */
export async function startJob<T>(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ job, role, mounts = [], writesRepository = false, target, labelledJob, runId: givenRunId }: EngineWork,
	body: (session: Session) => Promise<T>,
): Promise<T> {
	const runId = givenRunId ?? newRunId(context);
	const location = locationOf(where, repository.location);
	const scratch = scratchOf(where, job, target ?? repository.location);
	const needs = {
		role,
		mounts,
		repository: repository.location,
		writesRepository,
		target,
		runId,
		scratch,
		job: labelledJob,
	};
	return await converse(
		context,
		(signal) => startEngine(where, needs, context, signal),
		async (session) => {
			session.send('job', { version: 1, runId, location, scratch, ...job });
			return await body(session);
		},
	);
}
